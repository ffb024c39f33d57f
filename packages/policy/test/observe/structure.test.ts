import { describe, expect, it } from 'vitest';
import {
  DEFAULT_OBSERVE_LIMITS,
  observe,
  priorNormalizerState,
  RELATION_KEYS,
  type RelationKey,
  resolveObserveLimits,
} from '../../src/index.js';
import { blueprint, graphOf, noNames, packet, seed, seen } from './scene.js';

const pairs = (observation: ReturnType<typeof seen>, key: RelationKey): string[] => {
  const table = observation.graph.edges[key];
  return Array.from(table?.source ?? [], (source, edge) => `${source}>${table?.target[edge]}`);
};
const attributes = (observation: ReturnType<typeof seen>, key: RelationKey): number[] =>
  Array.from(observation.graph.edges[key]?.attributes ?? [], (value) => Number(value.toFixed(4)));

describe('relations', () => {
  it('P-D41: all 21 relations are always there, empty where nothing can be joined', () => {
    const observation = seen({ packet: packet({ seedStates: [] }), blueprints: [] });
    expect(Object.keys(observation.graph.edges).sort()).toEqual([...RELATION_KEYS].sort());
    for (const key of RELATION_KEYS) expect(pairs(observation, key)).toEqual([]);
  });

  it('joins as the prototype joins its one blueprint', () => {
    const observation = seen();
    expect(pairs(observation, 'global__influences__seed')).toEqual(['0>0', '0>1']);
    expect(pairs(observation, 'seed__peer__seed')).toEqual(['0>1']);
    expect(pairs(observation, 'layer__activates__activation')).toEqual(['0>0', '1>0', '2>0']);
    expect(pairs(observation, 'blueprint__composes__layer')).toEqual(['0>0', '0>1', '0>2']);
    expect(attributes(observation, 'blueprint__composes__layer')).toEqual([0.2, 0.3333, 1, 0.2, 0.6667, 1, 0.2, 1, 1]);
    expect(pairs(observation, 'layer__connects__layer')).toEqual(['0>1', '1>2']);
    expect(pairs(observation, 'seed__monitors__layer')).toEqual(['0>0', '1>1']);
    expect(pairs(observation, 'seed__allowed__parameter')).toEqual(['1>0']);
  });

  it('gives every candidate its own edges: layers of one id are one node, and strangers are not joined', () => {
    const other = graphOf({
      layers: [{ layerId: 'head' }, { layerId: 'extra' }],
      activations: [],
      parameters: [{ name: 'lr' }],
    });
    const observation = seen({ blueprints: [blueprint('bp-a'), blueprint('bp-b', { graph: other })] });
    expect(observation.graph.nodes.layer.ids).toEqual(['conv', 'norm', 'head', 'extra']);
    expect(pairs(observation, 'blueprint__composes__layer')).toEqual(['0>0', '0>1', '0>2', '1>2', '1>3']);
    expect(pairs(observation, 'layer__activates__activation')).toEqual(['0>0', '1>0', '2>0']);
    expect(pairs(observation, 'parameter__targets__blueprint')).toEqual(['0>0', '1>1']);
    expect(pairs(observation, 'layer__connects__layer')).toEqual(['0>1', '1>2', '2>3']);
  });

  it('P-D28: listed adjacency is all there is; an empty list joins nothing and no chain is invented', () => {
    const listed = (layerAdjacency: readonly (readonly [number, number])[]) =>
      pairs(seen({ blueprints: [blueprint('bp', { graph: graphOf({ layerAdjacency }) })] }), 'layer__connects__layer');
    expect(
      listed([
        [2, 0],
        [1, 1],
      ]),
    ).toEqual(['2>0', '1>1']);
    expect(listed([])).toEqual([]);
  });

  it('P-D29: a parameter keeps its name, so that `learning-rate` is found in an allow-list', () => {
    const allow = (names: readonly string[]) =>
      pairs(
        seen({ blueprints: [blueprint('bp', { graph: graphOf({ allowedParametersBySeedId: { 'seed-b': names } }) })] }),
        'seed__allowed__parameter',
      );
    expect(allow(['learning-rate'])).toEqual(['1>0']);
    expect(allow([])).toEqual([]);
  });

  it('watches listed layers, else the reported one; an unreported depth is no layer 0', () => {
    const monitors = [
      { seedId: 'seed-a', layerIndex: 2, weight: 0.5 },
      { seedIndex: 1, layerIndex: 0 },
      { seedId: 'gone', layerIndex: 1 },
    ];
    const listed = seen({ blueprints: [blueprint('bp', { graph: graphOf({ monitors }) })] });
    expect(pairs(listed, 'seed__monitors__layer')).toEqual(['0>2', '1>0']);
    expect(pairs(seen({ packet: packet({ seedStates: [seed('s')] }) }), 'seed__monitors__layer')).toEqual([]);
    const limited = graphOf({ monitors, monitorThresholds: { riskMax: 0.3 } });
    expect(pairs(seen({ blueprints: [blueprint('bp', { graph: limited })] }), 'seed__monitors__layer')).toEqual([
      '0>2',
    ]);
  });
});

describe('blend permission', () => {
  const may = (given: Parameters<typeof seed>[1]) =>
    seen({ packet: packet({ seedStates: [seed('s', given)] }) }).seeds[0]?.blendAllowed;

  it.each([
    ['BLENDING', {}, true],
    ['TRAINING', {}, false],
    ['TRAINING', { blend_allowed: 1 }, true],
    ['BLENDING', { blend_allowed: 0 }, false],
    ['BLENDING', { blend_allowed: Number.NaN }, false],
    ['CULLED', { blend_allowed: 1 }, false],
    ['TERMINATED', {}, false],
  ] as const)('P-D12: %s with %j may blend: %s', (stage, metrics, expected) => {
    expect(may({ stage, metrics })).toBe(expected);
  });

  it('P-D12: a list of blending methods permits nothing by itself', () => {
    const graph = graphOf({ allowedBlendingMethods: ['linear'] });
    const observation = seen({ packet: packet({ seedStates: [seed('s')] }), blueprints: [blueprint('bp', { graph })] });
    expect(observation.seeds[0]?.blendAllowed).toBe(false);
  });
});

describe('limits', () => {
  it('PB-20, P-D27: what a cap leaves out is named, and what it keeps does not move', () => {
    const limits = resolveObserveLimits({ layersMax: 2, seedsMax: 1 });
    const [cut, whole] = [seen({}, limits), seen()];
    expect(cut.coverage.truncated).toEqual([
      { type: 'seed', kept: 1, total: 2 },
      { type: 'layer', kept: 2, total: 3 },
      { type: 'layer_connects', kept: 1, total: 2 },
    ]);
    expect(cut.coverage.byType['kept.layer']).toBeCloseTo(2 / 3);
    expect(attributes(cut, 'global__operates__layer')).toEqual(
      attributes(whole, 'global__operates__layer').slice(0, 6),
    );
    expect(cut.graph.nodes.layer.features[0]).toBe(whole.graph.nodes.layer.features[0]);
    expect(cut.seeds).toHaveLength(1);
    expect(whole.coverage.truncated).toEqual([]);
  });

  it('PB-19: the caps of the prototype are the defaults', () => {
    expect(DEFAULT_OBSERVE_LIMITS).toMatchObject({ layersMax: 3, activationsMax: 1, parametersMax: 1 });
  });

  it.each([
    [{ layersMax: -1 }, 'layersMax is -1; a whole number from 0 to 128 is needed'],
    [{ seedsMax: 0 }, 'seedsMax is 0; a whole number from 1 to 128 is needed'],
    [{ parametersMax: Number.NaN }, 'parametersMax is NaN'],
    [
      { widths: { ...DEFAULT_OBSERVE_LIMITS.widths, layerInputWidth: 11 } },
      'widths.layerInputWidth is 11; a whole number from 12 to 256',
    ],
    [{ widths: { ...DEFAULT_OBSERVE_LIMITS.widths, edgeFeatureWidth: 2 } }, 'widths.edgeFeatureWidth is 2'],
    [JSON.parse('{"widths":{}}'), 'widths.globalInputWidth is undefined'],
    [{ widths: undefined as never }, 'widths.globalInputWidth is undefined'],
  ])('refuses %j by name', (given, message) => {
    expect(() => resolveObserveLimits(given)).toThrow(message);
  });

  it('more than eight blueprints are refused', () => {
    const blueprints = Array.from({ length: 9 }, (_, index) => blueprint(`bp-${index}`));
    const input = { packet: packet(), blueprints, vocabularies: noNames, statistics: priorNormalizerState() };
    expect(observe(input, DEFAULT_OBSERVE_LIMITS)).toEqual({
      ok: false,
      error: { code: 'too_many_blueprints', given: 9, max: 8 },
    });
  });

  it('wider rows get the categorical columns', () => {
    const widths = {
      ...DEFAULT_OBSERVE_LIMITS.widths,
      globalInputWidth: 18,
      blueprintInputWidth: 16,
      edgeFeatureWidth: 5,
    };
    const observation = seen(
      {
        packet: packet({ trainingMetrics: { optimizer_family_index: 2 } }),
        blueprints: [blueprint('bp', { sheet: { signature: 'valid', hazardBand: 'HIGH' } })],
      },
      resolveObserveLimits({ widths }),
    );
    expect(Array.from(observation.graph.nodes.global.features.slice(16))).toEqual([3 / 256, 1]);
    expect(Array.from(observation.graph.nodes.blueprint.features.slice(14))).toEqual([3 / 256, 1]);
    expect(observation.graph.edges.global__annotates__blueprint?.attributes.length).toBe(5);
  });
});

describe('unsound structure', () => {
  it.each([
    [{ seedStates: [seed('s'), seed('s')] }, 'seedStates[1].seedId', 'is given twice'],
    [{ seedStates: [seed('s', { stage: 'FLYING' as 'DORMANT' })] }, 'seedStates[0].stage', 'is no known stage'],
    [
      { seedStates: [seed('s', { layerDepth: Number.NaN })] },
      'seedStates[0].layerDepth',
      'is not a finite number of at least 0',
    ],
    [{ currentEpoch: -1 }, 'currentEpoch', 'is not a finite number of at least 0'],
    [{ globalStep: Number.POSITIVE_INFINITY }, 'globalStep', 'is not a finite number of at least 0'],
  ])('P-D30: a packet with %j is refused with its path', (given, path, reason) => {
    const input = { packet: packet(given), blueprints: [], vocabularies: noNames, statistics: priorNormalizerState() };
    expect(observe(input, DEFAULT_OBSERVE_LIMITS)).toEqual({
      ok: false,
      error: { code: 'packet_field_invalid', path, reason },
    });
  });

  it.each([
    ['graph.layers[1].layerId', 'is given twice', { layers: [{ layerId: 'l' }, { layerId: 'l' }] }],
    ['graph.parameters[0].name', 'is blank', { parameters: [{ name: ' ' }] }],
    ['graph.layerAdjacency[0]', 'names a layer that is not listed', { layerAdjacency: [[0, 3]] }],
    [
      'graph.layerAdjacency[1]',
      'is given twice',
      {
        layerAdjacency: [
          [0, 1],
          [0, 1],
        ],
      },
    ],
    ['graph.monitors[0]', 'names no seed', { monitors: [{ layerIndex: 0 }] }],
    ['graph.monitors[0]', 'names a layer that is not listed', { monitors: [{ seedId: 's', layerIndex: 9 }] }],
    [
      'graph.allowedParametersBySeedId.s',
      'names a parameter that is not listed',
      { allowedParametersBySeedId: { s: ['nope'] } },
    ],
    [
      'graph.allowedParametersBySeedIndex.0',
      'names a parameter that is not listed',
      { allowedParametersBySeedIndex: { 0: [4] } },
    ],
  ] as const)('P-D28: a blueprint whose %s %s is left out and named; the others stay', (path, reason, graph) => {
    const observation = seen({ blueprints: [blueprint('bad', { graph: graphOf(graph as never) }), blueprint('good')] });
    expect(observation.excludedBlueprints).toEqual([{ blueprintId: 'bad', path, reason }]);
    expect(observation.blueprints.map(({ blueprintId }) => blueprintId)).toEqual(['good']);
  });

  it.each(['bp-unknown', 'bp-demo', 'run-unknown', ' ', '\ufeff'])(
    'PB-05: a catalogue entry called %j is no blueprint',
    (id) => {
      expect(seen({ blueprints: [blueprint(id)] }).blueprints).toEqual([]);
    },
  );

  it('a blueprint of unknown risk is shown, reads the worst on edges, and cannot be chosen', () => {
    const observation = seen({ blueprints: [blueprint('bp', { risk: Number.NaN })] });
    expect(observation.blueprints[0]?.eligibility).toBe('risk_unknown');
    expect(observation.badSignals).toContain('blueprints.bp.risk');
    expect(attributes(observation, 'global__annotates__blueprint')).toEqual([1, 0.2, 1]);
  });
});

describe('coverage', () => {
  it('RE-60, P-D33: what is missing counts as 0, constants do not count, and one source of seeds cannot hide the rest', () => {
    const bareSeeds = Array.from({ length: 20 }, (_, index) => seed(`s${index}`));
    const { ratio, byKey } = seen({ packet: packet({ seedStates: bareSeeds, trainingMetrics: {} }) }).coverage;
    expect(byKey['seed.blend_allowed']).toBe(1);
    expect(ratio).toBeLessThan(0.3);
    const { ratio: nothing } = seen({
      packet: {
        ...packet({ seedStates: [], trainingMetrics: {} }),
        validationLoss: Number.NaN,
        trainingLoss: Number.NaN,
      },
      blueprints: [],
    }).coverage;
    expect(nothing).toBe(0);
  });

  it('P-D34: every relation that could have edges has a key, the allow-list included', () => {
    const { byType } = seen().coverage;
    expect(Object.keys(byType).filter((key) => key.startsWith('edges.'))).toHaveLength(21);
    expect(byType['edges.seed_param_allowed']).toBe(1);
    expect(Object.keys(byType).filter((key) => key.startsWith('node.'))).toHaveLength(6);
  });

  it('a run without seeds is not blamed for the evidence of seeds', () => {
    const { byKey } = seen({ packet: packet({ seedStates: [] }) }).coverage;
    expect(Object.keys(byKey).some((key) => key.startsWith('seed.'))).toBe(false);
  });
});
