/** REST calls: typed answers, and errors that say in words what is wrong. */
import { useEffect, useState } from "preact/hooks";
import type {
  Answers,
  CommandStatus,
  ComparePace,
  CompareStart,
  CompareState,
  CompareSwitch,
  ControlAccepted,
  ControlRequest,
  Error as ErrorAnswer,
  ModelList,
  PlanEdit,
  PlanEdited,
  PlanPolicyChange,
  QueryResult,
} from "./feed/types.gen";
import { feed } from "./feed/topics";
import { t } from "./i18n";

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

function sentence(body: unknown, status: number): string {
  const error = (body as Partial<ErrorAnswer> | null)?.error;
  if (error !== undefined && typeof error === "object") {
    const exists = error.exists.length > 0 ? ` (${error.exists.slice(0, 12).join(", ")})` : "";
    return [error.what, error.expected].filter(Boolean).join(" ") + exists;
  }
  return t("error.status", { status });
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new ApiError(t("error.unreachable"), 0);
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.status === 401 || response.status === 403) throw new ApiError(t("error.sign_in"), response.status);
  if (!response.ok) throw new ApiError(sentence(body, response.status), response.status);
  return body as T;
}

function post<T>(path: string, body: object): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  return call(path, { method: "POST", headers, body: JSON.stringify(body) });
}

export function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call(path, signal ? { signal } : {});
}

export function query(sql: string, limit = 200): Promise<QueryResult> {
  return post("/api/query", { sql, limit });
}

export function control(request: ControlRequest): Promise<ControlAccepted> {
  return post("/api/control", request);
}

export const compare = {
  start: (request: CompareStart): Promise<CompareState> => post("/api/compare/start", request),
  pace: (request: ComparePace): Promise<CompareState> => post("/api/compare/pace", request),
  flip: (request: CompareSwitch): Promise<CompareState> => post("/api/compare/switch", request),
  stop: (): Promise<CompareState> => post("/api/compare/stop", {}),
};

export const plans = {
  accept: (version: number): Promise<unknown> => post("/api/plan/accept", { version }),
  reject: (version: number): Promise<unknown> => post("/api/plan/reject", { version }),
  undo: (): Promise<unknown> => post("/api/plan/undo", {}),
  edit: (change: PlanEdit): Promise<PlanEdited> => post("/api/plan/edit", change),
  policy: (accept: PlanPolicyChange["accept"]): Promise<unknown> => post("/api/plan/policy", { accept }),
};

export const models = {
  promote: (id: string): Promise<ModelList> => post(`/api/models/${encodeURIComponent(id)}/promote`, {}),
  rollback: (): Promise<ModelList> => post("/api/models/rollback", {}),
};

export function commandStatus(id: string): Promise<CommandStatus> {
  return getJson(`/api/commands/${encodeURIComponent(id)}`);
}

export type Loaded<T> = { data: T | null; error: string; status: number; loading: boolean };

/** Loads a path, again when `path` or `again` changes; what was there stays until the new comes. */
export function useGet<P extends keyof Answers>(_kind: P, path: string | null, again: unknown = 0): Loaded<Answers[P]> {
  const [state, setState] = useState<Loaded<Answers[P]> & { path: string | null }>({
    data: null, error: "", status: 0, loading: true, path,
  });
  const returns = feed.returns.value;
  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    setState((old) => ({ ...old, data: old.path === path ? old.data : null, loading: true, path }));
    getJson<Answers[P]>(path, abort.signal).then(
      (data) => setState({ data, error: "", status: 200, loading: false, path }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const status = error instanceof ApiError ? error.status : 0;
        setState((old) => ({ ...old, error: String((error as Error).message), status, loading: false }));
      },
    );
    return () => abort.abort();
  }, [path, again, returns]);
  return state;
}
