import { describe, expect, it } from 'vitest';
import { type AdaptiveState, adapt, INITIAL_ADAPTIVE_STATE, ratioInForce } from '../../../src/core/beyond/adaptive.js';
import { assess, initialRiskState, type RiskState, resolveRiskConfig } from '../../../src/index.js';
import { inputWith, momentAt } from '../../../src/testing.js';

const { adaptive: limits } = resolveRiskConfig({ adaptive: { mode: 'enforce', windowDecisions: 4 } });
const STABLE = { loss: 1, gradient: 1, progress: 1 };
const UNSTABLE = { loss: 0, gradient: 0, progress: 0 };
const MIDDLING = { loss: 0.7, gradient: 0.7, progress: 0.7 };
const windows = (
  samples: readonly (typeof STABLE)[],
  from: AdaptiveState = INITIAL_ADAPTIVE_STATE,
  given = limits,
): AdaptiveState =>
  samples
    .flatMap((sample) => Array.from({ length: given.windowDecisions }, () => sample))
    .reduce((state, sample) => adapt(state, sample, given), from);

describe('adaptive thresholds', () => {
  it('G-05: move only after three windows in a row that agree', () => {
    expect(windows([STABLE, STABLE]).ratio).toBe(1);
    expect(windows([STABLE, STABLE, STABLE]).ratio).toBeCloseTo(1.05, 12);
    expect(windows([STABLE, STABLE, MIDDLING, STABLE, STABLE]).ratio).toBe(1);
    expect(windows([STABLE, STABLE, UNSTABLE, STABLE, STABLE]).ratio).toBe(1);
    expect(windows([UNSTABLE, UNSTABLE, UNSTABLE]).ratio).toBeCloseTo(0.975, 12);
  });

  it('G-04: stay within their bounds whatever comes, and small moves are not made', () => {
    let up = INITIAL_ADAPTIVE_STATE;
    let down = INITIAL_ADAPTIVE_STATE;
    for (let n = 0; n < 300; n += 1) {
      up = windows([STABLE], up);
      down = windows([UNSTABLE], down);
      expect(up.ratio).toBeLessThanOrEqual(2);
      expect(down.ratio).toBeGreaterThanOrEqual(0.5);
    }
    // A twentieth of what is left to the bound falls below 0.01 at a distance of 0.2.
    expect(up.ratio).toBeGreaterThan(1.75);
    expect(2 - up.ratio).toBeGreaterThan(0.01);
    expect(down.ratio).toBeLessThan(0.75);
  });

  it('weighs loss by half, gradient by three tenths, progress by two', () => {
    const one = (sample: typeof STABLE) => adapt(INITIAL_ADAPTIVE_STATE, sample, limits).stabilitySum;
    expect([
      one({ ...UNSTABLE, loss: 1 }),
      one({ ...UNSTABLE, gradient: 1 }),
      one({ ...UNSTABLE, progress: 1 }),
    ]).toEqual([0.5, 0.3, 0.2]);
  });

  it('apply only where enforced, and do nothing at all when off', () => {
    const state = { ...INITIAL_ADAPTIVE_STATE, ratio: 1.5 };
    expect(ratioInForce(state, limits)).toBe(1.5);
    expect(ratioInForce(state, { ...limits, mode: 'shadow' })).toBe(1);
    const off = resolveRiskConfig();
    expect(assess({ ...initialRiskState(off), adaptive: state }, inputWith({}), off).state.adaptive).toBe(state);
  });

  it('a long calm run widens the bases of the score, and never a threshold of the catalogue', () => {
    const config = resolveRiskConfig({
      adaptive: { mode: 'enforce', windowDecisions: 2, agreeingWindowsMin: 1, decay: 0 },
      evaluators: { multi_signal: 'enforce' },
    });
    let state: RiskState = initialRiskState(config);
    for (let n = 0; n < 4; n += 1)
      state = assess(state, inputWith({ gradient_norm: 1 }, { at: momentAt(n) }), config).state;
    expect(state.adaptive.ratio).toBe(2);
    const judge = (from: RiskState, metrics: Record<string, number>) =>
      assess(from, inputWith(metrics, { at: momentAt(9) }), config);
    expect(judge(initialRiskState(config), { gradient_norm: 10.5 }).command.commandType).toBe('OPTIMIZER');
    expect(judge(state, { gradient_norm: 10.5 }).command.commandType).toBe('SEED');
    expect(judge(state, { hook_latency_ms: 51 }).reason).toBe('hook_budget');
  });

  it('a loss that cannot be read, or is absent, counts as unstable', () => {
    const config = resolveRiskConfig({ adaptive: { mode: 'shadow', windowDecisions: 10 } });
    const { state } = assess(initialRiskState(config), inputWith({ loss_delta: Number.NaN }), config);
    expect(state.adaptive.stabilitySum).toBeCloseTo(0.3, 12);
  });

  it('a window on the edge of stable or unstable is neither, and a change as large as the least one is made', () => {
    const edge = { ...limits, stableMin: 0.5, unstableMax: 0.5, agreeingWindowsMin: 1, decay: 0.5, changeMin: 0.5 };
    const half = { loss: 1, gradient: 0, progress: 0 };
    expect(windows([half], INITIAL_ADAPTIVE_STATE, edge)).toMatchObject({ ratio: 1, streak: 0 });
    expect(windows([STABLE], INITIAL_ADAPTIVE_STATE, edge)).toMatchObject({ ratio: 1.5, streak: 1 });
    expect(windows([STABLE], INITIAL_ADAPTIVE_STATE, { ...edge, changeMin: 0.51 }).ratio).toBe(1);
    expect(windows([MIDDLING, MIDDLING, MIDDLING]).streak).toBe(0);
    expect(windows([UNSTABLE, UNSTABLE, STABLE]).streak).toBe(1);
  });
});
