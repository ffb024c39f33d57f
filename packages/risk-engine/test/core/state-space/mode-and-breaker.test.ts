import { describe, expect, it } from 'vitest';
import {
  askBreaker,
  assess,
  type BreakerState,
  clearConservative,
  forceBreaker,
  initialRiskState,
  onFailure,
  type RiskInput,
  type RiskState,
  reportBreaker,
  resolveRiskConfig,
  setConservative,
} from '../../../src/index.js';
import { inputWith, momentAt } from '../../../src/testing.js';

const order = { who: 'ada', why: 'looking at it' };
type Kind = 'good' | 'finding' | 'trigger';

/** A decision nothing is found against, one with a finding, and one that triggers the mode. */
const inputOf = (kind: Kind, nowMs: number): RiskInput => ({
  ...inputWith(kind === 'finding' ? { grad_var: 5 } : {}, { at: momentAt(nowMs) }),
  ...(kind === 'trigger' ? { policy: { riskScore: 0.99, version: 'p' } } : {}),
});

/** A small world of mode and breaker that can be walked through whole. */
const SMALL = resolveRiskConfig({
  conservative: { goodDecisionsMin: 2, dwellMs: 2, failedDecisionsMax: 2 },
  breakers: { inference: { failuresMax: 2, cooldownMs: 2, successesMin: 1, probeTimeoutMs: 2 } },
  pauseQuota: { mode: 'off' },
  evaluators: { multi_signal: 'off', validation: 'off', rollback: 'off' },
});

interface Moved {
  readonly state: RiskState;
  readonly events: readonly { readonly description: string }[];
  readonly pauses?: boolean;
}

const now = momentAt(0);
const judged =
  (kind: Kind, afterMs = 0) =>
  (state: RiskState): Moved => {
    const { state: after, events, command } = assess(state, inputOf(kind, afterMs), SMALL);
    return { state: after, events, pauses: command.commandType === 'PAUSE' };
  };

const MOVES: Readonly<Record<string, (state: RiskState) => Moved>> = {
  good: judged('good'),
  'good, a tick later': judged('good', 1),
  finding: judged('finding'),
  trigger: judged('trigger'),
  failure: (state) => onFailure(state, { kind: 'timeout_inference', code: 'X', at: now }, SMALL),
  'other failure': (state) => onFailure(state, { kind: 'other', code: 'X', at: now }, SMALL),
  success: (state) => reportBreaker(state, { name: 'inference', report: { kind: 'success' }, at: now }, SMALL),
  'success, a tick later': (state) =>
    reportBreaker(state, { name: 'inference', report: { kind: 'success' }, at: momentAt(1) }, SMALL),
  set: (state) => setConservative(state, order, now),
  'set for two ticks': (state) => setConservative(state, { ...order, untilMs: now.wallMs + 2 }, now),
  clear: (state) => clearConservative(state, order, now),
  ask: (state) => askBreaker(state, { name: 'inference', at: now }, SMALL),
  ...Object.fromEntries(
    (['forced_open', 'disabled', 'automatic'] as const).map((kind) => [
      kind,
      (state: RiskState) => forceBreaker(state, { name: 'inference', kind, order, at: now }, SMALL),
    ]),
  ),
};

const low = (value: number, floor: number): number => Math.max(floor, value);

function breakerShape(breaker: BreakerState, elapsed: number): BreakerState {
  const common = { generation: 0, failures: Math.min(breaker.failures, 2) };
  if (breaker.kind === 'open') return { ...breaker, ...common, untilMs: low(breaker.untilMs - elapsed, -1) };
  if (breaker.kind === 'half_open') {
    return { ...breaker, ...common, probes: breaker.probes.map((at) => low(at - elapsed, -2)) };
  }
  if (breaker.kind === 'closed') return { ...breaker, ...common };
  return { ...breaker, ...common };
}

/** The state told relative to now, without what grows for ever, so that equal situations are equal values. */
function shape(state: RiskState): RiskState {
  const elapsed = state.clock?.elapsedMs ?? 0;
  const { mode } = state;
  const hold = mode.kind === 'on' ? mode.hold : null;
  const ticked = (state.clock?.monoMs ?? 0) as number;
  return {
    ...initialRiskState(SMALL),
    clock: { elapsedMs: 0, monoMs: 0, offsetMs: now.wallMs },
    failures: { inRow: Math.min(state.failures.inRow, 2), sinceDecision: state.failures.sinceDecision },
    mode:
      mode.kind === 'off'
        ? mode
        : {
            ...mode,
            enteredMs: 0,
            enteredWallMs: 0,
            triggeredMs: low(mode.triggeredMs - elapsed, -2),
            goodDecisions: Math.min(mode.goodDecisions, 2),
            decisions: 0,
            hold:
              hold === null
                ? null
                : {
                    ...hold,
                    setMs: low(hold.setMs - elapsed, -2),
                    setWallMs: now.wallMs + low(hold.setWallMs - now.wallMs - ticked, -2),
                    untilMs: hold.untilMs === null ? null : now.wallMs + low(hold.untilMs - now.wallMs - ticked, -1),
                  },
          },
    breakers: {
      ...state.breakers,
      inference: breakerShape(state.breakers['inference'] as BreakerState, elapsed),
    },
  };
}

describe('mode and breaker together, every state that can be reached', () => {
  const start = shape(initialRiskState(SMALL));
  const seen = new Map([[JSON.stringify(start), start]]);
  const edges: { readonly from: RiskState; readonly name: string; readonly moved: Moved }[] = [];
  const queue = [start];
  while (queue.length > 0) {
    const from = queue.pop() as RiskState;
    for (const [name, apply] of Object.entries(MOVES)) {
      const moved = apply(from);
      edges.push({ from, name, moved });
      const next = shape(moved.state);
      const key = JSON.stringify(next);
      if (seen.has(key)) continue;
      seen.set(key, next);
      queue.push(next);
    }
  }
  const count = (moved: Moved, name: string): number =>
    moved.events.filter(({ description }) => description === name).length;

  /** The edges on which something does not hold, in words; empty when all is well. */
  const broken = (holds: (edge: (typeof edges)[number]) => boolean): readonly string[] =>
    edges.filter((edge) => !holds(edge)).map(({ from, name }) => `${name} from ${JSON.stringify(from.mode)}`);

  it(`announces each transition exactly once and nothing else (${seen.size} states, ${edges.length} transitions enumerated)`, () => {
    expect(seen.size).toBeGreaterThan(100);
    const announced = broken(({ from, moved }) => {
      const [was, is] = [from.mode.kind === 'on', moved.state.mode.kind === 'on'];
      const [entered, exited] = [count(moved, 'conservative_entered'), count(moved, 'conservative_exited')];
      // An operator's hold may run out in the very call that finds a new trigger: out and in, one event each.
      const both = was && is && entered === 1 && exited === 1;
      if (both) return count(moved, 'conservative_hold_expired') === 1;
      return entered === Number(!was && is) && exited === Number(was && !is);
    });
    expect(announced).toEqual([]);
  });

  it('leaves by itself only when nothing is left to wait for', () => {
    let left = 0;
    const early = broken(({ from, name, moved }) => {
      if (from.mode.kind !== 'on' || moved.state.mode.kind !== 'off' || name === 'clear') return true;
      const expired = count(moved, 'conservative_hold_expired') > 0;
      if (expired && !from.mode.automatic) return true;
      left += 1;
      const tick = name.endsWith('tick later') ? 1 : 0;
      return (
        name.startsWith('good') &&
        from.mode.goodDecisions + 1 >= 2 &&
        tick - from.mode.triggeredMs >= 2 &&
        (expired || from.mode.hold === null) &&
        ['closed', 'disabled'].includes(moved.state.breakers['inference']?.kind ?? '')
      );
    });
    expect(early).toEqual([]);
    expect(left).toBeGreaterThan(0);
  });

  it('a trigger always ends in the mode, and a decision under it is always a pause', () => {
    const loose = broken(({ from, name, moved }) => {
      if (name === 'trigger' && moved.state.mode.kind !== 'on') return false;
      const under = from.mode.kind === 'on' && from.mode.hold === null;
      return !under || moved.pauses === undefined || moved.pauses;
    });
    expect(loose).toEqual([]);
  });
});
