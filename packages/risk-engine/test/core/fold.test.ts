import { describe, expect, it } from 'vitest';
import { assessWith } from '../../src/core/assess.js';
import { EVALUATORS } from '../../src/core/evaluators/table.js';
import {
  assess,
  CATALOGUE_EVALUATORS,
  carefulnessOf,
  EVALUATOR_NAMES,
  HARNESS_RISK_CONFIG,
  initialRiskState,
  resolveRiskConfig,
} from '../../src/index.js';
import { calmBlueprint, calmInput, calmPacket, inputWith, seedDraft } from '../../src/testing.js';

const config = resolveRiskConfig();
const fresh = initialRiskState(config);

describe('the table', () => {
  it('RE-01: holds the eleven evaluators of the catalogue in order, then those beyond it', () => {
    expect(EVALUATORS.map(({ name }) => name)).toEqual(EVALUATOR_NAMES);
    expect(EVALUATOR_NAMES.slice(0, 11)).toEqual(CATALOGUE_EVALUATORS);
    expect(CATALOGUE_EVALUATORS).toHaveLength(11);
  });
});

describe('the fold', () => {
  const many = () =>
    calmInput({
      packet: calmPacket({ trainingMetrics: { step_latency_ms: 130, optimizer_lr: 0, loss_delta: 0.1, grad_var: 9 } }),
      blueprint: {
        kind: 'known',
        descriptor: calmBlueprint({ risk: 0.6, sheet: { hazardBand: 'CRITICAL', signature: 'valid' } }),
      },
    });

  it('RE-09: a mild reason that comes later never hides a grave one', () => {
    const assessment = assess(fresh, many(), config);
    expect(assessment.command.commandType).toBe('PAUSE');
    expect(assessment.reason).toBe('bsds_hazard_critical');
    expect(assessment.reasons).toEqual([
      'bsds_hazard_critical',
      'step_latency_high',
      'blueprint_risk',
      'loss_warning',
      'grad_variance_high',
      'optimizer_hint',
    ]);
  });

  it('RE-03: every reason is kept and the deciding finding is named, with value and threshold', () => {
    const { deciding, command } = assess(fresh, inputWith({ hook_latency_ms: 60.5, grad_var: 2 }), config);
    expect(deciding).toMatchObject({
      evaluator: 'latency',
      signal: 'hook_latency_ms',
      value: 60.5,
      threshold: 50,
      comparison: '>',
      margin: 10.5,
      verdict: 'fail',
      mitigation: 'pause',
      enforced: true,
    });
    expect(command.decision?.risk).toEqual({
      reason: 'hook_budget',
      reasons: ['hook_budget', 'grad_variance_high'],
      conservative: false,
      changed: true,
    });
  });

  it('RE-05: without any finding the reason is policy, and it is annotated', () => {
    const { command, reason, changed, deciding } = assess(fresh, calmInput(), config);
    expect([command.annotations['risk_reason'], reason, changed, deciding]).toEqual([
      'policy',
      'policy',
      false,
      undefined,
    ]);
  });

  it('RE-04: a reason that came with the proposal is not believed', () => {
    const draft = seedDraft({ annotations: { risk_reason: 'trust me' } });
    expect(assess(fresh, calmInput({ draft }), config).command.annotations['risk_reason']).toBe('policy');
  });

  it('RE-06: a downgrade replaces the payload and keeps the target seed', () => {
    const { command } = assess(fresh, inputWith({ grad_var: 2 }), config);
    expect(command).toMatchObject({
      commandType: 'OPTIMIZER',
      targetSeedId: 'seed-1',
      optimizerAdjustment: { optimizerId: 'sgd', hyperparameters: {} },
    });
    expect(command).not.toHaveProperty('seedOperation');
  });

  it('RE-07: a pause changes the type alone', () => {
    const { command } = assess(fresh, inputWith({ hook_latency_ms: 60 }), config);
    expect(command).toMatchObject({
      commandType: 'PAUSE',
      targetSeedId: 'seed-1',
      seedOperation: seedDraft().seedOperation,
    });
  });

  it('a proposal that is graver than what is asked for stands, and the reason is named all the same', () => {
    const { seedOperation: _seed, ...bare } = seedDraft();
    for (const commandType of ['ROLLBACK', 'EMERGENCY'] as const) {
      const result = assess(fresh, inputWith({ hook_latency_ms: 60 }, { draft: { ...bare, commandType } }), config);
      expect([result.command.commandType, result.reason, result.changed]).toEqual([commandType, 'hook_budget', false]);
    }
  });

  it('refuses a proposal without a type', () => {
    const draft = { ...seedDraft(), commandType: 'UNKNOWN' as const };
    expect(() => assess(fresh, calmInput({ draft }), config)).toThrow(
      expect.objectContaining({ code: 'RISK_COMMAND_UNKNOWN', name: 'RiskError' }),
    );
  });

  it('orders commands as one scale says: opening a breaker lies between optimizer and pause', () => {
    const { seedOperation: _seed, ...bare } = seedDraft();
    const breaker = (desiredState: 'OPEN' | 'CLOSED' | 'HALF_OPEN') =>
      carefulnessOf({ ...bare, commandType: 'CIRCUIT_BREAKER', circuitBreaker: { desiredState, rationale: '' } });
    const of = (commandType: 'SEED' | 'STRUCTURAL_PRUNING' | 'OPTIMIZER' | 'PAUSE' | 'ROLLBACK' | 'EMERGENCY') =>
      carefulnessOf({ ...bare, commandType });
    expect([of('SEED'), of('STRUCTURAL_PRUNING'), breaker('CLOSED'), breaker('HALF_OPEN')]).toEqual([0, 0, 0, 0]);
    expect([of('OPTIMIZER'), breaker('OPEN'), of('PAUSE'), of('ROLLBACK'), of('EMERGENCY')]).toEqual([1, 2, 3, 4, 5]);
  });

  it('RE-70: every decision has its reason as an event too, also when nothing was found', () => {
    expect(assess(fresh, calmInput(), config).decisionEvent).toEqual({
      description: 'risk_decision',
      level: 'INFO',
      attributes: { reason: 'policy', command: 'SEED', proposed: 'SEED' },
    });
    expect(assess(fresh, inputWith({ hook_latency_ms: 60 }), config).decisionEvent.attributes).toEqual({
      reason: 'hook_budget',
      command: 'PAUSE',
      proposed: 'SEED',
      because: 'hook_latency_ms 60 > 50; at 50 it would have stayed SEED',
    });
  });

  it('copies the configuration digest into the command when the host gave one', () => {
    const digest = 'ab'.repeat(32);
    const { command } = assess(fresh, calmInput(), resolveRiskConfig({ digest }));
    expect(command.decision?.risk?.configDigest).toBe(digest);
  });

  it('RE-10: changes neither its input nor the state it was given', () => {
    const deepFreeze = <T>(value: T): T => {
      if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
      return value;
    };
    expect(() => assess(deepFreeze(fresh), deepFreeze(many()), config)).not.toThrow();
  });
});

describe('counterfactuals', () => {
  it.each([
    [{ loss_delta: 0.18 }, 'loss_delta 0.18 > 0.15; at 0.15 it would have become OPTIMIZER'],
    [{ grad_var: 1.5 }, 'grad_var 1.5 > 1; at 1 it would have stayed SEED'],
    [{ cpu_util_percent: 97 }, 'cpu_util_percent 97 >= 95; below 95 it would have stayed SEED'],
    [{ hook_latency_ms: 60, grad_var: 2 }, 'hook_latency_ms 60 > 50; at 50 it would have become OPTIMIZER'],
    [{ hook_latency_ms: Number.NaN }, 'hook_latency_ms is no evidence; with a good value it would have stayed SEED'],
  ])('%j: %s', (metrics, text) => {
    expect(assess(fresh, inputWith(metrics), config).deciding?.counterfactual).toBe(text);
  });
});

describe('modes of an evaluator', () => {
  const modeOf = (mode: 'off' | 'shadow' | 'enforce') =>
    assess(fresh, inputWith({ hook_latency_ms: 60 }), resolveRiskConfig({ evaluators: { latency: mode } }));

  it('shadow evaluates and records, says so, and changes nothing', () => {
    const shadow = modeOf('shadow');
    expect([shadow.command.commandType, shadow.reason]).toEqual(['SEED', 'policy']);
    expect(shadow.findings.find(({ reason }) => reason === 'hook_budget')).toMatchObject({
      enforced: false,
      mitigation: 'pause',
      counterfactual: 'hook_latency_ms 60 > 50; in shadow, it would have asked for: pause',
    });
    expect(shadow.events.map(({ description }) => description)).not.toContain('hook_budget');
    expect(shadow.events.find(({ description }) => description === 'shadow_finding')).toMatchObject({
      level: 'INFO',
      attributes: { evaluator: 'latency', reason: 'hook_budget', would: 'pause' },
    });
  });

  it('shadow and enforce find the same, but for one bit', () => {
    const strip = ({ findings }: ReturnType<typeof modeOf>) =>
      findings.map(({ enforced: _enforced, counterfactual: _text, ...rest }) => rest);
    expect(strip(modeOf('shadow'))).toEqual(strip(modeOf('enforce')));
  });

  it('facts that an evaluator in shadow would state are not stated', () => {
    const blueprint = {
      kind: 'known' as const,
      descriptor: calmBlueprint({ sheet: { hazardBand: 'LOW', signature: 'valid' } }),
    };
    const told = (mode: 'shadow' | 'enforce') =>
      assess(fresh, calmInput({ blueprint }), resolveRiskConfig({ evaluators: { safety_sheet: mode } })).events.map(
        ({ description }) => description,
      );
    expect(told('enforce')).toContain('bsds_present');
    expect(told('shadow')).not.toContain('bsds_present');
  });

  it('G-01, G-06: by default the catalogue is enforced, and what is beyond it is in shadow or off', () => {
    const { profile, evaluators, pauseQuota } = resolveRiskConfig();
    expect([profile, HARNESS_RISK_CONFIG.profile]).toEqual(['default', 'harness']);
    expect(pauseQuota.mode).toBe('shadow');
    expect(evaluators).toEqual({
      ...Object.fromEntries(CATALOGUE_EVALUATORS.map((name) => [name, 'enforce'])),
      multi_signal: 'shadow',
      validation: 'off',
      rollback: 'shadow',
    });
  });

  it('off does not evaluate', () => {
    expect(modeOf('off').findings.map(({ evaluator }) => evaluator)).not.toContain('latency');
  });

  it('a finding in shadow does not enter conservative mode', () => {
    const shadow = resolveRiskConfig({ evaluators: { loss: 'shadow' } });
    expect(assess(fresh, inputWith({ loss_delta: 9 }), shadow).state.mode.kind).toBe('off');
  });
});

describe('an evaluator that throws', () => {
  const broken = EVALUATORS.map((evaluator) =>
    evaluator.name === 'loss'
      ? {
          ...evaluator,
          evaluate: () => {
            throw new Error('division by cucumber');
          },
        }
      : evaluator,
  );

  it('counts as the worst it could have said, and is announced', () => {
    const result = assessWith(broken, fresh, { input: calmInput(), config });
    expect([result.command.commandType, result.reason, result.state.mode.kind]).toEqual([
      'PAUSE',
      'evaluator_error',
      'on',
    ]);
    expect(result.events.find(({ description }) => description === 'evaluator_error')).toEqual({
      description: 'evaluator_error',
      level: 'CRITICAL',
      attributes: { evaluator: 'loss', error: 'division by cucumber' },
    });
    expect(result.deciding?.verdict).toBe('error');
  });

  it('a thrown thing that is no error is named too', () => {
    const odd = EVALUATORS.map((evaluator) =>
      evaluator.name === 'latency'
        ? {
            ...evaluator,
            evaluate: () => {
              throw 'just text';
            },
          }
        : evaluator,
    );
    const result = assessWith(odd, fresh, { input: calmInput(), config });
    expect(result.deciding?.attributes).toEqual({ evaluator: 'latency', error: 'just text' });
  });
});
