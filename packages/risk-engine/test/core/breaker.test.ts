import { describe, expect, it } from 'vitest';
import {
  askOf,
  type BreakerReport,
  type BreakerState,
  CLOSED_BREAKER,
  circuitStateOf,
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

  it('PF-05: slow calls count as failures where a limit is set', () => {
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

  it('has a state and a number of failures to show, whatever its kind', () => {
    const half = askOf(opened(), LIMITS, 100).state;
    const forced = { who: 'ada', why: 'x', untilMs: null };
    const shown = [CLOSED_BREAKER, fail(CLOSED_BREAKER, 0).state, opened(), half].map((state) => [
      circuitStateOf(state),
      state.failures,
    ]);
    expect(shown).toEqual([
      ['CLOSED', 0],
      ['CLOSED', 1],
      ['OPEN', 3],
      ['HALF_OPEN', 3],
    ]);
    expect(circuitStateOf(forceTo(half, 'forced_open', forced))).toBe('OPEN');
    expect(circuitStateOf(forceTo(half, 'disabled', forced))).toBe('CLOSED');
  });

  it('G-09: consecutive successes of probes that carry their ticket close it, each giving its place back', () => {
    const one = { ...LIMITS, probesMax: 1 };
    const first = askOf(opened(), one, 100);
    const done = reportTo(first.state, { kind: 'success', ticket: first.ticket }, { limits: one, nowMs: 101 });
    expect(done.state).toEqual({ kind: 'half_open', generation: 2, failures: 3, successes: 1, probes: [] });
    const second = askOf(done.state, one, 102);
    expect([first.allowed, second.allowed, first.ticket]).toEqual([true, true, { generation: 2 }]);
    const closed = reportTo(second.state, { kind: 'success', ticket: second.ticket }, { limits: one, nowMs: 103 });
    expect(closed).toEqual({ state: { kind: 'closed', generation: 3, failures: 0 }, notice: { action: 'close' } });
  });

  it('starts half-open without a probe when a report comes first', () => {
    expect(succeed(opened(), 100).state).toMatchObject({ kind: 'half_open', successes: 1, probes: [] });
    expect(askOf(opened(), { ...LIMITS, probesMax: 1 }, 100).state).toMatchObject({ probes: [100] });
  });

  it('is half open without a probe when its rest ends with a report and nobody has asked yet', () => {
    const ticket = { generation: 0 };
    const late = reportTo(opened(), { kind: 'success', ticket }, { limits: LIMITS, nowMs: 100 });
    expect(late.state).toEqual({ kind: 'half_open', generation: 2, failures: 3, successes: 0, probes: [] });
  });
});
