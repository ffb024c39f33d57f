import { describe, expect, it } from 'vitest';
import {
  askBreaker,
  assess,
  DEFAULT_RISK_CONFIG as CONFIG,
  FAILURE_KINDS,
  type FailureKind,
  initialRiskState,
  keepLoss,
  onFailure,
  type RiskState,
  reportBreaker,
  resolveRiskConfig,
} from '../../src/index.js';
import { calmInput, calmPacket, momentAt } from '../../src/testing.js';

const fresh = initialRiskState(CONFIG);
const fail = (state: RiskState, kind: FailureKind, ms = 0, component?: string) =>
  onFailure(
    state,
    { kind, code: 'E_CODE', at: momentAt(ms), ...(component === undefined ? {} : { component }) },
    CONFIG,
  );

describe('a failed decision', () => {
  it('TM-06: an inference timeout is one failure of its breaker, with the event', () => {
    const { state, events } = fail(fresh, 'timeout_inference');
    expect(events).toEqual([
      {
        description: 'breaker_event',
        level: 'WARNING',
        attributes: { component: 'inference', reason: 'timeout_inference', failures: '1', action: 'count' },
      },
    ]);
    expect(state.breakers['inference']).toMatchObject({ kind: 'closed', failures: 1 });
    expect(state.mode.kind).toBe('off');
  });

  it('TM-07: the third in a row opens the breaker and enters conservative mode', () => {
    const third = fail(fail(fail(fresh, 'timeout_inference').state, 'timeout_inference').state, 'timeout_inference');
    expect(third.events).toEqual([
      {
        description: 'breaker_event',
        level: 'CRITICAL',
        attributes: { component: 'inference', reason: 'timeout_inference', failures: '3', action: 'open' },
      },
      {
        description: 'conservative_entered',
        level: 'WARNING',
        attributes: { reason: 'timeout_inference', code: 'E_CODE' },
      },
    ]);
    expect(askBreaker(third.state, { name: 'inference', at: momentAt(50) }, CONFIG).allowed).toBe(false);
    expect(askBreaker(third.state, { name: 'inference', at: momentAt(100) }, CONFIG).allowed).toBe(true);
  });

  it('TM-11, RE-26: a metadata timeout is one failure of the metadata breaker', () => {
    const { state, events } = fail(fresh, 'timeout_urza');
    expect(events[0]?.attributes).toMatchObject({ component: 'metadata', reason: 'timeout_urza' });
    expect([state.breakers['metadata'], state.breakers['inference']]).toMatchObject([{ failures: 1 }, { failures: 0 }]);
  });

  it('the other kinds touch no breaker unless one is named, and three in a row enter the mode', () => {
    for (const kind of FAILURE_KINDS.filter((name) => !name.startsWith('timeout'))) {
      const second = fail(fail(fresh, kind).state, kind);
      expect([second.events, second.state.mode.kind]).toEqual([[], 'off']);
      expect(fail(second.state, kind).events[0]).toMatchObject({
        description: 'conservative_entered',
        attributes: { reason: kind },
      });
    }
    expect(fail(fresh, 'other', 0, 'inference').state.breakers['inference']).toMatchObject({ failures: 1 });
  });

  it('a decision that succeeds in between starts the count of failed decisions again', () => {
    const two = fail(fail(fresh, 'persistence').state, 'persistence').state;
    const assessed = assess(two, calmInput({ at: momentAt(1) }), CONFIG).state;
    const next = assess(assessed, calmInput({ at: momentAt(2) }), CONFIG).state;
    expect(next.failures).toEqual({ inRow: 0, sinceDecision: false });
    expect(fail(next, 'persistence', 3).state.mode.kind).toBe('off');
  });

  it('a decision that is assessed and then fails does not start it again', () => {
    let state = fresh;
    for (let n = 0; n < 3; n += 1) {
      state = assess(state, calmInput({ at: momentAt(n) }), CONFIG).state;
      state = fail(state, 'persistence', n).state;
    }
    expect(state.mode).toMatchObject({ kind: 'on', reason: 'persistence' });
  });

  it('a failure under the mode starts the count of good decisions again', () => {
    const paused = assess(fresh, calmInput({ policy: { riskScore: 0.99, version: 'p' } }), CONFIG).state;
    const good = assess(paused, calmInput({ at: momentAt(1) }), CONFIG).state;
    expect(good.mode).toMatchObject({ goodDecisions: 1 });
    expect(fail(good, 'other', 2).state.mode).toMatchObject({ goodDecisions: 0 });
  });

  it('DP-08: what was assessed and never left does not count as the last loss', () => {
    const first = assess(fresh, calmInput({ packet: calmPacket({ validationLoss: 1 }) }), CONFIG).state;
    const second = assess(
      first,
      calmInput({ packet: calmPacket({ validationLoss: 5 }), at: momentAt(1) }),
      CONFIG,
    ).state;
    expect([first.lastValidationLoss, second.lastValidationLoss]).toEqual([1, 5]);
    const kept = keepLoss(second, first);
    expect(kept.lastValidationLoss).toBe(1);
    expect(kept.mode).toEqual(second.mode);
  });

  it('CM-18: one success reported is one failure taken back', () => {
    const two = fail(fail(fresh, 'timeout_urza').state, 'timeout_urza').state;
    const call = { name: 'metadata', report: { kind: 'success' }, at: momentAt(1) } as const;
    expect(reportBreaker(two, call, CONFIG).state.breakers['metadata']).toMatchObject({ failures: 1 });
  });

  it('leaves a mode that is off exactly as it is, and announces an entry once', () => {
    expect(fail(fresh, 'other').state.mode).toBe(fresh.mode);
    const third = fail(fail(fail(fresh, 'other').state, 'other').state, 'other');
    expect(third.events).toHaveLength(1);
    const fourth = fail(third.state, 'other', 5);
    expect(fourth.events).toEqual([]);
    expect(fourth.state.mode).toMatchObject({ kind: 'on', triggeredMs: 5, enteredMs: 0 });
  });

  it('RE-24: a late inference is counted, and is conservative once its breaker opens, not before', () => {
    const second = fail(fail(fresh, 'timeout_inference').state, 'timeout_inference').state;
    expect([second.mode.kind, second.breakers['inference']?.failures]).toEqual(['off', 2]);
    const third = fail(second, 'timeout_inference').state;
    expect([third.mode.kind, third.breakers['inference']?.kind]).toEqual(['on', 'open']);
  });

  it.each([
    ['RE-25', 'inference', 'timeout_inference'],
    ['RE-27', 'metadata', 'timeout_urza'],
  ] as const)('%s: a timely call lets the %s breaker close after its rest', (_id, name, kind) => {
    const open = fail(fail(fail(fresh, kind).state, kind).state, kind).state;
    const asked = askBreaker(open, { name, at: momentAt(100) }, CONFIG);
    const report = { name, report: { kind: 'success', ticket: asked.ticket }, at: momentAt(101) } as const;
    const { state, events } = reportBreaker(asked.state, report, CONFIG);
    expect(state.breakers[name]).toMatchObject({ kind: 'closed', failures: 0 });
    expect(events).toEqual([
      { description: 'breaker_event', level: 'INFO', attributes: { component: name, action: 'close' } },
    ]);
  });

  it('a breaker that opens enters the mode at once, however few decisions failed', () => {
    const brittle = resolveRiskConfig({ breakers: { inference: { failuresMax: 1 } } });
    const failure = { kind: 'timeout_inference', code: 'X', at: momentAt(0) } as const;
    const { state } = onFailure(initialRiskState(brittle), failure, brittle);
    expect([state.failures.inRow, state.mode.kind]).toEqual([1, 'on']);
  });
});
