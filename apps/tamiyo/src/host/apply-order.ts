import type { TelemetryEvent } from '@esper/leyline';
import { clearConservative, type ForcedKind, forceBreaker, type RiskConfig, setConservative } from '@esper/risk-engine';
import { assertNever, type MonoMs, type UnixMs } from '@esper/std';
import type { RunState } from '../runs/run-state.js';
import type { OperatorAction, OperatorOrder } from './operator-action.js';

/** The moment an order is carried out, on both clocks. */
export interface OrderMoment {
  readonly wallMs: UnixMs;
  readonly monoMs: MonoMs;
}

/** The state after an order, and the events that tell of it. */
export interface OrderStep {
  readonly state: RunState;
  readonly events: readonly TelemetryEvent[];
}

const FORCED: Readonly<Record<'breaker_open' | 'breaker_disable' | 'breaker_reset', ForcedKind>> = {
  breaker_open: 'forced_open',
  breaker_disable: 'disabled',
  breaker_reset: 'automatic',
};

/** Longest text kept of who and why, as the risk engine keeps it. */
const TEXT_CHARACTERS_MAX = 200;

/** Carries out an order. Pure. Throws `RangeError` for one without a name, a reason, or with an end that has passed. */
export function applyOrder(
  before: RunState,
  action: OperatorAction,
  given: { readonly at: OrderMoment; readonly riskConfig: RiskConfig },
): OrderStep {
  const { order } = action;
  const { at, riskConfig } = given;
  switch (action.kind) {
    case 'conservative_set':
      return withRisk(before, setConservative(before.risk, order, at));
    case 'conservative_clear':
      return withRisk(before, clearConservative(before.risk, order, at));
    case 'breaker_open':
    case 'breaker_disable':
    case 'breaker_reset': {
      const call = { name: action.breaker, kind: FORCED[action.kind], order, at };
      return withRisk(before, forceBreaker(before.risk, call, riskConfig));
    }
    case 'hold':
      return hold(before, order, at);
    case 'release':
      return release(before, order);
    default:
      return assertNever(action, 'operator action');
  }
}

const withRisk = (
  before: RunState,
  step: { state: RunState['risk']; events: readonly TelemetryEvent[] },
): OrderStep => ({
  state: { ...before, risk: step.state },
  events: step.events,
});

function hold(before: RunState, order: OperatorOrder, at: OrderMoment): OrderStep {
  const { who, why } = checkedOrder(order);
  const { untilMs = null } = order;
  if (untilMs !== null && !(untilMs > at.wallMs)) {
    throw new RangeError(`untilMs must lie after now (${at.wallMs}), got ${untilMs}`);
  }
  const until = untilMs === null ? {} : { until_ms: String(untilMs) };
  return {
    state: { ...before, hold: { who, why, sinceMs: at.wallMs, untilMs } },
    events: [{ description: 'run_held', level: 'WARNING', attributes: { who, why, ...until } }],
  };
}

function release(before: RunState, order: OperatorOrder): OrderStep {
  const { who, why } = checkedOrder(order);
  if (before.hold === null) return { state: before, events: [] };
  return {
    state: { ...before, hold: null },
    events: [{ description: 'run_released', level: 'INFO', attributes: { who, why, held_by: before.hold.who } }],
  };
}

function checkedOrder({ who, why }: OperatorOrder): { readonly who: string; readonly why: string } {
  if (who.trim() === '') throw new RangeError('who must say something');
  if (why.trim() === '') throw new RangeError('why must say something');
  return { who: who.slice(0, TEXT_CHARACTERS_MAX), why: why.slice(0, TEXT_CHARACTERS_MAX) };
}
