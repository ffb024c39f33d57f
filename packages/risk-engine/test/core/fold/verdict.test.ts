import { describe, expect, it } from 'vitest';
import { assessWith } from '../../../src/core/assess.js';
import { EVALUATORS } from '../../../src/core/evaluators/table.js';
import { finding, type RawFinding } from '../../../src/core/finding.js';
import { publish } from '../../../src/core/fold/verdict.js';
import { assess, carefulnessOf, initialRiskState, type RiskOptions, resolveRiskConfig } from '../../../src/index.js';
import { calmBlueprint, calmInput, inputWith, seedDraft } from '../../../src/testing.js';

const config = resolveRiskConfig();
const fresh = initialRiskState(config);

describe('the order of findings', () => {
  it('among equals the place in the table decides, not the place among the findings of one evaluator', () => {
    const { reasons } = assess(fresh, inputWith({ step_latency_ms: 999, 'kasmina.isolation.violations': 1 }), config);
    expect(reasons).toEqual(['step_latency_high', 'isolation_violation']);
  });

  it('RE-09: three equals stand in table order, whatever the order of evaluation', () => {
    const input = inputWith({ loss_volatility: 9, grad_var: 9, grad_conflict_rate: 9, cpu_util_percent: 99 });
    for (const table of [EVALUATORS, EVALUATORS.toReversed()]) {
      expect(assessWith(table, fresh, { input, config }).reasons).toEqual([
        'cpu_pressure_high',
        'loss_volatility_high',
        'grad_variance_high',
        'grad_conflict_high',
      ]);
    }
  });

  it('an unopposed proposal has one reason and no finding that acts', () => {
    const { reasons, deciding, changed } = assess(fresh, calmInput(), config);
    expect([reasons, deciding, changed]).toEqual([['policy'], undefined, false]);
  });
});

describe('numbers in words', () => {
  const because = (spikeMax: number, delta: number): string | undefined => {
    const options: RiskOptions = { loss: { spikeMax } };
    const given = resolveRiskConfig(options);
    return assess(fresh, inputWith({ loss_delta: delta }), given).deciding?.counterfactual?.split(';')[0];
  };

  it('six digits after the point, and six significant ones below 1', () => {
    expect(because(0.15, 1 / 3)).toBe('loss_delta 0.333333 > 0.15');
    expect(because(0.00012345678, 0.00098765432)).toBe('loss_delta 0.000987654 > 0.000123457');
    expect(because(1, 123456.1234567)).toBe('loss_delta 123456.123457 > 1');
    expect(because(0, 1e-7)).toBe('loss_delta 1e-7 > 0');
  });

  it('in full where rounding would make value and threshold look equal', () => {
    expect(because(0.15, Math.fround(0.15))).toBe('loss_delta 0.15000000596046448 > 0.15');
  });
});

describe('how careful a command is', () => {
  it('a breaker counts as opened only by a breaker command that says so', () => {
    const { seedOperation: _seed, ...bare } = seedDraft();
    const circuitBreaker = { desiredState: 'OPEN', rationale: '' } as const;
    expect(carefulnessOf({ ...bare, commandType: 'CIRCUIT_BREAKER' })).toBe(0);
    expect(carefulnessOf({ ...bare, commandType: 'CIRCUIT_BREAKER', circuitBreaker })).toBe(2);
    expect(carefulnessOf({ ...bare, commandType: 'OPTIMIZER', circuitBreaker })).toBe(1);
  });
});

describe('the final command', () => {
  it('keeps what the proposal says of its decision, and says of the risk what it knows and no more', () => {
    const decision = { coverage: 0.5 } as never;
    const { command } = assess(fresh, calmInput({ draft: seedDraft({ decision }) }), config);
    expect(command.decision).toMatchObject({ coverage: 0.5, risk: { reason: 'policy' } });
    expect(Object.keys(command.decision?.risk ?? {})).toEqual(['reason', 'reasons', 'conservative', 'changed']);
    expect(Object.keys(assess(fresh, calmInput(), config).command.decision ?? {})).toEqual(['risk']);
  });

  it('annotates what the sheet says and nothing it does not say', () => {
    const descriptor = calmBlueprint({ sheet: { signature: 'valid', riskScore: Number.POSITIVE_INFINITY } });
    const { annotations } = assess(fresh, calmInput({ blueprint: { kind: 'known', descriptor } }), config).command;
    expect(Object.keys(annotations).sort()).toEqual([
      'blueprint_risk',
      'blueprint_stage',
      'blueprint_tier',
      'bsds_risk',
      'risk_reason',
    ]);
    expect([annotations['blueprint_risk'], annotations['bsds_risk']]).toEqual(['inf', 'inf']);
  });

  it('says why it refuses a proposal without a type', () => {
    const draft = { ...seedDraft(), commandType: 'UNKNOWN' as const };
    expect(() => assess(fresh, calmInput({ draft }), config)).toThrow('the policy proposed a command of type UNKNOWN');
  });
});

describe('a finding that compares no two numbers, in words', () => {
  const raw = (more: Partial<RawFinding>): RawFinding =>
    finding({
      signal: 'alpha',
      verdict: 'fail',
      mitigation: 'pause',
      reason: 'because',
      level: 'WARNING',
      event: null,
      ...more,
    });
  const wordsFor = (more: Partial<RawFinding>) => {
    const entry = { evaluator: 'loss' as const, raw: raw(more), enforced: true, index: 0 };
    return publish(entry, [entry], seedDraft()).counterfactual;
  };

  it.each<[Partial<RawFinding>, string]>([
    [{ value: 0.5, threshold: null, comparison: '>' }, 'alpha is 0.5; otherwise it would have stayed SEED'],
    [{ value: 0.5, threshold: 'off', comparison: '=' }, 'alpha is 0.5; otherwise it would have stayed SEED'],
    [{ value: null, threshold: 0.4, comparison: '>' }, 'alpha; otherwise it would have stayed SEED'],
    [{ value: 'high', threshold: 0.4, comparison: '>' }, 'alpha is high; otherwise it would have stayed SEED'],
    [{ value: 0.5, threshold: 0.4, comparison: null }, 'alpha is 0.5; otherwise it would have stayed SEED'],
    [{ value: 0.5, threshold: 0.4, comparison: '>' }, 'alpha 0.5 > 0.4; at 0.4 it would have stayed SEED'],
  ])('%j', (more, words) => {
    expect(wordsFor(more)).toBe(words);
  });
});
