import { describe, expect, it } from 'vitest';
import {
  assess,
  HARNESS_RISK_CONFIG,
  initialRiskState,
  type RiskState,
  resolveRiskConfig,
} from '../../../src/index.js';
import { calmInput, calmPacket, inputWith, momentAt, seedDraft } from '../../../src/testing.js';

const config = resolveRiskConfig({ profile: 'harness', conservative: { goodDecisionsMin: 0, dwellDecisions: 0 } });
const fresh = initialRiskState(config);
const grown = assess(fresh, calmInput(), config).state;
const judge = (state: RiskState, validationLoss: number | string, ms = 1000, given = config) =>
  assess(state, calmInput({ packet: calmPacket({ validationLoss }), at: momentAt(ms) }), given);

describe('the rollback directive', () => {
  it('G-06: critical risk soon after a structural change asks for a rollback, with cause and suspect', () => {
    const result = judge(grown, 2);
    expect(result.command).toMatchObject({
      commandType: 'ROLLBACK',
      rollback: { tier: 'fast', reason: 'rollback_required' },
      targetSeedId: 'seed-1',
    });
    expect(result.command).not.toHaveProperty('seedOperation');
    expect(result.events.find(({ description }) => description === 'rollback_required')).toEqual({
      description: 'rollback_required',
      level: 'CRITICAL',
      attributes: { cause: 'loss_delta 1.000', seed_id: 'seed-1', blueprint_id: 'bp-calm', decisions_ago: '1' },
    });
    expect(result.reasons).toEqual(['rollback_required', 'loss_spike']);
    expect(result.state.mode.kind).toBe('on');
  });

  it('RB-12: a loss that cannot be read is critical too', () => {
    expect(judge(grown, Number.NaN).command.commandType).toBe('ROLLBACK');
    expect(judge(grown, 'diverged').deciding?.attributes['cause']).toBe('loss_delta text');
  });

  it('a critical multi-signal score is critical too', () => {
    const result = assess(grown, inputWith({ gradient_norm: 99 }, { at: momentAt(1) }), config);
    expect([result.command.commandType, result.deciding?.attributes['cause']]).toEqual([
      'ROLLBACK',
      'risk_combined 1.000',
    ]);
  });

  it('without a recent change the risk is handled as ever', () => {
    const first = judge(fresh, 1).state;
    const bare = { ...first, adaptations: [] };
    expect(judge(bare, 2).command.commandType).toBe('PAUSE');
    const old = { ...grown, decisions: grown.decisions + config.rollback.recentDecisions };
    expect(judge(old, 2).command.commandType).toBe('PAUSE');
    expect(judge({ ...old, decisions: old.decisions - 1 }, 2).command.commandType).toBe('ROLLBACK');
  });

  it('a rise that is no more than a spike is no reason to roll back', () => {
    expect(judge(grown, 1.29).command.commandType).toBe('PAUSE');
    expect(judge(grown, 1.31).command.commandType).toBe('ROLLBACK');
  });

  it('only a SEED that was issued and grows something is a suspect', () => {
    expect(grown.adaptations).toEqual([{ seedId: 'seed-1', blueprintId: 'bp-calm', decision: 0 }]);
    const cull = seedDraft({ seedOperation: { operation: 'CULL', blueprintId: 'bp-calm', parameters: {} } });
    expect(assess(fresh, calmInput({ draft: cull }), config).state.adaptations).toEqual([]);
    expect(assess(fresh, inputWith({ hook_latency_ms: 99 }), config).state.adaptations).toEqual([]);
  });

  it('remembers the last eight changes', () => {
    let state = fresh;
    for (let n = 0; n < 12; n += 1) {
      state = assess(state, calmInput({ draft: seedDraft({ targetSeedId: `s${n}` }), at: momentAt(n) }), config).state;
    }
    expect(state.adaptations.map(({ seedId }) => seedId)).toEqual(['s4', 's5', 's6', 's7', 's8', 's9', 's10', 's11']);
  });

  it('after a rollback nothing before it is a suspect, and a run has so many of its own', () => {
    const rolledBack = judge(grown, 2).state;
    expect(rolledBack).toMatchObject({ adaptations: [], rollbacks: 1 });
    const spent = { ...grown, rollbacks: config.rollback.directivesMax };
    const result = judge(spent, 2);
    expect([result.command.commandType, result.reason]).toEqual(['PAUSE', 'rollback_spent']);
  });

  it('is in shadow by default and enforced in the harness profile', () => {
    const plain = resolveRiskConfig();
    const result = judge(assess(initialRiskState(plain), calmInput(), plain).state, 2, 1000, plain);
    expect(result.command.commandType).toBe('PAUSE');
    expect(result.findings.find(({ evaluator }) => evaluator === 'rollback')).toMatchObject({
      enforced: false,
      mitigation: 'rollback',
    });
    expect(HARNESS_RISK_CONFIG.evaluators.rollback).toBe('enforce');
  });

  it('takes the configured tier', () => {
    const full = resolveRiskConfig({ profile: 'harness', rollback: { tier: 'full' } });
    expect(judge(grown, 2, 1000, full).command.rollback?.tier).toBe('full');
  });

  it('a rise of exactly the limit is no reason, and without any loss there is none to judge', () => {
    const exact = { ...config, rollback: { ...config.rollback, lossDeltaMax: 0.25 } };
    expect(judge(grown, 1.25, 1000, exact).command.commandType).toBe('PAUSE');
    expect(judge(grown, 1.2500001, 1000, exact).command.commandType).toBe('ROLLBACK');
    const { validationLoss: _loss, ...packet } = calmPacket();
    expect(assess(grown, calmInput({ packet, at: momentAt(1) }), config).reason).toBe('policy');
  });
});
