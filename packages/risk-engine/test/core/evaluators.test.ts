import type { BlueprintDescriptor, CommandType, SafetySheet } from '@esper/leyline';
import { describe, expect, it } from 'vitest';
import {
  type Assessment,
  assess,
  DEFAULT_RISK_CONFIG,
  initialRiskState,
  type RiskInput,
  resolveRiskConfig,
} from '../../src/index.js';
import { calmBlueprint, calmInput, calmPacket, inputWith, seedDraft } from '../../src/testing.js';

const config = resolveRiskConfig({ evaluators: { multi_signal: 'off', validation: 'off', rollback: 'off' } });
const fresh = initialRiskState(config);
const run = (input: RiskInput): Assessment => assess(fresh, input, config);
const draftOf = (commandType: CommandType) => {
  const { seedOperation: _seed, ...bare } = seedDraft();
  return commandType === 'SEED' ? seedDraft() : { ...bare, commandType };
};
const withScore = (riskScore: number, commandType: CommandType = 'SEED') =>
  run(calmInput({ draft: draftOf(commandType), policy: { riskScore, riskIndex: 3, version: 'p' } }));
const withBlueprint = (over: Partial<BlueprintDescriptor>, commandType: CommandType = 'SEED') =>
  run(calmInput({ draft: draftOf(commandType), blueprint: { kind: 'known', descriptor: calmBlueprint(over) } }));
const withSheet = (sheet: Partial<SafetySheet>, commandType: CommandType = 'SEED') =>
  withBlueprint({ sheet: { signature: 'unchecked', ...sheet } }, commandType);
const withDelta = (delta: number, commandType: CommandType = 'SEED', more: Record<string, number> = {}) =>
  run(
    calmInput({ draft: draftOf(commandType), packet: calmPacket({ trainingMetrics: { ...more, loss_delta: delta } }) }),
  );
const names = (assessment: Assessment) => assessment.events.map(({ description }) => description);
const event = (assessment: Assessment, name: string) =>
  assessment.events.find(({ description }) => description === name);
const summary = ({ command, reason, state }: Assessment) => [command.commandType, reason, state.mode.kind];

describe('policy risk', () => {
  it('RE-20: a readable score is announced with three decimals and its index', () => {
    expect(event(withScore(0.0625), 'policy_risk_signal')).toEqual({
      description: 'policy_risk_signal',
      level: 'INFO',
      attributes: { score: '0.062', index: '3' },
    });
  });

  it('RE-21: from 0.98 on the command is paused and conservative mode entered', () => {
    expect(summary(withScore(0.98))).toEqual(['PAUSE', 'policy_risk_critical', 'on']);
    expect(event(withScore(0.98), 'policy_risk_critical')).toMatchObject({
      level: 'CRITICAL',
      attributes: { score: '0.980' },
    });
    expect(summary(withScore(0.98, 'OPTIMIZER'))).toEqual(['PAUSE', 'policy_risk_critical', 'on']);
  });

  it('RE-22: from 0.85 on a SEED is downgraded, other commands are not', () => {
    expect(summary(withScore(0.9799999))).toEqual(['OPTIMIZER', 'policy_risk_elevated', 'off']);
    expect(summary(withScore(0.85))).toEqual(['OPTIMIZER', 'policy_risk_elevated', 'off']);
    expect(summary(withScore(0.8499999))).toEqual(['SEED', 'policy', 'off']);
    expect(summary(withScore(0.85, 'STRUCTURAL_PRUNING'))).toEqual(['STRUCTURAL_PRUNING', 'policy', 'off']);
  });

  it('a policy past its validity may not change structure', () => {
    const policy = { riskScore: 0.1, version: 'p', expired: true };
    expect(summary(run(calmInput({ policy })))).toEqual(['PAUSE', 'policy_expired', 'off']);
    expect(summary(run(calmInput({ policy, draft: draftOf('STRUCTURAL_PRUNING') })))[0]).toBe('PAUSE');
    expect(summary(run(calmInput({ policy, draft: draftOf('OPTIMIZER') })))[0]).toBe('OPTIMIZER');
  });

  it('the index is shown as it came: truncated, as text, or 0', () => {
    const indexOf = (riskIndex: number | string | undefined) =>
      event(
        run(calmInput({ policy: { riskScore: 0.1, version: 'p', ...(riskIndex === undefined ? {} : { riskIndex }) } })),
        'policy_risk_signal',
      )?.attributes['index'];
    expect([2.9, 'x', undefined, Number.NaN].map(indexOf)).toEqual(['2', 'x', '0', 'NaN']);
  });
});

describe('blueprint risk', () => {
  it('RE-28: tier, stage and risk are annotated, in place of what claimed to be there', () => {
    const draft = seedDraft({ annotations: { blueprint_risk: '0.01', blueprint_tier: 'x', kept: 'yes' } });
    const { annotations } = run(calmInput({ draft })).command;
    expect(annotations).toEqual({
      kept: 'yes',
      blueprint_tier: 'BLUEPRINT_TIER_SAFE',
      blueprint_stage: '1',
      blueprint_risk: '0.10',
      risk_reason: 'policy',
    });
  });

  it('RE-29: quarantine by decree or from a risk of 0.8 on pauses and enters the mode', () => {
    expect(summary(withBlueprint({ quarantineOnly: true, risk: 0 }))).toEqual(['PAUSE', 'bp_quarantine', 'on']);
    expect(summary(withBlueprint({ risk: 0.8 }))).toEqual(['PAUSE', 'bp_quarantine', 'on']);
    expect(event(withBlueprint({ risk: 0.8 }), 'bp_quarantine')).toMatchObject({
      level: 'CRITICAL',
      attributes: { tier: 'BLUEPRINT_TIER_SAFE' },
    });
    expect(summary(withBlueprint({ risk: 0.8 }, 'OPTIMIZER'))).toEqual(['PAUSE', 'bp_quarantine', 'on']);
  });

  it('RE-30: from 0.5 on a SEED is downgraded', () => {
    expect(summary(withBlueprint({ risk: 0.5 }))).toEqual(['OPTIMIZER', 'blueprint_risk', 'off']);
    expect(event(withBlueprint({ risk: 0.625 }), 'blueprint_risk')?.attributes).toEqual({ risk: '0.62' });
    expect(summary(withBlueprint({ risk: 0.4999 }))).toEqual(['SEED', 'policy', 'off']);
    expect(summary(withBlueprint({ risk: 0.5 }, 'OPTIMIZER'))).toEqual(['OPTIMIZER', 'policy', 'off']);
  });

  it('a blueprint that needs approval holds a SEED and nothing else', () => {
    expect(summary(withBlueprint({ approvalRequired: true }))).toEqual(['PAUSE', 'blueprint_approval_required', 'off']);
    expect(summary(withBlueprint({ approvalRequired: true }, 'OPTIMIZER'))[0]).toBe('OPTIMIZER');
  });

  it('a blueprint that is missing, or was never looked up, holds the command', () => {
    const missing = run(calmInput({ blueprint: { kind: 'missing', blueprintId: 'bp-x' } }));
    expect(summary(missing)).toEqual(['PAUSE', 'blueprint_missing', 'off']);
    expect(event(missing, 'blueprint_missing')).toMatchObject({
      level: 'CRITICAL',
      attributes: { blueprint_id: 'bp-x' },
    });
    expect(summary(run(calmInput({ blueprint: { kind: 'none' } })))).toEqual(['PAUSE', 'blueprint_missing', 'off']);
  });

  it('ending a seed needs no blueprint', () => {
    for (const operation of ['CULL', 'CANCEL'] as const) {
      const draft = seedDraft({ seedOperation: { operation, blueprintId: 'bp-x', parameters: {} } });
      expect(summary(run(calmInput({ draft, blueprint: { kind: 'none' } })))[0]).toBe('SEED');
    }
  });
});

describe('safety sheet', () => {
  it('RE-31: what the sheet says is announced and annotated', () => {
    const sheet = {
      hazardBand: 'LOW',
      handlingClass: 'standard',
      resourceProfile: 'gpu',
      provenance: 'urabrask',
      riskScore: 1e-5,
    } as const;
    const assessment = withSheet(sheet);
    expect(event(assessment, 'bsds_present')?.attributes).toEqual({
      hazard: 'LOW',
      risk: '1e-05',
      provenance: 'urabrask',
    });
    expect(assessment.command.annotations).toMatchObject({
      bsds_hazard_band: 'LOW',
      bsds_handling_class: 'standard',
      bsds_resource_profile: 'gpu',
      bsds_provenance: 'urabrask',
      bsds_risk: '0.00',
    });
    expect(names(withBlueprint({}))).not.toContain('bsds_present');
    expect(event(withSheet({}), 'bsds_present')?.attributes).toEqual({ hazard: '', risk: '', provenance: '' });
  });

  it('RE-32: handling class quarantine pauses and enters the mode, in any case', () => {
    for (const handlingClass of ['quarantine', 'QUARANTINE'] as const) {
      const assessment = withSheet({ handlingClass: handlingClass as 'quarantine', provenance: 'u' }, 'OPTIMIZER');
      expect(summary(assessment)).toEqual(['PAUSE', 'bsds_handling_quarantine', 'on']);
      expect(event(assessment, 'bsds_handling_quarantine')).toMatchObject({
        level: 'CRITICAL',
        attributes: { handling: 'quarantine', provenance: 'u' },
      });
    }
    expect(summary(withSheet({ handlingClass: 'restricted' }))[0]).toBe('SEED');
  });

  it('RE-33: hazard CRITICAL pauses and enters the mode, also beside a quarantine', () => {
    expect(summary(withSheet({ hazardBand: 'CRITICAL' }))).toEqual(['PAUSE', 'bsds_hazard_critical', 'on']);
    const both = withSheet({ hazardBand: 'CRITICAL', handlingClass: 'quarantine' });
    expect(both.reasons).toEqual(['bsds_handling_quarantine', 'bsds_hazard_critical']);
  });

  it('RE-34: hazard HIGH is announced always and downgrades a SEED', () => {
    expect(summary(withSheet({ hazardBand: 'HIGH' }))).toEqual(['OPTIMIZER', 'bsds_hazard_high', 'off']);
    const other = withSheet({ hazardBand: 'HIGH' }, 'OPTIMIZER');
    expect(summary(other)).toEqual(['OPTIMIZER', 'policy', 'off']);
    expect(event(other, 'bsds_hazard_high')).toMatchObject({
      level: 'WARNING',
      attributes: { hazard: 'HIGH', provenance: '' },
    });
    expect(summary(withSheet({ hazardBand: 'MEDIUM' }))[0]).toBe('SEED');
  });

  it('RE-35: a failed signature holds a SEED; a missing one where signatures are required', () => {
    expect(summary(withSheet({ signature: 'invalid' }))).toEqual(['PAUSE', 'bsds_signature_failed', 'off']);
    expect(summary(withSheet({ signature: 'invalid' }, 'OPTIMIZER'))[0]).toBe('OPTIMIZER');
    const strict = resolveRiskConfig({ sheet: { signature: 'required' } });
    const verdicts = (['valid', 'absent', 'unchecked', 'invalid'] as const).map((signature) => {
      const descriptor = calmBlueprint({ sheet: { signature } });
      return assess(fresh, calmInput({ blueprint: { kind: 'known', descriptor } }), strict).command.commandType;
    });
    expect(verdicts).toEqual(['SEED', 'PAUSE', 'PAUSE', 'PAUSE']);
  });

  it('a word that is in no list counts as the worst one', () => {
    for (const word of [' CRITICAL', 'H\u0130GH', '', 'severe']) {
      expect(summary(withSheet({ hazardBand: word as 'LOW' }))).toEqual(['PAUSE', 'signal_unknown', 'on']);
    }
    expect(summary(withSheet({ handlingClass: 'quarantine ' as 'standard' }))).toEqual([
      'PAUSE',
      'signal_unknown',
      'on',
    ]);
  });
});

describe('loss', () => {
  it('RE-36: a rise beyond the spike threshold pauses and enters the mode', () => {
    const assessment = withDelta(0.1500001, 'OPTIMIZER');
    expect(summary(assessment)).toEqual(['PAUSE', 'loss_spike', 'on']);
    expect(event(assessment, 'loss_spike')).toMatchObject({ level: 'WARNING', attributes: { delta: '0.150' } });
    expect(summary(withDelta(0.15, 'OPTIMIZER'))[0]).toBe('OPTIMIZER');
  });

  it('RE-37: a rise beyond half of it downgrades a SEED', () => {
    expect(summary(withDelta(0.0750001))).toEqual(['OPTIMIZER', 'loss_warning', 'off']);
    expect(summary(withDelta(0.075))).toEqual(['SEED', 'policy', 'off']);
    expect(names(withDelta(0.0750001, 'PAUSE'))).not.toContain('loss_warning');
  });
});

describe('latency', () => {
  it.each([
    ['RE-38', 'hook_latency_ms', 'hook_budget', 50, 'PAUSE', 'PAUSE'],
    ['RE-39', 'step_latency_ms', 'step_latency_high', 120, 'PAUSE', 'PAUSE'],
    ['RE-40', 'kasmina.apply_ms', 'kasmina_apply_slow', 30, 'OPTIMIZER', 'STRUCTURAL_PRUNING'],
    ['RE-41', 'kasmina.finalize_ms', 'kasmina_finalize_slow', 30, 'OPTIMIZER', 'STRUCTURAL_PRUNING'],
  ] as const)('%s: %s beyond its budget is %s', (_id, signal, reason, threshold, seedBecomes, pruningBecomes) => {
    const over = run(inputWith({ [signal]: threshold + 0.125 }));
    expect(summary(over)).toEqual([seedBecomes, reason, 'off']);
    expect(event(over, reason)).toMatchObject({ level: 'WARNING', attributes: { latency_ms: `${threshold}.12` } });
    expect(summary(run(inputWith({ [signal]: threshold })))).toEqual(['SEED', 'policy', 'off']);
    const pruning = run(inputWith({ [signal]: threshold + 1 }, { draft: draftOf('STRUCTURAL_PRUNING') }));
    expect(pruning.command.commandType).toBe(pruningBecomes);
    expect(names(pruning)).toContain(reason);
  });
});

describe('isolation and device', () => {
  it('RE-42: any isolation violation pauses; reason singular, event plural', () => {
    const assessment = run(inputWith({ 'kasmina.isolation.violations': 2.9 }, { draft: draftOf('OPTIMIZER') }));
    expect(summary(assessment)).toEqual(['PAUSE', 'isolation_violation', 'off']);
    expect(event(assessment, 'isolation_violations')).toMatchObject({
      level: 'WARNING',
      attributes: { violations: '2' },
    });
    expect(summary(run(inputWith({ 'kasmina.isolation.violations': 0 })))[0]).toBe('SEED');
  });

  it('RE-43: a busy device without memory pauses a SEED and is announced always', () => {
    const full = { gpu_util_percent: 95, gpu_mem_free_gb: 0.2 };
    expect(summary(run(inputWith(full)))).toEqual(['PAUSE', 'device_pressure_high', 'off']);
    const other = run(inputWith(full, { draft: draftOf('OPTIMIZER') }));
    expect(summary(other)).toEqual(['OPTIMIZER', 'policy', 'off']);
    expect(event(other, 'device_pressure_high')?.attributes).toEqual({ gpu_util: '95.0', gpu_mem_free_gb: '0.20' });
    for (const calm of [
      { gpu_util_percent: 94.9, gpu_mem_free_gb: 0.1 },
      { gpu_util_percent: 99, gpu_mem_free_gb: Math.fround(0.2) },
      { gpu_util_percent: 99 },
      { gpu_mem_free_gb: 0 },
    ]) {
      expect(summary(run(inputWith(calm)))).toEqual(['SEED', 'policy', 'off']);
    }
  });

  it('RE-44: a busy CPU downgrades a SEED, where the device is not the trouble', () => {
    expect(summary(run(inputWith({ cpu_util_percent: 95 })))).toEqual(['OPTIMIZER', 'cpu_pressure_high', 'off']);
    expect(names(run(inputWith({ cpu_util_percent: 95 }, { draft: draftOf('OPTIMIZER') })))).not.toContain(
      'cpu_pressure_high',
    );
    expect(names(run(inputWith({ cpu_util_percent: 99, gpu_util_percent: 99, gpu_mem_free_gb: 0 })))).not.toContain(
      'cpu_pressure_high',
    );
    expect(summary(run(inputWith({ cpu_util_percent: 94.9 })))[0]).toBe('SEED');
  });
});

describe('optimizer hints', () => {
  it('RE-45: volatility beyond three quarters of the spike threshold downgrades a SEED', () => {
    const limit = 0.75 * 0.15;
    expect(summary(run(inputWith({ loss_volatility: limit })))[0]).toBe('SEED');
    expect(summary(run(inputWith({ loss_volatility: 0.1125 })))).toEqual(['OPTIMIZER', 'loss_volatility_high', 'off']);
    // One rule for values that came as 32-bit floats: compared as the doubles they are.
    expect(summary(run(inputWith({ loss_volatility: Math.fround(0.1125) })))[0]).toBe('SEED');
    expect(names(run(inputWith({ loss_volatility: 1 }, { draft: draftOf('PAUSE') })))).toContain(
      'loss_volatility_high',
    );
  });

  it.each([
    ['RE-46', 'grad_var', 'grad_variance_high', 1, 'var'],
    ['RE-47', 'grad_conflict_rate', 'grad_conflict_high', 0.5, 'rate'],
  ])(
    '%s: %s beyond its limit downgrades a SEED and is looked at for a SEED only',
    (_id, signal, reason, limit, attribute) => {
      const over = run(inputWith({ [signal]: limit + 0.0625 }));
      expect(summary(over)).toEqual(['OPTIMIZER', reason, 'off']);
      expect(event(over, reason)?.attributes).toEqual({ [attribute]: (limit + 0.062).toFixed(3) });
      expect(summary(run(inputWith({ [signal]: limit })))[0]).toBe('SEED');
      expect(names(run(inputWith({ [signal]: 9 }, { draft: draftOf('OPTIMIZER') })))).not.toContain(reason);
    },
  );

  it('RE-48: a learning rate of 0 or less while the loss rises downgrades a SEED', () => {
    const hint = withDelta(0.08, 'SEED', { optimizer_lr: 0 });
    expect(event(hint, 'optimizer_hint')?.attributes).toEqual({ lr: '0.000000', loss_delta: '0.080' });
    expect(hint.reasons).toContain('optimizer_hint');
    expect(names(withDelta(0.08, 'PAUSE', { optimizer_lr: -1 }))).toContain('optimizer_hint');
    expect(names(withDelta(0.075, 'SEED', { optimizer_lr: 0 }))).not.toContain('optimizer_hint');
    expect(names(withDelta(0.08, 'SEED', { optimizer_lr: 1e-9 }))).not.toContain('optimizer_hint');
    expect(names(withDelta(0.08))).not.toContain('optimizer_hint');
  });
});

describe('degraded inputs', () => {
  const covered = (ratio: number) => run(calmInput({ coverage: { ratio, byType: {}, missing: 7 } }));

  it('RE-61: at 0.10 or less the decision is blind, below 0.30 it is announced', () => {
    expect(event(covered(0.1), 'degraded_inputs')).toMatchObject({
      level: 'CRITICAL',
      attributes: { coverage_avg: '0.100', missing_features: '7' },
    });
    expect(event(covered(0.29), 'degraded_inputs')?.level).toBe('WARNING');
    expect(names(covered(0.3))).not.toContain('degraded_inputs');
    expect(covered(0.2).command.commandType).toBe('SEED');
  });

  it('RE-60: no coverage at all is the worst case, not the silent one', () => {
    expect(summary(covered(0))).toEqual(['PAUSE', 'degraded_inputs', 'off']);
    expect(summary(run(calmInput({ coverage: undefined })))).toEqual(['PAUSE', 'signal_unknown', 'off']);
  });

  it('RE-62: the critical case is the reason of the decision', () => {
    expect(covered(0.05).command.annotations['risk_reason']).toBe('degraded_inputs');
  });

  it('RE-63: both thresholds can be configured', () => {
    const other = resolveRiskConfig({ coverage: { warnMin: 0.9, criticalMax: 0.5 } });
    expect(assess(fresh, calmInput({ coverage: { ratio: 0.5, byType: {}, missing: 0 } }), other).reason).toBe(
      'degraded_inputs',
    );
    expect(DEFAULT_RISK_CONFIG.coverage).toEqual({ warnMin: 0.3, criticalMax: 0.1 });
  });
});
