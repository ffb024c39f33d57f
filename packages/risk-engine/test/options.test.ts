import { describe, expect, it } from 'vitest';
import {
  assess,
  canonicalRiskConfig,
  DEFAULT_RISK_CONFIG,
  HARNESS_RISK_CONFIG,
  initialRiskState,
  type RiskInput,
  type RiskOptions,
  resolveRiskConfig,
} from '../src/index.js';
import { calmBlueprint, calmInput, calmPacket, inputWith, momentAt } from '../src/testing.js';

type Leaf = readonly [path: readonly string[], value: unknown];

function leaves(value: unknown, path: readonly string[] = []): readonly Leaf[] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, part]) => leaves(part, [...path, key]));
}

const nested = (path: readonly string[], value: unknown): RiskOptions =>
  path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as RiskOptions;

const all = leaves(DEFAULT_RISK_CONFIG).filter(([path]) => path[0] !== 'profile');
const numbers = all.filter(([, value]) => typeof value === 'number');
const texts = all.filter(([, value]) => typeof value === 'string');

describe('resolveRiskConfig', () => {
  it('RE-12: gives the documented defaults, and no threshold is anywhere else', () => {
    expect(resolveRiskConfig()).toEqual(DEFAULT_RISK_CONFIG);
    expect(DEFAULT_RISK_CONFIG).toMatchObject({
      policyRisk: { criticalMin: 0.98, elevatedMin: 0.85 },
      blueprint: { quarantineMin: 0.8, elevatedMin: 0.5 },
      loss: { spikeMax: 0.15, warningRatio: 0.5, volatilityRatio: 0.75 },
      latency: { hookMsMax: 50, stepMsMax: 120, applyMsMax: 30, finalizeMsMax: 30 },
      device: { gpuUtilPercentMin: 95, gpuFreeGbMax: 0.2, cpuUtilPercentMin: 95 },
      optimizer: { gradVarianceMax: 1, gradConflictRateMax: 0.5, learningRateMax: 0 },
      conservative: { goodDecisionsMin: 20, dwellMs: 600_000 },
    });
  });

  it('starts from a profile by name', () => {
    expect(resolveRiskConfig({ profile: 'harness' })).toEqual(HARNESS_RISK_CONFIG);
    expect(() => resolveRiskConfig({ profile: 'nope' as 'harness' })).toThrow(
      'profile must be one of default, harness, got nope',
    );
    expect(() => resolveRiskConfig({ profile: 'constructor' as 'harness' })).toThrow(RangeError);
  });

  it.each(numbers)('refuses NaN, infinity and a negative for %j, by name', (path) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, -1, '5', null]) {
      expect(() => resolveRiskConfig(nested(path, bad))).toThrow(`risk option ${path.join('.')} must be`);
    }
  });

  it.each(texts)('refuses what is no text for %j, by name', (path) => {
    for (const bad of ['', 5])
      expect(() => resolveRiskConfig(nested(path, bad))).toThrow(`risk option ${path.join('.')} must be`);
  });

  it('says range and value', () => {
    expect(() => resolveRiskConfig({ policyRisk: { criticalMin: 1.5 } })).toThrow(
      'risk option policyRisk.criticalMin must be a finite number from 0 to 1, got 1.5',
    );
    expect(() => resolveRiskConfig({ conservative: { goodDecisionsMin: 2.5 } })).toThrow(
      'must be a whole number from 0',
    );
    expect(() => resolveRiskConfig({ evaluators: { loss: 'maybe' as 'off' } })).toThrow(
      'must be one of off, shadow, enforce, got maybe',
    );
  });

  it('refuses names it does not know, at any depth', () => {
    expect(() => resolveRiskConfig({ lose: {} } as RiskOptions)).toThrow('risk option lose is not known');
    expect(() => resolveRiskConfig({ loss: { spikeMx: 1 } } as RiskOptions)).toThrow(
      'risk option loss.spikeMx is not known',
    );
    expect(() => resolveRiskConfig({ loss: 3 } as unknown as RiskOptions)).toThrow(
      'risk option loss must be a group of options, got 3',
    );
    expect(() => resolveRiskConfig({ breakers: { inference: { colour: 1 } } } as unknown as RiskOptions)).toThrow(
      'breakers.inference.colour',
    );
  });

  it('keeps relations between options', () => {
    expect(() => resolveRiskConfig({ policyRisk: { elevatedMin: 0.99 } })).toThrow(
      'policyRisk.elevatedMin (0.99) must not exceed policyRisk.criticalMin (0.98)',
    );
    expect(() => resolveRiskConfig({ coverage: { criticalMax: 0.5 } })).toThrow(
      'coverage.criticalMax (0.5) must not exceed coverage.warnMin (0.3)',
    );
    expect(() => resolveRiskConfig({ multiSignal: { levels: { yellow: 0.6 } } })).toThrow('multiSignal.levels.yellow');
    expect(() => resolveRiskConfig({ blueprint: { elevatedMin: 0.9 } })).toThrow('blueprint.elevatedMin');
    expect(() => resolveRiskConfig({ adaptive: { unstableMax: 0.9 } })).toThrow('adaptive.unstableMax');
  });

  it('CM-16: adds breakers of the host by name, from the default limits', () => {
    const config = resolveRiskConfig({ breakers: { bus: { failuresMax: 7 } } });
    expect(config.breakers['bus']).toMatchObject({ failuresMax: 7, cooldownMs: 100 });
    expect(initialRiskState(config).breakers['bus']).toMatchObject({ kind: 'closed' });
    expect(() => resolveRiskConfig({ breakers: { bus: { failuresMax: 0 } } })).toThrow(
      'breakers.bus.failuresMax must be a whole number from 1',
    );
  });

  it('an undefined field is a field not given, null switches a limit off where off is the default', () => {
    expect(resolveRiskConfig({ loss: { spikeMax: undefined } } as unknown as RiskOptions)).toEqual(DEFAULT_RISK_CONFIG);
    expect(resolveRiskConfig({ breakers: { inference: { slowCallMs: null } } })).toEqual(DEFAULT_RISK_CONFIG);
    expect(resolveRiskConfig({ breakers: { inference: { slowCallMs: 9 } } }).breakers['inference']?.slowCallMs).toBe(9);
  });

  it('freezes the result whole and leaves what was given alone', () => {
    const given = { loss: { spikeMax: 0.2 } };
    const config = resolveRiskConfig(given);
    expect(Object.isFrozen(given.loss)).toBe(false);
    expect(() => Object.assign(config.loss, { spikeMax: 9 })).toThrow(TypeError);
    expect(Object.isFrozen(config.breakers['inference'])).toBe(true);
  });

  it('the canonical form has sorted keys and leaves the digest out', () => {
    const text = canonicalRiskConfig(resolveRiskConfig({ digest: 'ff' }));
    expect(text).toBe(canonicalRiskConfig(DEFAULT_RISK_CONFIG));
    expect(Object.keys(JSON.parse(text) as object)).toEqual(Object.keys(JSON.parse(text) as object).sort());
    expect(canonicalRiskConfig(HARNESS_RISK_CONFIG)).not.toBe(text);
  });
});

const fresh = initialRiskState(DEFAULT_RISK_CONFIG);
const typeUnder = (options: RiskOptions, input: RiskInput): string =>
  assess(fresh, input, resolveRiskConfig(options)).command.commandType;
const blueprint = (risk: number) => calmInput({ blueprint: { kind: 'known', descriptor: calmBlueprint({ risk }) } });
const score = (riskScore: number) => calmInput({ policy: { riskScore, version: 'p' } });

/** Each threshold: an option that moves it, an input it judges, and the command before and after. */
const EFFECTS: readonly (readonly [string, RiskOptions, RiskInput, string, string])[] = [
  ['policyRisk.criticalMin', { policyRisk: { criticalMin: 0.9 } }, score(0.95), 'OPTIMIZER', 'PAUSE'],
  ['policyRisk.elevatedMin', { policyRisk: { elevatedMin: 0.3 } }, score(0.4), 'SEED', 'OPTIMIZER'],
  ['blueprint.quarantineMin', { blueprint: { quarantineMin: 0.6 } }, blueprint(0.7), 'OPTIMIZER', 'PAUSE'],
  ['blueprint.elevatedMin', { blueprint: { elevatedMin: 0.2 } }, blueprint(0.3), 'SEED', 'OPTIMIZER'],
  ['loss.spikeMax', { loss: { spikeMax: 0.09 } }, inputWith({ loss_delta: 0.1 }), 'OPTIMIZER', 'PAUSE'],
  ['loss.warningRatio', { loss: { warningRatio: 0.1 } }, inputWith({ loss_delta: 0.05 }), 'SEED', 'OPTIMIZER'],
  [
    'loss.volatilityRatio',
    { loss: { volatilityRatio: 0.1 } },
    inputWith({ loss_volatility: 0.05 }),
    'SEED',
    'OPTIMIZER',
  ],
  ['latency.hookMsMax', { latency: { hookMsMax: 5 } }, inputWith({ hook_latency_ms: 9 }), 'SEED', 'PAUSE'],
  ['latency.stepMsMax', { latency: { stepMsMax: 5 } }, inputWith({ step_latency_ms: 9 }), 'SEED', 'PAUSE'],
  ['latency.applyMsMax', { latency: { applyMsMax: 5 } }, inputWith({ 'kasmina.apply_ms': 9 }), 'SEED', 'OPTIMIZER'],
  [
    'latency.finalizeMsMax',
    { latency: { finalizeMsMax: 5 } },
    inputWith({ 'kasmina.finalize_ms': 9 }),
    'SEED',
    'OPTIMIZER',
  ],
  [
    'isolation.violationsMax',
    { isolation: { violationsMax: 3 } },
    inputWith({ 'kasmina.isolation.violations': 2 }),
    'PAUSE',
    'SEED',
  ],
  [
    'device.gpuUtilPercentMin',
    { device: { gpuUtilPercentMin: 50 } },
    inputWith({ gpu_util_percent: 60, gpu_mem_free_gb: 0 }),
    'SEED',
    'PAUSE',
  ],
  [
    'device.gpuFreeGbMax',
    { device: { gpuFreeGbMax: 2 } },
    inputWith({ gpu_util_percent: 99, gpu_mem_free_gb: 1 }),
    'SEED',
    'PAUSE',
  ],
  [
    'device.cpuUtilPercentMin',
    { device: { cpuUtilPercentMin: 50 } },
    inputWith({ cpu_util_percent: 60 }),
    'SEED',
    'OPTIMIZER',
  ],
  [
    'optimizer.gradVarianceMax',
    { optimizer: { gradVarianceMax: 0.1 } },
    inputWith({ grad_var: 0.5 }),
    'SEED',
    'OPTIMIZER',
  ],
  [
    'optimizer.gradConflictRateMax',
    { optimizer: { gradConflictRateMax: 0.1 } },
    inputWith({ grad_conflict_rate: 0.3 }),
    'SEED',
    'OPTIMIZER',
  ],
  [
    'optimizer.learningRateMax',
    { optimizer: { learningRateMax: 0.1 }, loss: { spikeMax: 1, warningRatio: 0.01 }, evaluators: { loss: 'off' } },
    inputWith({ optimizer_lr: 0.05, loss_delta: 0.06 }),
    'SEED',
    'OPTIMIZER',
  ],
  [
    'coverage.criticalMax',
    { coverage: { criticalMax: 0.25 } },
    calmInput({ coverage: { ratio: 0.2, byType: {}, missing: 0 } }),
    'SEED',
    'PAUSE',
  ],
];

describe('each option', () => {
  it.each(EFFECTS)('%s changes what is decided', (_name, options, input, before, after) => {
    expect([typeUnder({}, input), typeUnder(options, input)]).toEqual([before, after]);
  });

  it('downgradeOptimizerId names the optimizer', () => {
    const { command } = assess(fresh, inputWith({ grad_var: 5 }), resolveRiskConfig({ downgradeOptimizerId: 'adamw' }));
    expect(command.optimizerAdjustment?.optimizerId).toBe('adamw');
  });

  it('coverage.warnMin decides from where it is announced', () => {
    const input = calmInput({ coverage: { ratio: 0.5, byType: {}, missing: 0 } });
    const count = (options: RiskOptions) =>
      assess(fresh, input, resolveRiskConfig(options)).events.filter(
        ({ description }) => description === 'degraded_inputs',
      ).length;
    expect([count({}), count({ coverage: { warnMin: 0.6 } })]).toEqual([0, 1]);
  });

  it('signals.*.ageMsMax decides when an absent signal becomes unknown', () => {
    const seen = assess(fresh, inputWith({ grad_var: 0.1 }), DEFAULT_RISK_CONFIG).state;
    const later = calmInput({ at: momentAt(2_000) });
    const strict = resolveRiskConfig({ signals: { grad_var: { ageMsMax: 1_000 } } });
    expect([assess(seen, later, DEFAULT_RISK_CONFIG), assess(seen, later, strict)].map(({ reason }) => reason)).toEqual(
      ['policy', 'signal_unknown'],
    );
  });

  it('signals.*.presence decides whether absence is neutral', () => {
    const required = resolveRiskConfig({ signals: { loss_delta: { presence: 'required' } } });
    const { validationLoss: _gone, ...packet } = calmPacket();
    expect(assess(fresh, calmInput({ packet }), required).reason).toBe('signal_unknown');
    expect(assess(fresh, calmInput({ packet }), DEFAULT_RISK_CONFIG).reason).toBe('policy');
  });
});
