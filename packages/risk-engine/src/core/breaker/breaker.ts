import type { CircuitState } from '@esper/leyline';
import type { BreakerLimits } from './limits.js';

/** Who forced a breaker, why, and until when (milliseconds on the same clock; `null` until somebody clears it). */
export interface Forced {
  readonly who: string;
  readonly why: string;
  readonly untilMs: number | null;
}

/** One breaker. Plain data; all times are those its caller passes in. `generation` rises with each change of kind. */
export type BreakerState =
  | { readonly kind: 'closed'; readonly generation: number; readonly failures: number }
  | { readonly kind: 'open'; readonly generation: number; readonly failures: number; readonly untilMs: number }
  | {
      readonly kind: 'half_open';
      readonly generation: number;
      readonly failures: number;
      /** Successful probes so far. */
      readonly successes: number;
      /** When each probe that is under way began. */
      readonly probes: readonly number[];
    }
  | { readonly kind: 'forced_open'; readonly generation: number; readonly failures: number; readonly forced: Forced }
  | { readonly kind: 'disabled'; readonly generation: number; readonly failures: number; readonly forced: Forced };

/** Names the call a report is about, so that a late answer from before a change is recognised. */
export interface BreakerTicket {
  readonly generation: number;
}

export interface BreakerAnswer {
  readonly state: BreakerState;
  readonly allowed: boolean;
  readonly ticket: BreakerTicket;
}

/** How a call ended. */
export type BreakerReport =
  | { readonly kind: 'success'; readonly durationMs?: number; readonly ticket?: BreakerTicket }
  | { readonly kind: 'failure'; readonly reason: string; readonly ticket?: BreakerTicket };

/** What a report did, where it is worth an event. */
export type BreakerNotice =
  | { readonly action: 'open' | 'count'; readonly reason: string; readonly failures: number }
  | { readonly action: 'close' };

export interface BreakerStep {
  readonly state: BreakerState;
  readonly notice: BreakerNotice | null;
}

/** A breaker nothing has happened to. */
export const CLOSED_BREAKER: BreakerState = Object.freeze({ kind: 'closed', generation: 0, failures: 0 });

const closed = (from: BreakerState): BreakerState => ({ kind: 'closed', generation: from.generation + 1, failures: 0 });

const halfOpen = (from: BreakerState): Extract<BreakerState, { kind: 'half_open' }> => ({
  kind: 'half_open',
  generation: from.generation + 1,
  failures: from.failures,
  successes: 0,
  probes: [],
});

/** What time alone has done: a cool-down or a forced state that is over. No timer is ever needed. */
function settleBreaker(state: BreakerState, nowMs: number): BreakerState {
  if (state.kind === 'open') return nowMs >= state.untilMs ? halfOpen(state) : state;
  if (state.kind !== 'forced_open' && state.kind !== 'disabled') return state;
  const { untilMs } = state.forced;
  if (untilMs === null || nowMs < untilMs) return state;
  return state.kind === 'forced_open' ? halfOpen(state) : closed(state);
}

/** May the call be made? Ask before it; a half-open breaker counts the probe from here. */
export function askOf(state: BreakerState, limits: BreakerLimits, nowMs: number): BreakerAnswer {
  const settled = settleBreaker(state, nowMs);
  const ticket = { generation: settled.generation };
  if (settled.kind === 'closed' || settled.kind === 'disabled') return { state: settled, allowed: true, ticket };
  if (settled.kind !== 'half_open') return { state: settled, allowed: false, ticket };
  const live = settled.probes.filter((startedMs) => nowMs - startedMs < limits.probeTimeoutMs);
  const allowed = live.length < limits.probesMax;
  return { state: { ...settled, probes: allowed ? [...live, nowMs] : live }, allowed, ticket };
}

/** How the call went. A late answer of an earlier generation cannot close a breaker, nor fail its probe. */
export function reportTo(
  state: BreakerState,
  report: BreakerReport,
  clock: { readonly limits: BreakerLimits; readonly nowMs: number },
): BreakerStep {
  const settled = settleBreaker(state, clock.nowMs);
  const late = report.ticket !== undefined && report.ticket.generation !== settled.generation;
  const reason = failureReason(report, clock.limits);
  return reason === null ? succeed(settled, late, clock.limits) : fail(settled, { reason, late }, clock);
}

function failureReason(report: BreakerReport, limits: BreakerLimits): string | null {
  if (report.kind === 'failure') return report.reason;
  return limits.slowCallMs !== null && (report.durationMs ?? 0) > limits.slowCallMs ? 'slow_call' : null;
}

function succeed(state: BreakerState, late: boolean, limits: BreakerLimits): BreakerStep {
  if (state.kind === 'closed') {
    return { state: late ? state : { ...state, failures: Math.max(0, state.failures - 1) }, notice: null };
  }
  if (state.kind !== 'half_open' || late) return { state, notice: null };
  const successes = state.successes + 1;
  if (successes >= limits.successesMin) return { state: closed(state), notice: { action: 'close' } };
  return { state: { ...state, successes, probes: state.probes.slice(1) }, notice: null };
}

function fail(
  state: BreakerState,
  failure: { readonly reason: string; readonly late: boolean },
  { limits, nowMs }: { readonly limits: BreakerLimits; readonly nowMs: number },
): BreakerStep {
  const { reason } = failure;
  const failures = state.failures + 1;
  const counted: BreakerStep = { state: { ...state, failures }, notice: { action: 'count', reason, failures } };
  if (state.kind === 'half_open' && failure.late) return { state, notice: null };
  const opens = state.kind === 'half_open' || (state.kind === 'closed' && failures >= limits.failuresMax);
  if (!opens) return counted;
  const untilMs = nowMs + limits.cooldownMs;
  return {
    state: { kind: 'open', generation: state.generation + 1, failures, untilMs },
    notice: { action: 'open', reason, failures },
  };
}

/** An operator's hand: hold it open, switch it off, or give it back to itself. */
export type ForcedKind = 'forced_open' | 'disabled' | 'automatic';

/** Forces a breaker. `automatic` starts again from closed. */
export function forceTo(state: BreakerState, kind: ForcedKind, forced: Forced): BreakerState {
  if (kind === 'automatic') return closed(state);
  return { kind, generation: state.generation + 1, failures: state.failures, forced };
}

/** The state as the wire names it. A disabled breaker lets everything through. */
export function circuitStateOf(state: BreakerState): Exclude<CircuitState, 'UNKNOWN'> {
  if (state.kind === 'half_open') return 'HALF_OPEN';
  return state.kind === 'open' || state.kind === 'forced_open' ? 'OPEN' : 'CLOSED';
}
