import type {
  BlueprintDescriptor,
  BlueprintTier,
  GraphActivation,
  GraphLayer,
  GraphMetadata,
  GraphParameter,
  ParameterBounds,
  SeedMonitor,
  Signal,
} from '@esper/leyline';
import { isMapping, isTruthy, type Mapping } from './python-values.js';

/** Metadata that no catalogue of ours could hold. */
class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

const refuse = (path: string): never => {
  throw new Unreadable(path);
};

/** The prototype's loose metadata as a catalogue entry; `undefined` where the strict schema would refuse it. */
export function catalogueEntry(blueprintId: string, metadata: Mapping): BlueprintDescriptor | undefined {
  try {
    return entryOf(blueprintId, metadata);
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

function entryOf(blueprintId: string, metadata: Mapping): BlueprintDescriptor {
  const tier = String(metadata['tier'] ?? '').replace('BLUEPRINT_TIER_', '');
  const graph = isMapping(metadata['graph']) ? graphOf(metadata['graph']) : undefined;
  return {
    blueprintId,
    name: blueprintId,
    tier: (TIERS as readonly string[]).includes(tier) ? (tier as BlueprintTier) : 'UNKNOWN',
    risk: signal(metadata['risk'], 'risk') ?? Number.NaN,
    stage: metadata['stage'] === undefined ? 0 : whole(metadata['stage'], 'stage'),
    quarantineOnly: isTruthy(metadata['quarantine_only']),
    approvalRequired: isTruthy(metadata['approval_required']),
    description: '',
    allowedParameters: allowedOf(metadata['allowed_parameters']),
    ...(graph === undefined ? {} : { graph }),
  };
}

const TIERS = ['UNKNOWN', 'SAFE', 'EXPERIMENTAL', 'HIGH_RISK'];

/** A number or a text as it came; `null` and nothing are absent; everything else is unreadable. */
function signal(value: unknown, path: string): Signal | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'number' || typeof value === 'string' ? value : refuse(path);
}

function whole(value: unknown, path: string): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : refuse(path);
}

function finite(value: unknown, path: string): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : refuse(path);
}

/** Text, or absent. */
function text(value: unknown, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : refuse(path);
}

function allowedOf(allowed: unknown): Readonly<Record<string, ParameterBounds>> {
  if (!isMapping(allowed)) return {};
  return Object.fromEntries(
    Object.entries(allowed).map(([name, bounds]) => {
      if (!isMapping(bounds)) return refuse(name);
      return [name, { minValue: finite(bounds['min'] ?? 0, 'min'), maxValue: finite(bounds['max'] ?? 0, 'max') }];
    }),
  );
}

/** A list of mappings; anything else where a list is expected is no list at all. */
function mappings(list: unknown, path: string): readonly Mapping[] {
  if (!Array.isArray(list)) return [];
  return list.map((entry) => (isMapping(entry) ? entry : refuse(path)));
}

/** Only the keys that have a value: absent is absent. */
const defined = <T extends object>(entry: { readonly [Key in keyof T]: T[Key] | undefined }): T =>
  Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)) as T;

function graphOf(graph: Mapping): GraphMetadata {
  const layers = mappings(graph['layers'], 'layers').map(layerOf);
  const adjacency = isMapping(graph['adjacency']) ? graph['adjacency']['layer'] : graph['adjacency'];
  const capabilities = isMapping(graph['capabilities']) ? graph['capabilities'] : {};
  const monitors = monitorsOf(graph);
  return defined<GraphMetadata>({
    layers,
    activations: mappings(graph['activations'], 'activations').map(activationOf),
    parameters: mappings(graph['parameters'], 'parameters').map(parameterOf),
    layerAdjacency: Array.isArray(adjacency) ? adjacency.map(pairOf) : undefined,
    monitors: monitors.length > 0 ? monitors : undefined,
    monitorThresholds: thresholdsOf(graph['monitors']),
    allowedParametersBySeedId: lists(
      capabilities['allowed_parameters_by_seed_id'],
      (entry) => text(entry, 'name') ?? refuse('name'),
    ),
    allowedParametersBySeedIndex: lists(capabilities['allowed_parameters_by_seed_index'], (entry) =>
      whole(entry, 'index'),
    ),
    allowedBlendingMethods: undefined,
    meshHostLayers: undefined,
    source: 'urza',
  });
}

const layerOf = (layer: Mapping, index: number): GraphLayer =>
  defined<GraphLayer>({
    layerId: text(layer['layer_id'], 'layer_id') ?? `auto-${index}`,
    type: text(layer['type'], 'type'),
    depth: layer['depth'] === undefined || layer['depth'] === null ? undefined : whole(layer['depth'], 'depth'),
    latencyMs: signal(layer['latency_ms'], 'latency_ms'),
    parameterCount: signal(layer['parameter_count'], 'parameter_count'),
    dropoutRate: signal(layer['dropout_rate'], 'dropout_rate'),
    weightNorm: signal(layer['weight_norm'], 'weight_norm'),
    gradientNorm: signal(layer['gradient_norm'], 'gradient_norm'),
    activation: text(layer['activation'], 'activation') ?? text(layer['activation_type'], 'activation_type'),
    inputChannels: undefined,
    outputChannels: channels(layer['output_channels']),
  });

const channels = (value: unknown): number | undefined =>
  value === undefined || value === null ? undefined : whole(value, 'output_channels');

const activationOf = (activation: Mapping, index: number): GraphActivation =>
  defined<GraphActivation>({
    activationId: text(activation['activation_id'], 'activation_id') ?? `auto-${index}`,
    type: text(activation['type'], 'type'),
    saturationRate: signal(activation['saturation_rate'], 'saturation_rate'),
    gradientFlow: signal(activation['gradient_flow'], 'gradient_flow'),
    computationalCost: signal(activation['computational_cost'], 'computational_cost'),
    nonlinearityStrength: signal(activation['nonlinearity_strength'], 'nonlinearity_strength'),
  });

const parameterOf = (parameter: Mapping, index: number): GraphParameter =>
  defined<GraphParameter>({
    name: text(parameter['name'], 'name') ?? `auto-${index}`,
    min: signal(parameter['min'], 'min'),
    max: signal(parameter['max'], 'max'),
    span: signal(parameter['span'], 'span'),
    default: signal(parameter['default'], 'default'),
  });

function pairOf(pair: unknown): readonly [number, number] {
  if (!Array.isArray(pair) || pair.length < 2) return refuse('adjacency');
  return [whole(pair[0], 'adjacency'), whole(pair[1], 'adjacency')];
}

function monitorsOf(graph: Mapping): readonly SeedMonitor[] {
  const listed: readonly unknown[] = Array.isArray(graph['monitored_layers']) ? graph['monitored_layers'] : [];
  const block = isMapping(graph['monitors']) ? graph['monitors'] : {};
  const byId = layerLists(block['by_seed_id']).map(({ key, layerIndex }) => ({ seedId: key, layerIndex }));
  const byIndex = layerLists(block['by_seed_index']).map(({ key, layerIndex }) => ({
    seedIndex: indexKey(key),
    layerIndex,
  }));
  return [...listed.map(tripleOf), ...byId, ...byIndex];
}

function tripleOf(entry: unknown): SeedMonitor {
  if (!Array.isArray(entry) || entry.length < 2) return refuse('monitored_layers');
  const weight = entry.length > 2 ? { weight: finite(entry[2], 'weight') } : {};
  return { seedIndex: whole(entry[0], 'seed'), layerIndex: whole(entry[1], 'layer'), ...weight };
}

const layerLists = (table: unknown): readonly { readonly key: string; readonly layerIndex: number }[] =>
  Object.entries(lists(table, (entry) => whole(entry, 'layer')) ?? {}).flatMap(([key, layers]) =>
    layers.map((layerIndex) => ({ key, layerIndex })),
  );

const indexKey = (key: string): number => (/^\d{1,6}$/.test(key) ? Number(key) : refuse('by_seed_index'));

function thresholdsOf(monitors: unknown): GraphMetadata['monitorThresholds'] {
  const table = isMapping(monitors) ? (monitors['thresholds'] ?? monitors['monitors_thresholds']) : undefined;
  if (!isMapping(table)) return undefined;
  const limit = (key: string) =>
    table[key] === undefined || table[key] === null ? undefined : finite(table[key], key);
  return defined<NonNullable<GraphMetadata['monitorThresholds']>>({
    riskMax: limit('risk_max'),
    stageMin: limit('stage_min'),
  });
}

function lists<Entry>(
  table: unknown,
  read: (entry: unknown) => Entry,
): Readonly<Record<string, readonly Entry[]>> | undefined {
  if (!isMapping(table)) return undefined;
  return Object.fromEntries(
    Object.entries(table).map(([key, list]) => [key, Array.isArray(list) ? list.map(read) : refuse(key)]),
  );
}
