/** Numbers, times and durations as a person reads them. Plant time is UTC. */
import { lang, t } from "./i18n";

const locale = (): string => (lang.value === "zh" ? "zh-CN" : "en-GB");
const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function numbers(digits: number): Intl.NumberFormat {
  const key = `n${digits}${locale()}`;
  let format = cache.get(key) as Intl.NumberFormat | undefined;
  if (format === undefined) {
    format = new Intl.NumberFormat(locale(), { maximumFractionDigits: digits, minimumFractionDigits: digits });
    cache.set(key, format);
  }
  return format;
}

function dates(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `d${name}${locale()}`;
  let format = cache.get(key) as Intl.DateTimeFormat | undefined;
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale(), { timeZone: "UTC", hourCycle: "h23", ...options });
    cache.set(key, format);
  }
  return format;
}

export const DASH = "–";

export function number(value: number | null | undefined, digits = 0): string {
  return value === null || value === undefined || !Number.isFinite(value) ? DASH : numbers(digits).format(value);
}

/** Three significant digits or so, without exponents for sizes that occur in a plant. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const size = Math.abs(value);
  return number(value, size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2);
}

/** A value as it was sent, for people who look for the very number that they published. */
export function sent(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return DASH;
  const key = `s${locale()}`;
  let format = cache.get(key) as Intl.NumberFormat | undefined;
  if (format === undefined) {
    format = new Intl.NumberFormat(locale(), { maximumSignificantDigits: 7 });
    cache.set(key, format);
  }
  return format.format(value);
}

/** Few digits for an axis, where there is little room: 216,807 is 217k. */
export function compact(value: number): string {
  if (Math.abs(value) < 10_000) return short(value);
  const key = `c${locale()}`;
  let format = cache.get(key) as Intl.NumberFormat | undefined;
  if (format === undefined) {
    format = new Intl.NumberFormat(locale(), { notation: "compact", maximumSignificantDigits: 4 });
    cache.set(key, format);
  }
  return format.format(value);
}

export function percent(share: number | null | undefined, digits = 0): string {
  return share === null || share === undefined ? DASH : `${number(share * 100, digits)} %`;
}

/** Yuan from thousands of yuan, in few digits: ¥12.3M, ¥1230万. */
export function money(thousands: number | null | undefined): string {
  if (thousands === null || thousands === undefined || !Number.isFinite(thousands)) return DASH;
  const key = `y${locale()}`;
  let format = cache.get(key) as Intl.NumberFormat | undefined;
  if (format === undefined) {
    format = new Intl.NumberFormat(locale(), { notation: "compact", maximumSignificantDigits: 3 });
    cache.set(key, format);
  }
  const text = format.format(Math.abs(thousands) * 1_000);
  return `${thousands < 0 ? "−" : ""}¥${text}`;
}

/** A KPI with its unit; a unit of "1" is a share. */
export function measure(value: number | null, unit: string): { text: string; unit: string } {
  if (value === null) return { text: DASH, unit: "" };
  if (unit === "1") return { text: number(value * 100, 1), unit: "%" };
  return { text: short(value), unit: unit === "pieces" ? t("unit.pieces") : unit };
}

const UNITS: Record<string, string> = { "1": "", degC: "°C", Cel: "°C", "1/min": "rpm" };

/** A unit as a person reads it. */
export const unitText = (unit: string): string => UNITS[unit] ?? unit;

export const clockTime = (ms: number): string => dates("t", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms);
export const hourMinute = (ms: number): string => dates("hm", { hour: "2-digit", minute: "2-digit" }).format(ms);
export const day = (ms: number): string => dates("d", { weekday: "short", day: "2-digit", month: "short" }).format(ms);
export const longDay = (ms: number): string => dates("ld", { weekday: "short", day: "2-digit", month: "short", year: "numeric" }).format(ms);
export const month = (ms: number): string => dates("m", { month: "short" }).format(ms);
export const monthDay = (ms: number): string => dates("md", { day: "numeric", month: "short" }).format(ms);
export const dayTime = (ms: number): string => (ms > 0 ? `${day(ms)} ${hourMinute(ms)}` : DASH);

/** Wall time of this browser's zone. */
export function wallTime(ms: number): string {
  return ms > 0 ? new Date(ms).toLocaleTimeString(locale(), { hourCycle: "h23" }) : DASH;
}

/** A duration in its fitting unit: 38 ms, 1.4 s, 12 min, 3.5 h, 2 d. */
export function duration(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1_000) return `${number(ms)} ms`;
  if (size < 60_000) return `${number(ms / 1_000, size < 10_000 ? 1 : 0)} s`;
  if (size < 3_600_000) return `${number(ms / 60_000, size < 600_000 ? 1 : 0)} min`;
  if (size < 172_800_000) return `${number(ms / 3_600_000, 1)} h`;
  return `${number(ms / 86_400_000, 1)} d`;
}

/** How long ago, seen from `nowMs`. */
export function age(ms: number, nowMs: number): string {
  if (ms <= 0) return t("age.never");
  const gone = Math.max(0, nowMs - ms);
  return gone < 1_500 ? t("age.now") : t("age.ago", { time: duration(gone) });
}
