import { describe, expect, it } from 'vitest';
import {
  assess,
  initialRiskState,
  type RiskInput,
  type RiskOptions,
  type RiskState,
  resolveRiskConfig,
} from '../../../src/index.js';
import { calmInput, calmPacket, inputWith, momentAt, seedDraft } from '../../../src/testing.js';

const config = resolveRiskConfig({ adaptive: { mode: 'shadow', windowDecisions: 1000 } });
const fresh = initialRiskState(config);
const after = (input: RiskInput, from: RiskState = fresh): RiskState => assess(from, input, config).state;

describe('the state after a decision', () => {
  it('a new run knows nothing: no clock, no loss, nothing seen, nothing failed', () => {
    expect(fresh).toMatchObject({
      version: 1,
      clock: null,
      decisions: 0,
      lastValidationLoss: null,
      mode: { kind: 'off' },
      failures: { inRow: 0, sinceDecision: false },
      adaptations: [],
      rollbacks: 0,
      pauseQuota: { pausesMs: [] },
    });
    expect(new Set(Object.values(fresh.seenMs))).toEqual(new Set([null]));
  });

  it.each([
    ['a loss that stands still', { loss_delta: 0 }, 1],
    ['a loss that falls', { loss_delta: -0.5 }, 1],
    ['a loss that rises by half the spike threshold', { loss_delta: 0.075 }, 0.55],
    ['a loss that rises beyond it', { loss_delta: 0.3 }, 0.3],
    ['a gradient halfway to its emergency value', { loss_delta: 0, gradient_norm: 12.5 }, 0.85],
    ['a gradient beyond it', { loss_delta: 0, gradient_norm: 99 }, 0.7],
  ])('G-04: stability of %s', (_what, metrics, stability) => {
    expect(after(inputWith(metrics)).adaptive.stabilitySum).toBeCloseTo(stability, 12);
  });

  it('adaptive thresholds that are off remember nothing', () => {
    const off = resolveRiskConfig();
    expect(assess(fresh, inputWith({ loss_delta: 0 }), off).state.adaptive).toBe(fresh.adaptive);
  });

  it('a seed that is cancelled or culled is no adaptation; one without a target has no name', () => {
    const operate = (operation: 'GERMINATE' | 'CULL' | 'CANCEL') =>
      after(calmInput({ draft: seedDraft({ seedOperation: { operation, blueprintId: 'bp', parameters: {} } }) }));
    expect(operate('CULL').adaptations).toEqual([]);
    expect(operate('CANCEL').adaptations).toEqual([]);
    expect(operate('GERMINATE').adaptations).toHaveLength(1);
    const { targetSeedId: _target, ...draft } = seedDraft();
    expect(after(calmInput({ draft })).adaptations).toEqual([{ seedId: '', blueprintId: 'bp-calm', decision: 0 }]);
    const { seedOperation: _operation, ...bare } = seedDraft();
    expect(after(calmInput({ draft: bare, blueprint: { kind: 'none' } })).adaptations).toEqual([]);
  });

  it('a rollback the policy asked for is not one of the engine’s own', () => {
    const { seedOperation: _operation, ...bare } = seedDraft();
    const draft = { ...bare, commandType: 'ROLLBACK' as const, rollback: { tier: 'fast' as const, reason: 'asked' } };
    const next = after(calmInput({ draft }), {
      ...fresh,
      adaptations: [{ seedId: 's', blueprintId: 'b', decision: 0 }],
    });
    expect([next.rollbacks, next.adaptations]).toEqual([0, []]);
  });

  it.each([
    ['rose beyond the warning threshold', 1.26, 1],
    ['rose by exactly that much', 1.25, 0],
    ['stood still', 1, 0],
    ['cannot be read', Number.NaN, 1],
  ])('a prediction came true when the loss %s', (_what, validationLoss, bad) => {
    const exact = resolveRiskConfig({ loss: { spikeMax: 0.5 } });
    const state = { ...fresh, lastValidationLoss: 1, calibration: { ...fresh.calibration, pending: 0.5 } };
    const input = calmInput({ packet: calmPacket({ validationLoss, trainingMetrics: {} }) });
    const { counts, bad: came } = assess(state, input, exact).state.calibration;
    expect([counts[5], came[5]]).toEqual([1, bad]);
  });

  it('without any loss nothing came of a prediction', () => {
    const { validationLoss: _loss, ...packet } = calmPacket();
    const state = { ...fresh, lastValidationLoss: 1, calibration: { ...fresh.calibration, pending: 0.5 } };
    expect(after(calmInput({ packet }), state).calibration).toMatchObject({ total: 1, bad: Array(10).fill(0) });
  });

  it('a downgrade takes nothing from the pause quota', () => {
    const quota: RiskOptions = { pauseQuota: { mode: 'enforce', pausesMax: 1 } };
    const given = resolveRiskConfig(quota);
    const { state, command } = assess(initialRiskState(given), inputWith({ grad_var: 2 }), given);
    expect([command.commandType, state.pauseQuota.pausesMs]).toEqual(['OPTIMIZER', []]);
  });

  it('signals: a good value refreshes when one was last seen, a bad one does not', () => {
    const at = (ms: number, metrics: RiskInput['packet']['trainingMetrics'], from: RiskState) =>
      assess(from, inputWith(metrics, { at: momentAt(ms) }), config);
    const seen = at(250_000, { hook_latency_ms: 5 }, at(0, { hook_latency_ms: 5 }, fresh).state).state;
    expect(seen.seenMs.hook_latency_ms).toBe(250_000);
    const gone = at(500_000, {}, seen);
    expect(gone.reason).toBe('policy');
    const broken = at(500_000, { hook_latency_ms: Number.NaN }, seen).state;
    expect(broken.seenMs.hook_latency_ms).toBe(250_000);
    expect(at(550_001, {}, broken).reason).toBe('signal_unknown');
    expect(at(550_000, {}, broken).reason).toBe('policy');
  });
});
