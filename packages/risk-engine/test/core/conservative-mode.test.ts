import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import {
  assess,
  DEFAULT_RISK_CONFIG,
  forceBreaker,
  HARNESS_RISK_CONFIG,
  initialRiskState,
  type RiskConfig,
  type RiskInput,
  type RiskState,
  resolveRiskConfig,
} from '../../src/index.js';
import { calmInput, inputWith, momentAt } from '../../src/testing.js';

const MINUTE = 60_000;
type Kind = 'good' | 'finding' | 'trigger';

/** A decision nothing is found against, one with a finding, and one that triggers the mode. */
const inputOf = (kind: Kind, nowMs: number): RiskInput => ({
  ...inputWith(kind === 'finding' ? { grad_var: 5 } : {}, { at: momentAt(nowMs) }),
  ...(kind === 'trigger' ? { policy: { riskScore: 0.99, version: 'p' } } : {}),
});
const order = { who: 'ada', why: 'looking at it' };

/** A run under one configuration: keeps the state, collects the mode's events. */
class Run {
  state: RiskState;
  nowMs = 0;
  readonly transitions: string[] = [];
  readonly config: RiskConfig;

  constructor(config: RiskConfig) {
    this.config = config;
    this.state = initialRiskState(config);
  }

  step(kind: Kind = 'good', afterMs = 1000) {
    this.nowMs += afterMs;
    return this.judge(inputOf(kind, this.nowMs));
  }

  judge(input: RiskInput) {
    const result = assess(this.state, input, this.config);
    this.state = result.state;
    this.note(result.events);
    return result;
  }

  note(events: readonly { readonly description: string }[]): void {
    for (const { description } of events) {
      if (description === 'conservative_entered' || description === 'conservative_exited')
        this.transitions.push(description);
    }
  }

  get on(): boolean {
    return this.state.mode.kind === 'on';
  }
}

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

  it('CM-03: while on, every decision is a pause for that reason, unless a graver one is found', () => {
    const run = new Run(DEFAULT_RISK_CONFIG);
    run.step('trigger');
    const calm = run.step();
    expect([calm.command.commandType, calm.reason]).toEqual(['PAUSE', 'conservative_mode']);
    expect(calm.events.find(({ description }) => description === 'pause_triggered')?.attributes).toEqual({
      reason: 'conservative_mode',
    });
    expect(run.judge(inputWith({ hook_latency_ms: 99 }, { at: momentAt(run.nowMs) })).reason).toBe('hook_budget');
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

  it('CM-05: it takes 20 good decisions and 600 seconds since the last trigger, both', () => {
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

  it('an open breaker keeps it on', () => {
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

  it('never ends by itself while stabilisation is off or in shadow', () => {
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
});

describe('for any input', () => {
  it('automatic entries are at least one dwell apart, and transitions alternate', () => {
    const config = resolveRiskConfig({ conservative: { goodDecisionsMin: 2, dwellMs: 30_000 } });
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = new SeededRandom(seed);
      const run = new Run(config);
      let lastEntryMs = Number.NEGATIVE_INFINITY;
      for (let n = 0; n < 400; n += 1) {
        const before = run.on;
        run.step(random.chance(0.05) ? 'trigger' : random.chance(0.05) ? 'finding' : 'good', random.int(0, 12_000));
        if (!before && run.on) {
          expect(run.nowMs - lastEntryMs, `seed ${seed}`).toBeGreaterThanOrEqual(30_000);
          lastEntryMs = run.nowMs;
        }
      }
      expect(run.transitions.length).toBeGreaterThan(2);
      run.transitions.forEach((name, at) => {
        expect(name, `seed ${seed}`).toBe(at % 2 === 0 ? 'conservative_entered' : 'conservative_exited');
      });
    }
  });
});
