import type { BlendMode, CommandDraft } from '@esper/leyline';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BLEND_REASONS,
  type BlendConfig,
  type BlendReason,
  blendEvent,
  blendTelemetry,
  confidenceGate,
  DEFAULT_BLEND_CONFIG,
  decode,
  type NetworkOutputs,
  resolveDecodeConfig,
  validateBlend,
} from '../../src/index.js';
import { blueprint, graphOf, seen } from '../observe/scene.js';
import { favouring, outputsFor } from './heads.js';

const decided = (blend: Partial<BlendConfig>, given: Partial<NetworkOutputs> = {}, observation = seen()) =>
  decode(
    outputsFor(observation, { policyLogits: favouring(0), ...given }),
    observation,
    resolveDecodeConfig({ bundleDigest: 'ab', blend }),
  );
const draft = (...given: Parameters<typeof decided>): CommandDraft => {
  const outcome = decided(...given);
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.error)}`);
  return outcome.value.draft;
};
const BLEND_KEYS = [
  'blend_mode',
  'blend_mode_source',
  'gate_k',
  'gate_tau',
  'alpha_lo',
  'alpha_hi',
  'confidence_logits',
  'confidence_logits_required',
  'alpha_vec',
  'alpha_vec_len',
];
const blendKeys = ({ annotations }: CommandDraft) =>
  Object.keys(annotations)
    .filter((key) => BLEND_KEYS.includes(key))
    .sort();
const channels = (outputChannels: number | undefined) =>
  seen({
    blueprints: [
      blueprint('bp', {
        graph: graphOf({ layers: [{ layerId: 'l', ...(outputChannels === undefined ? {} : { outputChannels }) }] }),
      }),
    ],
  });
const params = (residual: number, channel: number, confidence: number) => ({
  policyParams: Float32Array.of(0, residual, channel, confidence),
});

describe('which mode', () => {
  it('BL-15: with the flag off no blend key appears, whatever the network says', () => {
    expect(DEFAULT_BLEND_CONFIG.enabled).toBe(false);
    for (const given of [params(1, 0, 0), params(0, 1, 0), params(0, 0, 1)])
      expect(blendKeys(draft({}, given))).toEqual([]);
    expect(blendKeys(draft({ mode: 'RESIDUAL' }))).toEqual([]);
  });

  it('BL-03: CONFIDENCE is emitted when it is asked for by name, flag or no flag', () => {
    expect(draft({ mode: 'CONFIDENCE' }).annotations).toMatchObject({
      blend_mode: 'CONFIDENCE',
      blend_mode_source: 'override',
    });
  });

  it.each([1, 2, 3, 4])('BL-01: class %i carries no blend key', (index) => {
    expect(blendKeys(draft({ enabled: true, mode: 'CONFIDENCE' }, { policyLogits: favouring(index) }))).toEqual([]);
  });

  it.each([
    ['CONVEX', params(-1, -1, -1)],
    ['RESIDUAL', params(0.5, 0.1, 0.2)],
    ['CHANNEL', params(0.1, 0.5, 0.2)],
    ['CONFIDENCE', params(0.1, 0.2, 0.5)],
  ] as const)('P-D9: the policy chooses %s by a head of its own, apart from the schedule shape', (mode, given) => {
    for (const shape of [0, 1, 2]) {
      const blendingLogits = new Float32Array(3);
      blendingLogits[shape] = 1;
      expect(draft({ enabled: true }, { ...given, blendingLogits }).annotations).toMatchObject({
        blend_mode: mode,
        blend_mode_source: 'policy',
      });
    }
  });

  it('BL-04, P-D38: the source tells who chose: policy, operator, or nobody', () => {
    expect(draft({ enabled: true }).annotations['blend_mode_source']).toBe('policy');
    expect(draft({ enabled: true, mode: 'CONVEX' }).annotations['blend_mode_source']).toBe('override');
    const dims = { ...resolveDecodeConfig({ bundleDigest: 'a' }).dims, paramVectorWidth: 2 };
    const observation = seen();
    const outputs = outputsFor(observation, { policyLogits: favouring(0), policyParams: new Float32Array(2) });
    const outcome = decode(
      outputs,
      observation,
      resolveDecodeConfig({ bundleDigest: 'a', dims, blend: { enabled: true } }),
    );
    expect(outcome.ok && outcome.value.draft.annotations['blend_mode_source']).toBe('heuristic');
  });

  it('the typed record says the same as the annotations', () => {
    const { annotations, decision } = draft({ enabled: true, mode: 'RESIDUAL' });
    expect(decision?.blend).toMatchObject({
      mode: annotations['blend_mode'],
      source: annotations['blend_mode_source'],
    });
  });
});

describe('CONFIDENCE', () => {
  it('BL-05, BL-06: all parameters are sent, with the defaults of the executing side', () => {
    const { annotations } = draft({ enabled: true, mode: 'CONFIDENCE' });
    expect(annotations).toMatchObject({
      gate_k: '4.0000',
      gate_tau: '0.2000',
      alpha_lo: '0.0000',
      alpha_hi: '1.0000',
      confidence_logits_required: 'true',
    });
    const own = draft({ enabled: true, mode: 'CONFIDENCE', gateK: 2.34567, gateTau: 1, alphaLo: 0.25, alphaHi: 0.75 });
    expect(own.annotations).toMatchObject({
      gate_k: '2.3457',
      gate_tau: '1.0000',
      alpha_lo: '0.2500',
      alpha_hi: '0.7500',
    });
  });

  it("BL-07, D-29: the logits are the policy's own, one per action: changing them changes the gate, changing the shape head does not", () => {
    const gateOf = (given: Partial<NetworkOutputs>) => {
      const { annotations } = draft({ mode: 'CONFIDENCE' }, given);
      const logits = JSON.parse(annotations['confidence_logits'] ?? '[]') as number[];
      return {
        logits,
        gate: confidenceGate(logits, { k: Number(annotations['gate_k']), tau: Number(annotations['gate_tau']) }),
      };
    };
    const sure = gateOf({ policyLogits: favouring(0, 3) });
    const unsure = gateOf({ policyLogits: favouring(0, 0.1) });
    expect(sure.logits).toEqual([3, 0, 0, 0, 0]);
    expect(sure.gate).toBeGreaterThan(0.99);
    expect(unsure.gate).toBeLessThan(0.5);
    expect(gateOf({ policyLogits: favouring(0, 3), blendingLogits: Float32Array.of(-9, 9, 4) })).toEqual(sure);
  });

  it('BL-13: a confidence blend without logits does not leave the producer', () => {
    const { confidence_logits: _, ...annotations } = draft({ mode: 'CONFIDENCE' }).annotations;
    expect(validateBlend({ ...draft({ mode: 'CONFIDENCE' }), annotations })).toMatchObject({
      error: { reason: 'confidence blend missing confidence_logits' },
    });
  });
});

describe('CHANNEL', () => {
  it('BL-09, D-29: the vector has one factor per channel, follows the network, and is no row of zeros', () => {
    const graphEmbedding = new Float32Array(64);
    graphEmbedding.set([-2, 0, 2, -1]);
    const { annotations } = draft(
      { enabled: true, mode: 'CHANNEL' },
      { graphEmbedding, policyParams: Float32Array.of(0.4, 0, 0, 0) },
    );
    const vector = JSON.parse(annotations['alpha_vec'] ?? '[]') as number[];
    expect(annotations['alpha_vec_len']).toBe('4');
    expect(vector).toEqual([0.2384, 1, 1, 0.5379]);
    expect(JSON.parse(draft({ enabled: true, mode: 'CHANNEL' }).annotations['alpha_vec'] ?? '')).toEqual([1, 1, 1, 1]);
  });

  it.each([
    [undefined, 'channel blend missing alpha_vec', { channels: 'unknown' }],
    [0, 'channel blend missing alpha_vec', { channels: 0 }],
    [65, 'channel blend alpha_vec exceeds limit', { length: 65, limit: 64 }],
  ])('P-D11: asked for by the operator with %s channels it is refused, not replaced', (count, reason, details) => {
    expect(decided({ enabled: true, mode: 'CHANNEL' }, {}, channels(count))).toEqual({
      ok: false,
      error: { code: 'blend_violation', reason, details },
    });
  });

  it('P-D11: the policy is not even offered it: the next best mode is chosen', () => {
    const given = params(0.2, 0.9, 0.1);
    expect(draft({ enabled: true }, given, channels(64)).annotations['blend_mode']).toBe('CHANNEL');
    expect(draft({ enabled: true }, given, channels(65)).annotations['blend_mode']).toBe('RESIDUAL');
    expect(draft({ enabled: true, alphaVecMax: 4 }, given, channels(5)).annotations['blend_mode']).toBe('RESIDUAL');
  });

  it('P-D11: a vector of zeros would be a graft without effect, and is refused', () => {
    const outcome = decided({ enabled: true, mode: 'CHANNEL' }, { graphEmbedding: new Float32Array(64).fill(-60) });
    expect(outcome).toMatchObject({ ok: false, error: { reason: 'channel blend missing alpha_vec' } });
  });
});

const confidence = draft({ mode: 'CONFIDENCE' });
const channel = draft({ enabled: true, mode: 'CHANNEL' });
const convex = draft({ enabled: true, mode: 'CONVEX' });
const changed = (from: CommandDraft, annotations: Readonly<Record<string, string | undefined>>): CommandDraft => ({
  ...from,
  annotations: Object.fromEntries(
    Object.entries({ ...from.annotations, ...annotations }).filter(([, text]) => text !== undefined),
  ) as Record<string, string>,
});

const REFUSALS: [reason: BlendReason, command: CommandDraft, details?: Record<string, unknown>][] = [
  ['confidence blend missing confidence_logits', changed(confidence, { confidence_logits: undefined })],
  ['confidence blend missing confidence_logits', changed(confidence, { confidence_logits: ' ' })],
  ['confidence blend missing confidence_logits', changed(confidence, { confidence_logits_required: undefined })],
  ['confidence blend invalid confidence_logits', changed(confidence, { confidence_logits: '123' })],
  ['confidence blend invalid confidence_logits', changed(confidence, { confidence_logits: '[]' })],
  ['confidence blend invalid confidence_logits', changed(confidence, { confidence_logits: '{"1":2}' })],
  ['confidence blend invalid confidence_logits', changed(confidence, { confidence_logits: '[1,NaN]' })],
  ['confidence blend invalid confidence_logits', changed(confidence, { confidence_logits: '[1e999]' })],
  ['confidence blend invalid confidence_logits', changed(confidence, { confidence_logits: '["1"]' })],
  [
    'confidence blend invalid confidence_logits',
    changed(confidence, { confidence_logits: JSON.stringify(new Array(65).fill(1)) }),
  ],
  [
    'confidence blend invalid confidence_logits',
    changed(confidence, { confidence_logits: `[${'1,'.repeat(20_000)}1]` }),
  ],
  ['confidence blend invalid gate_k', changed(confidence, { gate_k: '-1' })],
  ['confidence blend invalid gate_k', changed(confidence, { gate_k: 'inf' })],
  ['confidence blend invalid gate_tau', changed(confidence, { gate_tau: 'nan' })],
  ['confidence blend invalid gate_tau', changed(confidence, { gate_tau: undefined })],
  ['confidence blend invalid alpha bounds', changed(confidence, { alpha_lo: '0.9', alpha_hi: '0.1' })],
  ['confidence blend invalid alpha bounds', changed(confidence, { alpha_hi: '1.5' })],
  ['confidence blend invalid alpha bounds', changed(confidence, { alpha_lo: '-0.1' })],
  ['channel blend missing alpha_vec', changed(channel, { alpha_vec: undefined })],
  ['channel blend invalid alpha_vec', changed(channel, { alpha_vec: '[]' })],
  ['channel blend invalid alpha_vec', changed(channel, { alpha_vec: '{}' })],
  ['channel blend invalid alpha_vec', changed(channel, { alpha_vec: '[0.5,"0.3"]' })],
  ['channel blend invalid alpha_vec', changed(channel, { alpha_vec: '[0.5,1.5]' })],
  ['channel blend invalid alpha_vec', changed(channel, { alpha_vec: '[-0.1]' })],
  [
    'channel blend invalid alpha_vec',
    changed(channel, { alpha_vec: JSON.stringify(new Array(64).fill(0.1234567890123456)) }),
  ],
  [
    'channel blend alpha_vec exceeds limit',
    changed(channel, { alpha_vec: JSON.stringify(new Array(65).fill(0.5)) }),
    { length: 65, limit: 64 },
  ],
  ['channel blend invalid alpha_vec_len', changed(channel, { alpha_vec_len: undefined })],
  ['channel blend invalid alpha_vec_len', changed(channel, { alpha_vec_len: 'four' })],
  ['channel blend invalid alpha_vec_len', changed(channel, { alpha_vec_len: '4.0' })],
  ['channel blend alpha_vec length mismatch', changed(channel, { alpha_vec_len: '3' }), { expected: 3, actual: 4 }],
  ['blend mode unknown', changed(convex, { blend_mode: 'BLENDER' })],
  ['blend mode unknown', changed(convex, { blend_mode: 'convex' })],
  ['blend mode source invalid', changed(convex, { blend_mode_source: 'me' })],
  ['blend mode source invalid', changed(convex, { blend_mode_source: undefined })],
  ['blend annotations on a command that is not SEED', { ...convex, commandType: 'PAUSE' }],
  ['blend annotations without blend_mode', changed(confidence, { blend_mode: undefined })],
  ['confidence annotations outside a confidence blend', changed(convex, { gate_k: '4.0000' })],
  ['channel annotations outside a channel blend', changed(confidence, { alpha_vec: '[0.5]' })],
  ['blend metadata disagrees with annotations', changed(convex, { blend_mode: 'RESIDUAL' })],
];

describe('validateBlend', () => {
  it.each(REFUSALS)('BL-10: %s', (reason, command, details) => {
    const outcome = validateBlend(command);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'blend_violation', reason } });
    if (outcome.ok) return;
    if (details !== undefined) expect(outcome.error.details).toEqual(details);
    expect(blendEvent(outcome.error)).toMatchObject({
      level: 'CRITICAL',
      description: 'blend_validation_failed',
      attributes: { reason, subsystem: 'tamiyo' },
    });
  });

  it('BL-10: every reason there is has a command that is refused for it', () => {
    expect(new Set(REFUSALS.map(([reason]) => reason))).toEqual(new Set(BLEND_REASONS));
  });

  it('BL-08: keys of another mode are stale and refused; the producer never sends them', () => {
    expect(blendKeys(convex)).toEqual(['blend_mode', 'blend_mode_source']);
    expect(blendKeys(channel)).toEqual(['alpha_vec', 'alpha_vec_len', 'blend_mode', 'blend_mode_source']);
    expect(blendKeys(confidence)).not.toContain('alpha_vec');
  });

  it('whatever the network says, what is proposed is valid or refused by name', () => {
    const modes: (BlendMode | undefined)[] = ['CONVEX', 'RESIDUAL', 'CHANNEL', 'CONFIDENCE', undefined];
    fc.assert(
      fc.property(
        fc.constantFrom(...modes),
        fc.array(fc.float({ noNaN: true, min: -1, max: 1 }), { minLength: 4, maxLength: 4 }),
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 64, maxLength: 64 }),
        fc.option(fc.nat(80), { nil: undefined }),
        (mode, policyParams, graphEmbedding, count) => {
          const given = {
            policyParams: Float32Array.from(policyParams),
            graphEmbedding: Float32Array.from(graphEmbedding),
          };
          const outcome = decided({ enabled: true, ...(mode === undefined ? {} : { mode }) }, given, channels(count));
          if (!outcome.ok) {
            expect(mode).toBe('CHANNEL');
            return;
          }
          expect(validateBlend(outcome.value.draft)).toEqual({ ok: true, value: undefined });
          if (mode !== undefined) expect(outcome.value.draft.annotations['blend_mode']).toBe(mode);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('telemetry', () => {
  const figures = (command: CommandDraft) =>
    Object.fromEntries(blendTelemetry(command).map(({ name, value }) => [name.replace('tamiyo.blending.', ''), value]));

  it('BL-12: says what the consumer will see, in its terms', () => {
    expect(figures(convex)).toEqual({ alpha_mean: 0.1, alpha_p95: 0.1, clamped_fraction: 1 });
    const perChannel = figures(changed(channel, { alpha_vec: '[0,0.5,1,0.1]' }));
    expect(perChannel).toMatchObject({ clamped_fraction: 0.5, alpha_sparsity: 0.25, alpha_p95: 0.1 });
    expect(perChannel['alpha_mean']).toBeCloseTo(0.04, 12);
    const gated = figures(changed(confidence, { alpha_lo: '0.2500', alpha_hi: '0.2500' }));
    expect(gated['alpha_mean']).toBeCloseTo(0.025, 12);
    expect(gated['gate_mean']).toBeGreaterThan(0.9);
    expect(figures(draft({}))).toEqual({});
  });
});
