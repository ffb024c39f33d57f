import type { BlendMode } from '@esper/leyline';
import { describe, expect, it } from 'vitest';
import {
  type BlendConfig,
  DEFAULT_OBSERVE_LIMITS,
  decode,
  type NetworkOutputs,
  type RelationKey,
  resolveDecodeConfig,
  resolveObserveLimits,
  validateBlend,
} from '../../src/index.js';
import { favouring, outputsFor } from '../decode/heads.js';
import { blueprint, graphOf, packet, seed, seen } from '../observe/scene.js';

type Given = Partial<Parameters<typeof resolveDecodeConfig>[0]>;

const proposed = (config: Given, outputs: Partial<NetworkOutputs>, observation = seen()) =>
  decode(outputsFor(observation, outputs), observation, resolveDecodeConfig({ bundleDigest: 'ab', ...config }));

describe('what the prototype dropped on the way to the graph', () => {
  const pairs = (given: Parameters<typeof graphOf>[0], key: RelationKey) => {
    const edges = seen({ blueprints: [blueprint('bp', { graph: graphOf(given) })] }).graph.edges[key];
    return Array.from(edges?.source ?? [], (from, i) => `${from}>${edges?.target[i]}`);
  };

  it('P-D8: adjacency, monitors and the allow-lists of the catalogue are edges', () => {
    expect(pairs({ layerAdjacency: [[2, 0]] }, 'layer__connects__layer')).toEqual(['2>0']);
    expect(pairs({ monitors: [{ seedId: 'seed-b', layerIndex: 2 }] }, 'seed__monitors__layer')).toEqual(['1>2']);
    const allowed = { allowedParametersBySeedId: { 'seed-b': [] } };
    expect(pairs({}, 'seed__allowed__parameter')).toEqual(['1>0']);
    expect(pairs(allowed, 'seed__allowed__parameter')).toEqual([]);
  });

  it('P-D23: the optimizer of the run and the hazard of a blueprint have columns of their own, each with one base', () => {
    const limits = resolveObserveLimits({
      widths: { ...DEFAULT_OBSERVE_LIMITS.widths, globalInputWidth: 18, blueprintInputWidth: 16 },
    });
    const cells = (index: number | undefined, hazardBand: 'LOW' | 'HIGH') => {
      const trainingMetrics = index === undefined ? {} : { optimizer_family_index: index };
      const sheet = { signature: 'valid', hazardBand } as const;
      const { nodes } = seen(
        { packet: packet({ trainingMetrics }), blueprints: [blueprint('bp', { sheet })] },
        limits,
      ).graph;
      return [...nodes.global.features.slice(16), ...nodes.blueprint.features.slice(14)];
    };
    const [first = 0, , low = 0] = cells(0, 'LOW');
    const [second = 0, , high = 0] = cells(1, 'HIGH');
    expect(second - first).toBeCloseTo(1 / 256, 6);
    expect(first).toBeCloseTo(1 / 256, 6);
    expect(high).toBeGreaterThan(low);
    // Absent is no optimizer, and not the first of them.
    expect(cells(undefined, 'LOW').slice(0, 2)).toEqual([0, 0]);
  });
});

describe('what the prototype said about blending', () => {
  it('P-D10: the confidence logits are those the action was chosen by, and no other head moves them', () => {
    const logits = (outputs: Partial<NetworkOutputs>): unknown => {
      const outcome = proposed({ blend: { mode: 'CONFIDENCE' } }, { policyLogits: favouring(0, 2), ...outputs });
      return outcome.ok ? JSON.parse(outcome.value.draft.annotations['confidence_logits'] ?? 'null') : outcome;
    };
    expect(logits({})).toEqual([2, 0, 0, 0, 0]);
    expect(logits({ policyLogits: favouring(0, 1) })).toEqual([1, 0, 0, 0, 0]);
    const others = { blendingLogits: Float32Array.of(5, 6, 7), riskLogits: Float32Array.of(9, 1, 1, 1, 1) };
    expect(logits(others)).toEqual(logits({}));
  });

  it('BL-02: a mode nobody knows is refused by name, in the configuration and in a command; none takes its place', () => {
    const unknown = 'BLENDER' as BlendMode;
    expect(() => resolveDecodeConfig({ bundleDigest: 'ab', blend: { mode: unknown } })).toThrow(
      'blend.mode is BLENDER; one of CONVEX, RESIDUAL, CHANNEL, CONFIDENCE is needed',
    );
    const outcome = proposed({ blend: { enabled: true, mode: 'RESIDUAL' } }, { policyLogits: favouring(0) });
    if (!outcome.ok) throw new Error(outcome.error.code);
    const { draft } = outcome.value;
    expect(draft.annotations['blend_mode']).toBe('RESIDUAL');
    expect(validateBlend({ ...draft, annotations: { ...draft.annotations, blend_mode: unknown } })).toMatchObject({
      ok: false,
      error: { reason: 'blend mode unknown' },
    });
  });
});

describe('switches', () => {
  const blend = (given: Partial<BlendConfig>): Given => ({ blend: { enabled: true, mode: 'CONFIDENCE', ...given } });
  const graft = { policyLogits: favouring(0) };
  const tune = { policyLogits: favouring(1), policyParams: Float32Array.of(0.5, 0, 0, 0) };
  const cases: readonly [string, Partial<NetworkOutputs>, Given, Given][] = [
    ['policyVersion', graft, {}, { policyVersion: 'other' }],
    ['bundleDigest', graft, { bundleDigest: 'ab' }, { bundleDigest: 'cd' }],
    ['optimizerId', tune, {}, { optimizerId: 'adamw' }],
    ['lrDeltaScale', tune, {}, { lrDeltaScale: 0.1 }],
    [
      'blend.enabled',
      graft,
      { blend: { mode: 'RESIDUAL', enabled: false } },
      { blend: { mode: 'RESIDUAL', enabled: true } },
    ],
    ['blend.mode', graft, blend({}), blend({ mode: 'RESIDUAL' })],
    ['blend.gateK', graft, blend({}), blend({ gateK: 2 })],
    ['blend.gateTau', graft, blend({}), blend({ gateTau: 0.5 })],
    ['blend.alphaLo', graft, blend({}), blend({ alphaLo: 0.1 })],
    ['blend.alphaHi', graft, blend({}), blend({ alphaHi: 0.9 })],
    ['blend.alphaVecMax', graft, blend({ mode: 'CHANNEL' }), blend({ mode: 'CHANNEL', alphaVecMax: 2 })],
  ];

  it.each(cases)('P-D37: %s is no dead switch: turned, something else is proposed', (_, outputs, before, after) => {
    expect(proposed(before, outputs)).toEqual(proposed(before, outputs));
    expect(proposed(after, outputs)).not.toEqual(proposed(before, outputs));
  });

  it('P-D36: settings are what was resolved at construction; changing the environment changes no decision', () => {
    const config = resolveDecodeConfig({ bundleDigest: 'ab' });
    const observation = seen({ packet: packet({ seedStates: [seed('s')] }) });
    const outputs = outputsFor(observation, graft);
    const before = decode(outputs, observation, config);
    const names = ['TAMIYO_BLEND_MODE_DEFAULT', 'TAMIYO_ENABLE_BLEND_MODE_ANN'];
    try {
      for (const name of names) process.env[name] = 'CONFIDENCE';
      expect(decode(outputs, observation, config)).toEqual(before);
    } finally {
      for (const name of names) delete process.env[name];
    }
  });
});
