import { describe, expect, it } from 'vitest';
import {
  askOf,
  type BreakerReport,
  type BreakerState,
  CLOSED_BREAKER,
  type ForcedKind,
  forceTo,
  reportTo,
} from '../../../src/core/breaker/breaker.js';
import type { BreakerLimits } from '../../../src/index.js';

/** A small world that can be walked through whole: few failures, few probes, times in steps of one. */
const SMALL: BreakerLimits = {
  failuresMax: 2,
  cooldownMs: 2,
  probesMax: 2,
  successesMin: 2,
  probeTimeoutMs: 3,
  slowCallMs: null,
};

type Move = readonly [
  name: string,
  apply: (state: BreakerState) => { readonly state: BreakerState; readonly close?: boolean },
];

const forced = { who: 'ada', why: 'drill', untilMs: 4 };
const force = (kind: ForcedKind): Move => [kind, (state) => ({ state: forceTo(state, kind, forced) })];
const reported = (report: BreakerReport) => (state: BreakerState) => {
  const { state: after, notice } = reportTo(state, report, { limits: SMALL, nowMs: 0 });
  return { state: after, close: notice?.action === 'close' };
};

const MOVES: readonly Move[] = [
  ['ask', (state) => ({ state: askOf(state, SMALL, 0).state })],
  ['success', reported({ kind: 'success' })],
  ['failure', reported({ kind: 'failure', reason: 'x' })],
  ['late success', reported({ kind: 'success', ticket: { generation: -1 } })],
  ['late failure', reported({ kind: 'failure', reason: 'x', ticket: { generation: -1 } })],
  ['time', (state) => ({ state: aged(state) })],
  force('forced_open'),
  force('disabled'),
  force('automatic'),
];

/** One tick passes, told relative to now = 0 so that equal situations have equal states. */
function aged(state: BreakerState): BreakerState {
  if (state.kind === 'open') return { ...state, untilMs: Math.max(-1, state.untilMs - 1) };
  if (state.kind === 'half_open') return { ...state, probes: state.probes.map((at) => Math.max(-4, at - 1)) };
  if ((state.kind === 'forced_open' || state.kind === 'disabled') && state.forced.untilMs !== null) {
    return { ...state, forced: { ...state.forced, untilMs: Math.max(-1, state.forced.untilMs - 1) } };
  }
  return state;
}

/** The state without what grows for ever. */
const shape = (state: BreakerState): BreakerState => ({
  ...state,
  generation: 0,
  failures: Math.min(state.failures, 4),
});

describe('every state that can be reached', () => {
  const seen = new Map<string, BreakerState>();
  const edges: [BreakerState, string, ReturnType<Move[1]>][] = [];
  const queue = [CLOSED_BREAKER];
  seen.set(JSON.stringify(shape(CLOSED_BREAKER)), CLOSED_BREAKER);
  while (queue.length > 0) {
    const state = queue.pop() as BreakerState;
    for (const [name, apply] of MOVES) {
      const result = apply(state);
      edges.push([state, name, result]);
      const next = shape(result.state);
      const key = JSON.stringify(next);
      if (seen.has(key)) continue;
      seen.set(key, next);
      queue.push(next);
    }
  }

  const invariants: Readonly<Record<BreakerState['kind'], (state: never) => void>> = {
    closed: (state: Extract<BreakerState, { kind: 'closed' }>) => {
      expect(state.failures).toBeLessThan(SMALL.failuresMax);
      expect(askOf(state, SMALL, 0).allowed).toBe(true);
    },
    open: (state: Extract<BreakerState, { kind: 'open' }>) =>
      expect(askOf(state, SMALL, 0).allowed).toBe(state.untilMs <= 0),
    half_open: (state: Extract<BreakerState, { kind: 'half_open' }>) => {
      expect(state.probes.length).toBeLessThanOrEqual(SMALL.probesMax);
      expect(state.successes).toBeLessThan(SMALL.successesMin);
    },
    forced_open: (state: Extract<BreakerState, { kind: 'forced_open' }>) =>
      expect(askOf(state, SMALL, 0).allowed).toBe((state.forced.untilMs ?? 1) <= 0),
    disabled: (state: Extract<BreakerState, { kind: 'disabled' }>) => expect(askOf(state, SMALL, 0).allowed).toBe(true),
  };

  it(`keeps its invariants (${seen.size} states, ${edges.length} transitions enumerated)`, () => {
    expect(seen.size).toBeGreaterThan(50);
    for (const state of seen.values()) invariants[state.kind](state as never);
    expect(new Set([...seen.values()].map(({ kind }) => kind)).size).toBe(5);
  });

  it('no state is a trap: from each one, successes and time alone lead back to closed or to an operator', () => {
    for (const start of seen.values()) {
      let state = start;
      for (let step = 0; step < 40 && state.kind !== 'closed'; step += 1) {
        state = reportTo(askOf(aged(state), SMALL, 0).state, { kind: 'success' }, { limits: SMALL, nowMs: 0 }).state;
      }
      expect(state.kind, JSON.stringify(start)).toBe('closed');
    }
  });

  it('only a success of the current generation closes, and generations never fall', () => {
    for (const [before, name, after] of edges) {
      if (after.close === true) expect(name).toBe('success');
      expect(after.state.generation).toBeGreaterThanOrEqual(before.generation);
      if (after.state.kind !== before.kind) expect(after.state.generation).toBeGreaterThan(before.generation);
    }
  });
});
