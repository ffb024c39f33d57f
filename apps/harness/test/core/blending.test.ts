import { SCHEDULE_SHAPES } from '@esper/leyline';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blendFactors, confidenceFactor, readBlend } from '../../src/core/blend-mode.js';
import {
  alphaAt,
  FIRST_ALPHA_MAX,
  holdRamp,
  planRamp,
  RAMP_STEPS_MIN,
  shapeAt,
} from '../../src/core/blend-schedule.js';

describe('shapes', () => {
  it.each([
    ['linear', 0.25, 0.25],
    ['linear', 0.5, 0.5],
    ['cosine', 0.5, 0.5],
    ['cosine', 0.25, (1 - Math.SQRT1_2) / 2],
    ['warmup_hold', 0.25, 0.5],
    ['warmup_hold', 0.75, 1],
  ] as const)('%s at %d is %d', (shape, progress, value) => {
    expect(shapeAt(shape, progress)).toBeCloseTo(value, 12);
  });

  it.each(SCHEDULE_SHAPES)('%s goes from 0 to 1 and never falls', (shape) => {
    expect(shapeAt(shape, 0)).toBe(0);
    expect(shapeAt(shape, 1)).toBe(1);
    for (let step = 0; step < 100; step += 1) {
      expect(shapeAt(shape, (step + 1) / 100)).toBeGreaterThanOrEqual(shapeAt(shape, step / 100));
    }
  });
});

describe('ramps', () => {
  const window = fc.record({
    shape: fc.constantFrom(...SCHEDULE_SHAPES),
    start: fc.double({ min: 0, max: 1, noNaN: true }),
    width: fc.double({ min: 0, max: 1, noNaN: true }),
    firstAlpha: fc.double({ min: -1, max: 2, noNaN: true }),
  });

  it('alpha is 0 before, 1 after, in between it never falls, and no ramp is steeper than the bound', () => {
    fc.assert(
      fc.property(window, fc.nat(300), (given, step) => {
        const end = Math.min(1, given.start + given.width);
        const ramp = planRamp({ ...given, end }, { step, plannedSteps: 300 });
        expect(ramp.startStep).toBeGreaterThanOrEqual(step);
        expect(ramp.endStep - ramp.startStep).toBeGreaterThanOrEqual(RAMP_STEPS_MIN);
        expect(ramp.firstAlpha).toBeLessThanOrEqual(FIRST_ALPHA_MAX);
        expect(alphaAt(ramp, ramp.startStep - 1)).toBe(0);
        expect(alphaAt(ramp, ramp.endStep)).toBe(1);
        for (let at = ramp.startStep - 1; at <= ramp.endStep; at += 1) {
          expect(alphaAt(ramp, at + 1)).toBeGreaterThanOrEqual(alphaAt(ramp, at));
        }
      }),
    );
  });

  it('a window is a share of the planned steps; its start and its shape each make a difference', () => {
    const base = { shape: 'linear', start: 0.5, end: 0.75, firstAlpha: 0 } as const;
    const run = { step: 10, plannedSteps: 200 };
    expect(planRamp(base, run)).toMatchObject({ startStep: 100, endStep: 150 });
    expect(planRamp({ ...base, start: 0.25 }, run)).toMatchObject({ startStep: 50, endStep: 150 });
    expect(planRamp({ ...base, end: 1 }, run)).toMatchObject({ endStep: 200 });
    expect(planRamp(base, { ...run, step: 120 })).toMatchObject({ startStep: 120, endStep: 150 });
    expect(alphaAt(planRamp({ ...base, firstAlpha: 0.3 }, run), 100)).toBeCloseTo(0.3);
    expect(alphaAt(planRamp({ ...base, shape: 'cosine' }, run), 110)).toBeLessThan(alphaAt(planRamp(base, run), 110));
  });

  it('a held step leaves alpha where it is', () => {
    const ramp = planRamp({ shape: 'cosine', start: 0, end: 0.5, firstAlpha: 0 }, { step: 0, plannedSteps: 100 });
    expect(alphaAt(holdRamp(ramp), 21)).toBe(alphaAt(ramp, 20));
  });
});

describe('blend modes', () => {
  const gate = { k: 4, tau: 0.2, alphaLo: 0.1, alphaHi: 0.9, logits: [0.1, 1.4, 0.6] };

  it('BL-07: the confidence gate follows the logits of the command', () => {
    const sure = confidenceFactor({ ...gate, logits: [5, 0, 0] });
    const unsure = confidenceFactor({ ...gate, logits: [1, 1, 1] });
    expect(sure).toBeCloseTo(0.9, 6);
    expect(unsure).toBeCloseTo(0.1 + 0.8 / (1 + Math.exp(0.8)), 12);
    expect(confidenceFactor({ ...gate, logits: [-3] })).toBe(0.9);
    expect(confidenceFactor(gate)).toBeGreaterThan(unsure);
    expect(confidenceFactor(gate)).toBeLessThan(sure);
  });

  it('CHANNEL has one alpha per channel, and another length is refused', () => {
    const choice = { mode: 'CHANNEL', alphaVec: [0, 0.5, 1] } as const;
    expect(blendFactors(choice, 3)).toEqual({
      ok: true,
      value: { mixing: 'convex', factors: Float64Array.of(0, 0.5, 1) },
    });
    expect(blendFactors(choice, 4)).toEqual({ ok: false, error: 'alpha_vec_length_mismatch' });
  });

  it.each([
    ['PSYCHIC', {}, 'unknown_blend_mode'],
    ['CONFIDENCE', {}, 'missing_confidence_logits'],
    ['CONFIDENCE', { confidence_logits: '[]' }, 'invalid_confidence_logits'],
    ['CONFIDENCE', { confidence_logits: '[1,2]', gate_k: '' }, 'invalid_confidence_gate'],
    ['CONFIDENCE', { confidence_logits: '[1,2]', gate_k: '0x4' }, 'invalid_confidence_gate'],
    ['CONFIDENCE', { confidence_logits: '"123"' }, 'invalid_confidence_logits'],
    ['CONFIDENCE', { confidence_logits: '[1,NaN]' }, 'invalid_confidence_logits'],
    ['CONFIDENCE', { confidence_logits: JSON.stringify(new Array(65).fill(0)) }, 'invalid_confidence_logits'],
    ['CONFIDENCE', { confidence_logits: '[1,2]', gate_k: '-1' }, 'invalid_confidence_gate'],
    ['CONFIDENCE', { confidence_logits: '[1,2]', alpha_lo: '0.9', alpha_hi: '0.1' }, 'invalid_confidence_gate'],
    ['CONFIDENCE', { confidence_logits: '[1,2]', gate_tau: 'nan' }, 'invalid_confidence_gate'],
    ['CHANNEL', {}, 'missing_alpha_vec'],
    ['CHANNEL', { alpha_vec: '[]' }, 'invalid_alpha_vec'],
    ['CHANNEL', { alpha_vec: '[0.2,1.2]' }, 'invalid_alpha_vec'],
    ['CHANNEL', { alpha_vec: '{}' }, 'invalid_alpha_vec'],
    ['CHANNEL', { alpha_vec: '[0.2]', alpha_vec_len: '2' }, 'alpha_vec_length_mismatch'],
  ] as const)('BL-10: %s with %j is refused: %s', (mode, annotations, reason) => {
    expect(readBlend(undefined, { blend_mode: mode, ...annotations })).toEqual({ ok: false, error: reason });
  });

  it('the typed mode goes before the annotation; without either it is CONVEX; case does not matter', () => {
    expect(readBlend('RESIDUAL', { blend_mode: 'CONVEX' })).toEqual({ ok: true, value: { mode: 'RESIDUAL' } });
    expect(readBlend(undefined, { blend_mode: ' residual ' })).toEqual({ ok: true, value: { mode: 'RESIDUAL' } });
    expect(readBlend(undefined, {})).toEqual({ ok: true, value: { mode: 'CONVEX' } });
  });
});
