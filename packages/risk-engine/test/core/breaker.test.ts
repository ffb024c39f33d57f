import { describe, expect, it } from 'vitest';
import {
  askOf,
  type BreakerReport,
  type BreakerState,
  CLOSED_BREAKER,
  circuitStateOf,
  type ForcedKind,
  forceTo,
  reportTo,
} from '../../src/core/breaker/breaker.js';
import { type BreakerLimits, DEFAULT_BREAKER_LIMITS } from '../../src/index.js';

const LIMITS: BreakerLimits = { ...DEFAULT_BREAKER_LIMITS, probesMax: 2, successesMin: 2, probeTimeoutMs: 300 };
const fail = (state: BreakerState, nowMs: number, limits = LIMITS) =>
  reportTo(state, { kind: 'failure', reason: 'timeout' }, { limits, nowMs });
const succeed = (state: BreakerState, nowMs: number, limits = LIMITS) =>
  reportTo(state, { kind: 'success' }, { limits, nowMs });
const opened = (): BreakerState => {
  let state = CLOSED_BREAKER;
  for (let n = 0; n < 3; n += 1) state = fail(state, 0).state;
  return state;
};

describe('a breaker', () => {
  it('CM-10: opens after three failures for 100 ms by default', () => {
    expect(DEFAULT_BREAKER_LIMITS).toMatchObject({ failuresMax: 3, cooldownMs: 100 });
    expect(opened()).toMatchObject({ kind: 'open', failures: 3, untilMs: 100 });
  });

  it('CM-11: each failure is announced: counted, then opening; more of them do not prolong the rest', () => {
    const first = fail(CLOSED_BREAKER, 0);
    expect(first.notice).toEqual({ action: 'count', reason: 'timeout', failures: 1 });
    const third = fail(fail(first.state, 0).state, 0);
    expect(third.notice).toEqual({ action: 'open', reason: 'timeout', failures: 3 });
    const late = fail(third.state, 50);
    expect(late).toMatchObject({ state: { untilMs: 100, failures: 4 }, notice: { action: 'count' } });
  });

  it('CM-12: a success before the rest is over says nothing, after it closes', () => {
    const one = { ...LIMITS, successesMin: 1 };
    expect(succeed(opened(), 99, one)).toEqual({ state: opened(), notice: null });
    expect(succeed(opened(), 100, one)).toMatchObject({
      state: { kind: 'closed', failures: 0 },
      notice: { action: 'close' },
    });
  });

  it('CM-13: a success takes one failure back, down to none', () => {
    const two = fail(fail(CLOSED_BREAKER, 0).state, 0).state;
    expect(succeed(two, 0).state).toMatchObject({ failures: 1 });
    expect(succeed(CLOSED_BREAKER, 0).state).toMatchObject({ failures: 0 });
  });

  it('CM-14: half-open lets a limited number of probes through; enough successes close, one failure opens again', () => {
    const first = askOf(opened(), LIMITS, 100);
    const second = askOf(first.state, LIMITS, 101);
    const third = askOf(second.state, LIMITS, 102);
    expect([first.allowed, second.allowed, third.allowed]).toEqual([true, true, false]);
    const half = succeed(third.state, 103).state;
    expect(half).toMatchObject({ kind: 'half_open', successes: 1 });
    expect(succeed(half, 104)).toMatchObject({ state: { kind: 'closed' }, notice: { action: 'close' } });
    expect(fail(half, 104)).toMatchObject({ state: { kind: 'open', untilMs: 204 }, notice: { action: 'open' } });
  });

  it('CM-15: while open no call is allowed, from the end of the rest on one is', () => {
    expect(askOf(opened(), LIMITS, 99).allowed).toBe(false);
    expect(askOf(opened(), LIMITS, 100).allowed).toBe(true);
    expect(askOf(CLOSED_BREAKER, LIMITS, 0).allowed).toBe(true);
  });

  it('a probe that never reports gives its place back', () => {
    const full = askOf(askOf(opened(), LIMITS, 100).state, LIMITS, 100).state;
    expect(askOf(full, LIMITS, 399).allowed).toBe(false);
    expect(askOf(full, LIMITS, 400).allowed).toBe(true);
  });

  it('slow calls count as failures where a limit is set', () => {
    const limits: BreakerLimits = { ...LIMITS, slowCallMs: 20 };
    const report = (durationMs?: number): BreakerReport => ({
      kind: 'success',
      ...(durationMs === undefined ? {} : { durationMs }),
    });
    const run = (given: BreakerReport, used = limits) =>
      reportTo(CLOSED_BREAKER, given, { limits: used, nowMs: 0 }).notice;
    expect(run(report(20.5))).toEqual({ action: 'count', reason: 'slow_call', failures: 1 });
    expect([run(report(20)), run(report()), run(report(9999), LIMITS)]).toEqual([null, null, null]);
  });

  it('a late answer of an earlier generation neither closes a breaker nor fails its probe', () => {
    const { ticket } = askOf(CLOSED_BREAKER, LIMITS, 0);
    const probing = askOf(opened(), LIMITS, 100).state;
    for (const report of [
      { kind: 'success', ticket },
      { kind: 'failure', reason: 'x', ticket },
    ] as const) {
      expect(reportTo(probing, report, { limits: LIMITS, nowMs: 101 })).toEqual({ state: probing, notice: null });
    }
    const closedAgain = succeed(succeed(probing, 102).state, 103).state;
    const failing = fail(closedAgain, 104).state;
    expect(reportTo(failing, { kind: 'success', ticket }, { limits: LIMITS, nowMs: 105 }).state).toEqual(failing);
    expect(
      reportTo(failing, { kind: 'failure', reason: 'x', ticket }, { limits: LIMITS, nowMs: 105 }).state,
    ).toMatchObject({ failures: 2 });
  });

  it('an operator can hold it open, switch it off, and give it back', () => {
    const forced = { who: 'ada', why: 'maintenance', untilMs: 500 };
    const held = forceTo(CLOSED_BREAKER, 'forced_open', forced);
    expect([askOf(held, LIMITS, 499).allowed, circuitStateOf(held)]).toEqual([false, 'OPEN']);
    expect(askOf(held, LIMITS, 500)).toMatchObject({ allowed: true, state: { kind: 'half_open' } });
    const off = forceTo(opened(), 'disabled', forced);
    expect([askOf(off, LIMITS, 10).allowed, circuitStateOf(off)]).toEqual([true, 'CLOSED']);
    expect(askOf(off, LIMITS, 500).state).toMatchObject({ kind: 'closed', failures: 0 });
    expect(forceTo(held, 'automatic', forced)).toMatchObject({ kind: 'closed', failures: 0 });
    const forever = forceTo(CLOSED_BREAKER, 'forced_open', { ...forced, untilMs: null });
    expect(askOf(forever, LIMITS, 1e12).allowed).toBe(false);
  });
});

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
