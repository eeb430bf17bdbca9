/** Shapes that carry a state beside its colour: a reader who sees no colour still sees the state. */
import type { StationState } from "../feed/types.gen";

export type State = StationState["state"];

export const STATES: readonly State[] = ["run", "idle", "starved", "blocked", "setup", "down", "off"];

const GEAR =
  "M-1.5-9h3l.6 2.4 2 .8 2.1-1.3 2.1 2.1-1.3 2.1.8 2 2.4.6v3l-2.4.6-.8 2 1.3 2.1-2.1 2.1-2.1-1.3-2 .8-.6 2.4h-3l-.6-2.4-2-.8-2.1 1.3-2.1-2.1 1.3-2.1-.8-2-2.4-.6v-3l2.4-.6.8-2-1.3-2.1 2.1-2.1 2.1 1.3 2-.8z";

/** A station as drawn on the floor, centred on 0, 0 in a box of 32 by 32. */
export function StationShape(props: { state: State | null; label: string }) {
  const { state, label } = props;
  if (state === null || state === "off") {
    return <><rect class="st off" x={-12} y={-12} width={24} height={24} rx={4} /><text class="st-label faint" y={4}>{label}</text></>;
  }
  if (state === "down") {
    return (
      <>
        <rect class="st down" x={-15} y={-15} width={30} height={30} />
        <text class="st-label alarm" y={4}>{label}</text>
        <path class="st-cross" d="M8-19l8 8m0-8l-8 8" />
      </>
    );
  }
  if (state === "setup") {
    return (
      <>
        <rect class="st setup" x={-14} y={-14} width={28} height={28} rx={4} />
        <path class="st-gear" d={GEAR} transform="translate(11 -11) scale(.62)" />
        <text class="st-label" y={4}>{label}</text>
      </>
    );
  }
  return (
    <>
      <rect class={`st ${state}`} x={-14} y={-14} width={28} height={28} rx={4} />
      {state === "blocked" && <path class="st-bar" d="M11-9v18" />}
      {state === "starved" && <path class="st-bar" d="M-11-9v18" />}
      <text class="st-label" y={4}>{label}</text>
    </>
  );
}

/** The same shape inline, for legends and lists. */
export function StateMark(props: { state: State | null; label?: string }) {
  return (
    <svg class="mark" viewBox="-20 -20 40 40" width={22} height={22} aria-hidden="true">
      <StationShape state={props.state} label={props.label ?? ""} />
    </svg>
  );
}

/** Priority of an alarm: square, triangle or disc, so that colour is not alone. */
export function PriorityMark(props: { level: string }) {
  const shape = { P1: <rect x={2} y={2} width={12} height={12} />, P2: <path d="M8 1.5L15 14H1z" />, P3: <circle cx={8} cy={8} r={6} /> }[props.level];
  return (
    <svg class={`priority ${props.level}`} viewBox="0 0 16 16" width={14} height={14} aria-hidden="true">
      {shape ?? <circle cx={8} cy={8} r={2} />}
    </svg>
  );
}
