import { type ForcedKind, forceTo } from '../breaker/breaker.js';
import { withBreaker } from '../breaker/on-state.js';
import type { RiskConfig } from '../config.js';
import type { RiskStep } from '../failure.js';
import { observe } from '../observe.js';
import { breakerLimitsOf, breakerOf, elapsedMsOf, type RiskState } from '../state.js';
import type { Instant } from '../time/engine-clock.js';
import { MODE_OFF, type OperatorHold } from './mode.js';
import { enteredEvent, exitedEvent } from './transition.js';

/** Who orders something, why, and until when. */
export interface OperatorOrder {
  readonly who: string;
  readonly why: string;
  /** Wall time at which the order ends by itself, in milliseconds since 1970; absent: until somebody ends it. */
  readonly untilMs?: number;
}

/** Longest text kept of who and why. */
const TEXT_CHARACTERS_MAX = 200;

const checkedText = (name: 'who' | 'why', text: string): string => {
  if (text.trim() === '') throw new RangeError(`${name} must say something`);
  return text.slice(0, TEXT_CHARACTERS_MAX);
};

function holdOf(order: OperatorOrder, at: Instant, elapsedMs: number): OperatorHold {
  const untilMs = order.untilMs ?? null;
  if (untilMs !== null && !(untilMs > at.wallMs)) {
    throw new RangeError(`untilMs must lie after now (${at.wallMs}), got ${untilMs}`);
  }
  const who = checkedText('who', order.who);
  const why = checkedText('why', order.why);
  return { who, why, setMs: elapsedMs, setWallMs: at.wallMs, untilMs };
}

/**
 * An operator turns conservative mode on, or takes over one that is on. It stays until they clear it or its time is over
 * (CM-06). Throws `RangeError` for an order without a name, a reason, or with an end that has passed.
 */
export function setConservative(before: RiskState, order: OperatorOrder, at: Instant): RiskStep {
  const observed = observe(before, at);
  const elapsedMs = elapsedMsOf(observed.state);
  const hold = holdOf(order, at, elapsedMs);
  const more = { who: hold.who, why: hold.why, ...(hold.untilMs === null ? {} : { until_ms: String(hold.untilMs) }) };
  const { mode } = observed.state;
  if (mode.kind === 'on') {
    const held = { description: 'conservative_held', level: 'WARNING', attributes: more } as const;
    return { state: { ...observed.state, mode: { ...mode, hold } }, events: [...observed.events, held] };
  }
  const on = {
    kind: 'on',
    reason: 'operator',
    enteredMs: elapsedMs,
    enteredWallMs: at.wallMs,
    triggeredMs: elapsedMs,
    goodDecisions: 0,
    decisions: 0,
    automatic: false,
    hold,
  } as const;
  return { state: { ...observed.state, mode: on }, events: [...observed.events, enteredEvent('operator', more)] };
}

/** An operator ends conservative mode, whatever had started it (CM-19). Without effect when it is off. */
export function clearConservative(before: RiskState, order: Omit<OperatorOrder, 'untilMs'>, at: Instant): RiskStep {
  const more = { who: checkedText('who', order.who), why: checkedText('why', order.why) };
  const observed = observe(before, at);
  const { mode } = observed.state;
  if (mode.kind === 'off') return observed;
  const exited = exitedEvent(mode, 'operator', { elapsedMs: elapsedMsOf(observed.state), more });
  return { state: { ...observed.state, mode: MODE_OFF }, events: [...observed.events, exited] };
}

/**
 * An operator holds a breaker open, switches it off, or gives it back to itself. Forced states end at `untilMs`: held
 * open becomes half-open, switched off becomes closed.
 */
export function forceBreaker(
  before: RiskState,
  call: { readonly name: string; readonly kind: ForcedKind; readonly order: OperatorOrder; readonly at: Instant },
  config: RiskConfig,
): RiskStep {
  breakerLimitsOf(config, call.name);
  const observed = observe(before, call.at);
  const elapsedMs = elapsedMsOf(observed.state);
  const hold = holdOf(call.order, call.at, elapsedMs);
  const untilMs = hold.untilMs === null ? null : elapsedMs + (hold.untilMs - hold.setWallMs);
  const breaker = forceTo(breakerOf(observed.state, call.name), call.kind, {
    who: hold.who,
    why: hold.why,
    untilMs,
  });
  const event = {
    description: 'breaker_event',
    level: 'WARNING',
    attributes: { component: call.name, action: call.kind, who: hold.who, why: hold.why },
  } as const;
  return { state: withBreaker(observed.state, call.name, breaker), events: [...observed.events, event] };
}
