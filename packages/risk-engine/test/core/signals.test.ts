import { describe, expect, it } from 'vitest';
import { viewBlueprint } from '../../src/core/signals/blueprint-view.js';
import {
  assess,
  DEFAULT_RISK_CONFIG as CONFIG,
  initialRiskState,
  type RiskState,
  resolveRiskConfig,
  SIGNAL_NAMES,
} from '../../src/index.js';
import { calmInput, calmPacket, inputWith, momentAt, seedDraft } from '../../src/testing.js';
import { PROBES } from '../support/probes.js';
import { METRIC_VALUES } from '../support/random-context.js';

const METRICS = Object.keys(METRIC_VALUES);

const fresh = initialRiskState(CONFIG);
const lossAt = (state: RiskState, validationLoss: number | string | undefined, ms: number) => {
  const { validationLoss: _default, ...bare } = calmPacket();
  const packet = validationLoss === undefined ? bare : { ...bare, validationLoss };
  return assess(state, calmInput({ packet, at: momentAt(ms) }), CONFIG);
};
const findingOf = (result: ReturnType<typeof assess>, signal: string) =>
  result.findings.find((found) => found.signal === signal);

describe('the loss delta', () => {
  it('DP-07: is this loss minus the last one, 0 on the first packet', () => {
    const first = lossAt(fresh, 2, 0);
    expect(findingOf(first, 'loss_delta')?.value).toBe(0);
    expect(findingOf(lossAt(first.state, 2.05, 1), 'loss_delta')?.value).toBeCloseTo(0.05, 12);
  });

  it("DP-07: the trainer's own delta counts on the first packet only", () => {
    const own = assess(fresh, inputWith({ loss_delta: 0.5 }), CONFIG);
    expect(own.reason).toBe('loss_spike');
    const later = assess(lossAt(fresh, 1, 0).state, inputWith({ loss_delta: 0.5 }, { at: momentAt(1) }), CONFIG);
    expect(findingOf(later, 'loss_delta')?.value).toBe(0);
  });

  it('DP-09: a loss that is no number never reads as healthy, and the next is compared with the last good one', () => {
    const first = lossAt(fresh, 1, 0).state;
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 'diverged']) {
      const broken = lossAt(first, bad, 1);
      expect([broken.command.commandType, broken.reason, broken.state.mode.kind]).toEqual([
        'PAUSE',
        'signal_unknown',
        'on',
      ]);
      expect(broken.state.lastValidationLoss).toBe(1);
      expect(findingOf(lossAt(broken.state, 99, 2), 'loss_delta')?.value).toBe(98);
    }
  });

  it('a difference that overflows is no number either', () => {
    const low = lossAt(fresh, -Number.MAX_VALUE, 0).state;
    expect(lossAt(low, Number.MAX_VALUE, 1).reason).toBe('signal_unknown');
  });
});

describe('signals that are not there', () => {
  it('an optional signal never seen is neutral, and recorded as unknown', () => {
    const result = assess(fresh, calmInput(), CONFIG);
    expect(result.command.commandType).toBe('SEED');
    expect(findingOf(result, 'grad_var')).toMatchObject({
      verdict: 'unknown',
      mitigation: 'none',
      attributes: { problem: 'never_seen' },
    });
  });

  it('one seen earlier is neutral up to its maximum age, and counts as its worst beyond', () => {
    const seen = assess(fresh, inputWith({ hook_latency_ms: 10 }), CONFIG).state;
    const after = (ms: number) => assess(seen, calmInput({ at: momentAt(ms) }), CONFIG);
    expect(findingOf(after(300_000), 'hook_latency_ms')).toMatchObject({
      verdict: 'unknown',
      mitigation: 'none',
      attributes: { problem: 'not_now' },
    });
    expect(findingOf(after(300_001), 'hook_latency_ms')).toMatchObject({
      mitigation: 'pause',
      attributes: { problem: 'stale' },
    });
    expect(after(300_001).command.commandType).toBe('PAUSE');
  });

  it('one that came broken and went away is not taken for one that never was', () => {
    const broken = assess(fresh, inputWith({ cpu_util_percent: Number.NaN }), CONFIG).state;
    expect(assess(broken, calmInput({ at: momentAt(300_001) }), CONFIG).reason).toBe('signal_unknown');
  });

  it('D-25: a policy risk score that is absent does not skip the check', () => {
    const result = assess(fresh, calmInput({ policy: { riskScore: undefined, version: 'p' } }), CONFIG);
    expect([result.command.commandType, result.state.mode.kind]).toEqual(['PAUSE', 'on']);
    const lenient = resolveRiskConfig({ signals: { policy_risk_score: { presence: 'optional' } } });
    expect(
      assess(fresh, calmInput({ policy: { riskScore: undefined, version: 'p' } }), lenient).command.commandType,
    ).toBe('SEED');
  });

  it('an annotation is no evidence: the score is what the policy says, typed', () => {
    const draft = seedDraft({ annotations: { policy_risk_score: '0.01' } });
    expect(assess(fresh, calmInput({ draft, policy: { riskScore: 0.99, version: 'p' } }), CONFIG).reason).toBe(
      'policy_risk_critical',
    );
  });

  it('what was given is shown, shortened, and the record stays plain JSON', () => {
    const result = assess(fresh, inputWith({ grad_var: 'x'.repeat(500) }), CONFIG);
    expect(findingOf(result, 'grad_var')).toMatchObject({
      value: 'x'.repeat(64),
      attributes: { signal: 'grad_var', problem: 'text', given: 'x'.repeat(64) },
    });
    const nan = assess(fresh, inputWith({ grad_var: Number.NaN }), CONFIG);
    expect(JSON.parse(JSON.stringify(nan.findings))).toEqual(nan.findings);
    expect(JSON.parse(JSON.stringify(nan.state))).toEqual(nan.state);
  });
});

describe('derived signals', () => {
  const on = resolveRiskConfig({ evaluators: { multi_signal: 'enforce' } });
  const level = (packet: Parameters<typeof calmPacket>[0]) =>
    assess(fresh, calmInput({ packet: calmPacket(packet) }), on);

  it('memory is the share in use; a part that cannot be read makes it unreadable', () => {
    expect(level({ hardwareContext: { totalMemoryGb: 100, availableMemoryGb: 4 } }).command.commandType).toBe(
      'EMERGENCY',
    );
    expect(level({ hardwareContext: { totalMemoryGb: 100, availableMemoryGb: 50 } }).command.commandType).toBe('SEED');
    expect(level({ hardwareContext: { totalMemoryGb: 'lots', availableMemoryGb: 50 } }).command.commandType).toBe(
      'EMERGENCY',
    );
    expect(level({ hardwareContext: { totalMemoryGb: 0, availableMemoryGb: 0 } }).command.commandType).toBe(
      'EMERGENCY',
    );
    expect(level({ hardwareContext: { totalMemoryGb: 100 } }).command.commandType).toBe('SEED');
  });

  it('the risk of seeds is the greatest; one that cannot be read makes it unreadable', () => {
    const seed = (riskScore: number | string) => ({ seedId: 's', stage: 'TRAINING' as const, riskScore, metrics: {} });
    expect(level({ seedStates: [seed(0.1), seed(1)] }).command.commandType).toBe('EMERGENCY');
    expect(level({ seedStates: [seed(0.1), seed(0.2)] }).command.commandType).toBe('SEED');
    expect(level({ seedStates: [seed(0.1), seed('?')] }).command.commandType).toBe('EMERGENCY');
  });
});

describe('derived signals, part by part', () => {
  const on = resolveRiskConfig({ evaluators: { multi_signal: 'enforce' } });
  const judged = (packet: Parameters<typeof calmPacket>[0]) =>
    findingOf(assess(fresh, calmInput({ packet: calmPacket(packet) }), on), 'risk_combined');

  it('memory needs both of its parts', () => {
    expect(judged({ hardwareContext: { availableMemoryGb: 4 } })).toMatchObject({ value: 0, verdict: 'pass' });
    expect(judged({ hardwareContext: { totalMemoryGb: 4 } })).toMatchObject({ value: 0, verdict: 'pass' });
    expect(judged({ hardwareContext: { totalMemoryGb: 8, availableMemoryGb: 'some' } })).toMatchObject({ value: 1 });
  });

  it('seeds: the worst counts wherever it stands, one without a score says nothing, one unreadable everything', () => {
    const seed = (riskScore?: number | string) => ({
      seedId: 's',
      stage: 'TRAINING' as const,
      metrics: {},
      ...(riskScore === undefined ? {} : { riskScore }),
    });
    expect(judged({ seedStates: [seed(1), seed(0.1)] })).toMatchObject({ value: 1 });
    expect(judged({ seedStates: [seed()] })).toMatchObject({ value: 0, verdict: 'pass' });
    expect(judged({ seedStates: [seed('?')] })).toMatchObject({ value: 1 });
  });

  it('RE-72: every promised input is read where a trainer sends it', () => {
    const sent = Object.fromEntries(METRICS.map((name) => [name, 'unreadable']));
    const { findings } = assess(fresh, inputWith({ ...sent, gpu_mem_free_gb: 0, loss_delta: 9 }), on);
    const unknown = findings.filter(({ reason, enforced }) => enforced && reason === 'signal_unknown');
    expect(unknown.map(({ signal }) => signal)).toEqual([
      'hook_latency_ms',
      'step_latency_ms',
      'kasmina.apply_ms',
      'kasmina.finalize_ms',
      'kasmina.isolation.violations',
      'gpu_util_percent',
      'cpu_util_percent',
      'loss_volatility',
      'grad_var',
      'grad_conflict_rate',
      'optimizer_lr',
    ]);
    expect(findings.find(({ signal }) => signal === 'loss_delta')?.value).toBe(9);
    expect(findings.find(({ signal }) => signal === 'risk_combined')?.attributes).toMatchObject({
      gradient: '1.000',
      performance: '1.000',
      latency: '1.000',
    });
  });

  it('presence and age of a signal are data', () => {
    expect(CONFIG.signals.policy_risk_score).toEqual({ presence: 'required', ageMsMax: 300_000 });
    expect(CONFIG.signals.loss_delta).toEqual({ presence: 'optional', ageMsMax: 3_600_000 });
    expect(CONFIG.signals.seed_risk).toEqual({ presence: 'optional', ageMsMax: 300_000 });
  });

  it('what was never given is not shown', () => {
    const absent = findingOf(assess(fresh, calmInput({ coverage: undefined }), CONFIG), 'coverage');
    expect(Object.keys(absent?.attributes ?? {})).toEqual(['signal', 'problem']);
  });

  it('a command without a blueprint has none to look at', () => {
    const { seedOperation: _seed, ...bare } = seedDraft();
    const context = { input: calmInput({ blueprint: { kind: 'none' } }), config: CONFIG, draft: bare, seed: false };
    expect(viewBlueprint(context as never)).toEqual({ kind: 'none' });
  });
});

describe('unknown tightens', () => {
  it('every signal of the table has a probe', () => {
    const probed = new Set(PROBES.map(({ signal }) => signal));
    expect(SIGNAL_NAMES.filter((name) => !probed.has(name))).toEqual(['blueprint']);
  });

  it('a blueprint that is missing is as careful as any blueprint there could be', () => {
    const missing = assess(fresh, calmInput({ blueprint: { kind: 'missing', blueprintId: 'x' } }), CONFIG);
    expect(missing.command.commandType).toBe('PAUSE');
  });
});
