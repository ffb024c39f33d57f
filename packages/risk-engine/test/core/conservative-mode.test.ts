import { describe, expect, it } from 'vitest';
import { holdExpired } from '../../src/core/conservative/mode.js';
import { elapsedMsOf } from '../../src/core/state.js';
import {
  assess,
  DEFAULT_RISK_CONFIG,
  forceBreaker,
  HARNESS_RISK_CONFIG,
  initialRiskState,
  type RiskState,
  resolveRiskConfig,
} from '../../src/index.js';
import { calmInput, inputWith, momentAt } from '../../src/testing.js';
import { ModeRun as Run } from '../support/mode-run.js';

const MINUTE = 60_000;
const order = { who: 'ada', why: 'looking at it' };

describe('conservative mode', () => {
  it('CM-01: entering is immediate and announced once', () => {
    const run = new Run(DEFAULT_RISK_CONFIG);
    const { events, conservative } = run.step('trigger');
    expect(events.filter(({ description }) => description === 'conservative_entered')).toEqual([
      { description: 'conservative_entered', level: 'WARNING', attributes: { reason: 'policy_risk_critical' } },
    ]);
    expect([run.on, conservative]).toEqual([true, true]);
  });

  it('CM-02: a trigger while on is not announced, and is the one remembered', () => {
    const run = new Run(DEFAULT_RISK_CONFIG);
    run.step('trigger');
    const again = run.judge(calmInput({ at: momentAt(2000), timeouts: { inference: true, metadata: false } }));
    expect(again.events.map(({ description }) => description)).not.toContain('conservative_entered');
    expect(again.state.mode).toMatchObject({ kind: 'on', reason: 'timeout_inference', enteredMs: 0 });
  });

  it('CM-03, RE-23: while on, every decision is a pause for that reason, unless a graver one is found', () => {
    const run = new Run(DEFAULT_RISK_CONFIG);
    run.step('trigger');
    const calm = run.step();
    expect([calm.command.commandType, calm.reason]).toEqual(['PAUSE', 'conservative_mode']);
    expect(calm.events.find(({ description }) => description === 'pause_triggered')?.attributes).toEqual({
      reason: 'conservative_mode',
    });
    expect(run.judge(inputWith({ hook_latency_ms: 99 }, { at: momentAt(run.nowMs) })).reason).toBe('hook_budget');
  });

  it('RE-49: a pause under the mode names it, in the reason, the annotation and the event', () => {
    const run = new Run(DEFAULT_RISK_CONFIG);
    run.step('trigger');
    const { reason, command, events, deciding } = run.step();
    expect([reason, command.annotations['risk_reason'], deciding?.evaluator]).toEqual([
      'conservative_mode',
      'conservative_mode',
      'conservative_mode',
    ]);
    expect(events.map(({ description }) => description)).toContain('pause_triggered');
  });

  it('CM-04: leaving is announced once, with what it was and how long it lasted', () => {
    const run = new Run(resolveRiskConfig({ conservative: { goodDecisionsMin: 2, dwellMs: 1500 } }));
    run.step('trigger');
    run.step();
    const { events } = run.step();
    expect(events.filter(({ description }) => description === 'conservative_exited')).toEqual([
      {
        description: 'conservative_exited',
        level: 'INFO',
        attributes: { reason: 'stabilised', previous_reason: 'policy_risk_critical', duration_s: '2.000' },
      },
    ]);
    expect(run.on).toBe(false);
    expect(run.step().command.commandType).toBe('SEED');
  });

  it('CM-05, PF-25: it takes 20 good decisions and 600 seconds since the last trigger, both', () => {
    const quick = new Run(DEFAULT_RISK_CONFIG);
    quick.step('trigger');
    for (let n = 0; n < 100; n += 1) quick.step();
    expect(quick.on).toBe(true);
    const slow = new Run(DEFAULT_RISK_CONFIG);
    slow.step('trigger');
    for (let n = 0; n < 19; n += 1) slow.step('good', 10 * MINUTE);
    expect(slow.on).toBe(true);
    slow.step('good', 10 * MINUTE);
    expect(slow.on).toBe(false);
  });

  it('a decision that is not good starts the count again, a trigger the dwell as well', () => {
    const run = new Run(resolveRiskConfig({ conservative: { goodDecisionsMin: 3, dwellMs: 0 } }));
    run.step('trigger');
    run.step();
    run.step();
    run.step('finding');
    expect(run.state.mode).toMatchObject({ goodDecisions: 0, decisions: 3 });
    run.step();
    run.step('trigger');
    expect(run.state.mode).toMatchObject({ goodDecisions: 0, decisions: 0, triggeredMs: 5000 });
  });

  it('CM-07: the decision that ends the mode was still made under it', () => {
    const run = new Run(resolveRiskConfig({ conservative: { goodDecisionsMin: 1, dwellMs: 0 } }));
    run.step('trigger');
    const last = run.step();
    expect([last.conservative, last.command.decision?.risk?.conservative, run.on]).toEqual([true, true, false]);
    expect(run.step().conservative).toBe(false);
  });

  it('RE-50: an open breaker keeps it on', () => {
    const config = resolveRiskConfig({ conservative: { goodDecisionsMin: 1, dwellMs: 0 } });
    const run = new Run(config);
    run.step('trigger');
    const forced = { name: 'metadata', kind: 'forced_open', order, at: momentAt(run.nowMs) } as const;
    run.state = forceBreaker(run.state, forced, config).state;
    run.step();
    expect(run.on).toBe(true);
    expect(
      run.step().findings.find(({ evaluator }) => evaluator === 'stabilisation')?.attributes['open_breakers'],
    ).toBe('metadata');
    run.state = forceBreaker(run.state, { ...forced, kind: 'automatic', at: momentAt(run.nowMs) }, config).state;
    run.step();
    expect(run.on).toBe(false);
  });

  it('RE-51: recovery is a stage of its own: while it is off or in shadow the mode never ends by itself', () => {
    for (const mode of ['off', 'shadow'] as const) {
      const run = new Run(
        resolveRiskConfig({ evaluators: { stabilisation: mode }, conservative: { goodDecisionsMin: 0, dwellMs: 0 } }),
      );
      run.step('trigger');
      for (let n = 0; n < 30; n += 1) run.step();
      expect(run.on).toBe(true);
    }
  });

  it('CM-08: is entered by each trigger of the catalogue', () => {
    const inputs = {
      policy_risk_critical: calmInput({ policy: { riskScore: 0.99, version: 'p' } }),
      timeout_inference: calmInput({ timeouts: { inference: true, metadata: false } }),
      loss_spike: inputWith({ loss_delta: 9 }),
    };
    for (const [reason, input] of Object.entries(inputs)) {
      expect(assess(initialRiskState(DEFAULT_RISK_CONFIG), input, DEFAULT_RISK_CONFIG).state.mode).toMatchObject({
        reason,
      });
    }
    const { state } = assess(
      initialRiskState(DEFAULT_RISK_CONFIG),
      calmInput({ timeouts: { inference: false, metadata: true } }),
      DEFAULT_RISK_CONFIG,
    );
    expect(state.mode.kind).toBe('off');
  });

  it('the harness profile counts decisions: 5 good ones and 8 in all', () => {
    const run = new Run(HARNESS_RISK_CONFIG);
    run.step('trigger');
    const until = Array.from({ length: 12 }, () => run.step() && run.on);
    expect(until.indexOf(false)).toBe(7);
  });

  it('survives a restart as a value, and the restart does not shorten the dwell', () => {
    const run = new Run(resolveRiskConfig({ conservative: { goodDecisionsMin: 1, dwellMs: 10_000 } }));
    run.step('trigger');
    const restored = JSON.parse(JSON.stringify(run.state)) as RiskState;
    // An hour later by the date, monotonic time starts again.
    const later = { wallMs: momentAt(3_600_000).wallMs, monoMs: momentAt(5).monoMs };
    const after = assess(restored, calmInput({ at: later }), run.config);
    expect(after.state.mode.kind).toBe('on');
    const enough = { wallMs: momentAt(3_600_000 + 10_000).wallMs, monoMs: momentAt(10_005).monoMs };
    expect(assess(after.state, calmInput({ at: enough }), run.config).state.mode.kind).toBe('off');
  });

  it('a hold whose time was watched in full still waits for its date, when the date was set back', () => {
    const hold = { ...order, setMs: 0, setWallMs: 1_000_000, untilMs: 1_000_000 + MINUTE };
    expect(holdExpired(hold, { wallMs: 1_000_000 - MINUTE, elapsedMs: 2 * MINUTE })).toBe(false);
    expect(holdExpired(hold, { wallMs: 1_000_000 + MINUTE, elapsedMs: MINUTE })).toBe(true);
  });

  it('no engine time has passed before the first observation', () => {
    expect(elapsedMsOf(initialRiskState(DEFAULT_RISK_CONFIG))).toBe(0);
  });
});
