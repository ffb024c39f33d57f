import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLUEPRINT_FEATURES } from '../../src/core/observe/blueprint-nodes.js';
import { GLOBAL_FEATURES } from '../../src/core/observe/global-node.js';
import { seedFeatures } from '../../src/core/observe/seed-nodes.js';
import { activationFeatures, layerFeatures, parameterFeatures } from '../../src/core/observe/structure-nodes.js';
import { type Observation, observe, priorNormalizerState, STATISTICS } from '../../src/index.js';
import { bare, blueprint, graphOf, noNames, packet, seed, seen, whole, wideLimits } from './scene.js';

const cells = (
  observation: Observation,
  type: 'global' | 'seed' | 'blueprint' | 'layer' | 'activation' | 'parameter',
  row = 0,
) => {
  const { width, features } = observation.graph.nodes[type];
  return Array.from(features.subarray(row * width, (row + 1) * width));
};

describe('absent, zero and bad are three things', () => {
  it('P-D15: an absent metric reads 0 with mask 0 and leaves its statistic alone', () => {
    const before = priorNormalizerState();
    const observation = seen({ packet: packet({ trainingMetrics: {} }), statistics: before });
    expect(cells(observation, 'global').slice(6, 12)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(observation.statistics['global.samples_per_s']).toEqual(before['global.samples_per_s']);
    expect(observation.coverage.byKey['global.samples_per_s']).toBe(0);
    expect(observation.coverage.missingKeys).toContain('global.samples_per_s');
  });

  it('P-D15: thirty silent steps do not drag a statistic (the prototype reads 4,800 as +2.54 afterwards)', () => {
    let statistics = priorNormalizerState();
    for (let step = 0; step < 30; step++)
      statistics = seen({ packet: packet({ trainingMetrics: {} }), statistics }).statistics;
    const value = cells(
      seen({ packet: packet({ trainingMetrics: { samples_per_s: 4800 } }), statistics }),
      'global',
    )[8];
    expect(value).toBeGreaterThan(0);
    expect(value).toBeLessThan(0.8);
  });

  it('P-D16, P-D17: a real 0 is present, and one predicate drives value, mask and coverage', () => {
    const zeroes = seed('s', { learningRate: 0, riskScore: 0, gradientNorm: 0, ageEpochs: 0, layerDepth: 0 });
    const observation = seen({ packet: packet({ seedStates: [zeroes] }) });
    const row = cells(observation, 'seed');
    for (const mask of [1, 3, 5, 7, 11]) expect(row[mask]).toBe(1);
    for (const key of ['learning_rate', 'risk', 'gradient_norm', 'age', 'layer_depth']) {
      expect(observation.coverage.byKey[`seed.${key}`]).toBe(1);
    }
    expect(row[10]).toBe(0);
    expect(row[0]).toBeLessThan(0);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 'fast', 1e39])(
    'P-D19: a metric of %s counts as absent, is listed, and poisons nothing',
    (bad) => {
      const before = priorNormalizerState();
      const observation = seen({ packet: packet({ trainingMetrics: { loss: bad } }), statistics: before });
      expect(cells(observation, 'global').slice(0, 2)).toEqual([0, 0]);
      expect(observation.badSignals).toContain('packet.loss');
      expect(observation.statistics['global.loss']).toEqual(before['global.loss']);
    },
  );

  it('P-D30: a negative count is bad evidence, not a domain error', () => {
    const layers = [{ layerId: 'l', parameterCount: -5, latencyMs: -1 }];
    const observation = seen({ blueprints: [blueprint('bp', { graph: graphOf({ layers }) })] });
    expect(cells(observation, 'layer').slice(2, 6)).toEqual([0, 0, 0, 0]);
    expect(observation.badSignals).toEqual(['layers.l.latency', 'layers.l.param_count']);
  });

  it('PB-21: missing inputs are visible, key by key, and lower the ratio', () => {
    const full = seen().coverage;
    const less = seen({ packet: packet({ trainingMetrics: {} }) }).coverage;
    expect(less.ratio).toBeLessThan(full.ratio);
    expect(less.missingKeys).toEqual(expect.arrayContaining(['global.loss', 'global.gradient_norm']));
  });

  it('PB-21: a key stands for one feature, or for several that are counted one behind the other', () => {
    const features: readonly { readonly key: string }[] = [
      ...GLOBAL_FEATURES,
      ...seedFeatures(1),
      ...BLUEPRINT_FEATURES,
      ...layerFeatures(1),
      ...activationFeatures(1),
      ...parameterFeatures([]),
    ];
    const runs = features.map(({ key }) => key).filter((key, at, keys) => key !== keys[at - 1]);
    expect(new Set(runs).size).toBe(runs.length);
    expect(runs.length).toBeLessThan(features.length);
  });
});

describe('one scale', () => {
  it('P-D18: a value at the prior mean reads 0, whatever its transform and unit', () => {
    const observation = seen();
    expect(cells(observation, 'global').slice(0, 14)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0]);
    expect(cells(observation, 'activation')[5]).toBe(0);
    for (const { mean, sigma } of Object.values(STATISTICS)) expect(sigma > 0 && Number.isFinite(mean)).toBe(true);
  });

  it('P-D31: depth and risk stay within 0..1 in nodes and edges, and stage has one unit', () => {
    const risky = seed('s', { layerDepth: 900, riskScore: 7, stage: 'BLENDING' });
    const observation = seen({
      packet: packet({ seedStates: [risky] }),
      blueprints: [blueprint('bp', { risk: 3, stage: 4 })],
    });
    expect(cells(observation, 'seed')[10]).toBe(1);
    expect(observation.seeds[0]?.risk).toBe(1);
    expect(cells(observation, 'blueprint')[5]).toBe(1);
    expect(cells(observation, 'blueprint')[6]).toBeCloseTo(0.4, 6);
    expect(Array.from(observation.graph.edges.global__annotates__blueprint?.attributes ?? [])).toEqual([
      1,
      Math.fround(0.4),
      1,
    ]);
  });

  it('P-D22: the losses of the run come from the typed fields', () => {
    const observation = seen({ packet: packet({ validationLoss: 2, trainingMetrics: { validation_loss: 0.8 } }) });
    expect(cells(observation, 'global')[2]).toBeGreaterThan(1);
  });

  it('D-23: a safety sheet raises the risk of a blueprint and never lowers it', () => {
    const sheet = { signature: 'valid' as const };
    const riskWith = (riskScore?: number) =>
      seen({
        blueprints: [blueprint('bp', { risk: 0.5, sheet: riskScore === undefined ? sheet : { ...sheet, riskScore } })],
      }).blueprints[0]?.risk;
    expect([riskWith(), riskWith(0.1), riskWith(0.9)]).toEqual([0.5, 0.5, 0.9]);
    expect(riskWith(Number.NaN)).toBeUndefined();
  });

  it('P-D24: a name reads its registry number over the table size, and 0 while it is new', () => {
    const vocabularies = { ...noNames, layer_type: new Map([['conv2d', 512]]) };
    const observation = seen({ vocabularies });
    expect([cells(observation, 'layer', 0)[7], cells(observation, 'layer', 1)[7]]).toEqual([0.5, 0]);
  });

  it('P-D25: new names are handed to the host once each; packet ids and positions never become names', () => {
    const names = seen({ packet: packet({ packetId: 'run-step-9' }) }).newNames;
    expect(names).toContainEqual({ vocabulary: 'layer_type', name: 'norm' });
    expect(new Set(names.map(({ vocabulary, name }) => `${vocabulary}/${name}`)).size).toBe(names.length);
    expect(names.some(({ name }) => name.includes('run-step-9') || name === 'unknown')).toBe(false);
  });
});

describe('properties', () => {
  const measured = fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined });
  const signal = fc.oneof(fc.double(), fc.constant('text'), fc.constant(undefined));

  it('P-D21: the order of seeds changes no feature and no statistic', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(measured, measured), { minLength: 2, maxLength: 6 }), (given) => {
        const seeds = given.map(([gradientNorm, riskScore], index) =>
          seed(`s${index}`, {
            ...(gradientNorm === undefined ? {} : { gradientNorm }),
            ...(riskScore === undefined ? {} : { riskScore }),
          }),
        );
        const forth = seen({ packet: packet({ seedStates: seeds }) });
        const back = seen({ packet: packet({ seedStates: [...seeds].reverse() }) });
        expect(back.statistics).toEqual(forth.statistics);
        for (const [row] of seeds.entries()) {
          expect(cells(back, 'seed', seeds.length - 1 - row)).toEqual(cells(forth, 'seed', row));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('whatever is measured, every cell and every statistic is finite, and the input is left alone', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('loss', 'gradient_norm', 'epochs_total', 'optimizer_family_index'), signal),
        signal,
        (metrics, risk) => {
          const trainingMetrics = Object.fromEntries(
            Object.entries(metrics).filter(([, value]) => value !== undefined),
          ) as Record<string, number>;
          const input = {
            packet: packet({ trainingMetrics, ...(risk === undefined ? {} : { validationLoss: risk }) }),
            blueprints: [blueprint('bp', { risk: risk ?? 0.1 })],
            vocabularies: noNames,
            statistics: priorNormalizerState(),
          };
          const copy = structuredClone(input);
          const outcome = observe(input, wideLimits);
          expect(input).toEqual(copy);
          if (!outcome.ok) throw new Error('refused');
          for (const { features } of Object.values(outcome.value.graph.nodes))
            expect(features.every(Number.isFinite)).toBe(true);
          for (const { mean, variance } of Object.values(outcome.value.statistics)) {
            expect(Number.isFinite(mean) && Number.isFinite(variance) && variance > 0).toBe(true);
          }
          expect(whole(observe(input, wideLimits))).toEqual(whole(outcome));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('the z-score stays within ±3', () => {
    let statistics = priorNormalizerState();
    for (const loss of [1e30, -1e30, 0, 5, 1e30]) {
      const observation = seen({ packet: packet({ trainingMetrics: { loss } }), statistics });
      expect(Math.abs(cells(observation, 'global')[0] as number)).toBeLessThanOrEqual(3);
      statistics = observation.statistics;
    }
  });
});

describe('what nobody described', () => {
  it('P-D26: no structure, no nodes; the missing families lower the coverage', () => {
    const observation = seen({ blueprints: [bare('bp')] });
    expect(observation.graph.nodes.layer.ids).toEqual([]);
    expect(observation.graph.nodes.activation.ids).toEqual([]);
    expect(observation.graph.nodes.parameter.ids).toEqual(['bp/learning-rate']);
    expect(observation.coverage.byKey['layer.latency']).toBe(0);
    expect(observation.coverage.ratio).toBeLessThan(seen().coverage.ratio);
  });

  it('D-26, P-D3: without blueprints there is no blueprint node; packet and run ids never stand in', () => {
    const observation = seen({ packet: packet({ packetId: 'bp-a' }), blueprints: [] });
    expect(observation.graph.nodes.blueprint.ids).toEqual([]);
    expect(observation.blueprints).toEqual([]);
    expect(observation.coverage.byKey['blueprint.risk']).toBe(0);
  });

  it('P-D2: every candidate is a row, in catalogue order, under its own id', () => {
    const observation = seen({ blueprints: [blueprint('bp-b'), blueprint('bp-a')] });
    expect(observation.graph.nodes.blueprint.ids).toEqual(['bp-b', 'bp-a']);
  });
});
