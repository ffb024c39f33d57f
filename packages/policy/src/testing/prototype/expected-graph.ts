import type { BlueprintDescriptor, GraphMetadata } from '@esper/leyline';
import type { NodeType, RelationKey } from '../../core/graph/schema.js';
import { type ExpectedRelation, expectedRelations } from './expected-edges.js';
import { ExpectedNodes, type ExpectedStatistics, type ExpectedTable } from './expected-rows.js';
import {
  activationWants,
  blueprintWants,
  type ExpectedNames,
  globalWants,
  layerWants,
  parametersOf,
  parameterWants,
  seedWants,
} from './expected-wants.js';
import type { RecordedBuilderConfig } from './prototype-build.js';
import type { RecordedPacket } from './recorded-packet.js';

/** What our builder must make of a recorded packet. */
export interface ExpectedGraph {
  readonly tables: Readonly<Record<NodeType, ExpectedTable>>;
  readonly relations: Readonly<Record<RelationKey, ExpectedRelation>>;
  readonly statistics: ExpectedStatistics;
  readonly ratio: number;
}

interface Scene {
  readonly config: RecordedBuilderConfig;
  readonly packet: RecordedPacket;
  /** The one catalogue entry, when there is one and it is sound. */
  readonly entry: BlueprintDescriptor | undefined;
  readonly names: ExpectedNames;
  readonly statistics: ExpectedStatistics;
}

/** Evidence features of a family that nobody described: blueprint, layer, activation, parameter. */
const MISSING = { blueprint: 5, layer: 6, activation: 4, parameter: 4 } as const;

/** Worked out from the recorded input, cell by cell, with none of the builder's code. */
export function expectedGraph({ config, packet, entry, names, statistics }: Scene): ExpectedGraph {
  const nodes = new ExpectedNodes(statistics);
  const width = (type: NodeType): number => config[`${type}_feature_dim`];
  const layers = entry?.graph?.layers ?? [];
  const activations = entry?.graph?.activations ?? [];
  const parameters = entry === undefined ? [] : parametersOf(entry);
  const layersMax = config.max_layers;
  if (entry === undefined) nodes.missing(MISSING.blueprint + (width('blueprint') > 14 ? 1 : 0));
  if (entry?.graph === undefined) {
    nodes.missing(MISSING.layer + MISSING.activation);
    if (Math.min(parameters.length, config.max_parameters) === 0) nodes.missing(MISSING.parameter);
  }
  const tables = {
    global: nodes.table(width('global'), [{ id: 'global', wants: globalWants(packet) }]),
    seed: nodes.table(
      width('seed'),
      packet.seeds.map((seed) => ({ id: seed.seedId, wants: seedWants(seed, { names, layersMax }) })),
    ),
    blueprint: nodes.table(
      width('blueprint'),
      entry === undefined ? [] : [{ id: entry.blueprintId, wants: blueprintWants(entry, packet, names) }],
    ),
    layer: nodes.table(
      width('layer'),
      layers
        .slice(0, layersMax)
        .map((layer) => ({ id: layer.layerId, wants: layerWants(layer, layers.length, names) })),
    ),
    activation: nodes.table(
      width('activation'),
      activations.slice(0, config.max_activations).map((activation, index) => ({
        id: activation.activationId,
        wants: activationWants(activation, { index, total: activations.length }, names),
      })),
    ),
    parameter: nodes.table(
      width('parameter'),
      parameters.slice(0, config.max_parameters).map((parameter) => ({
        id: `${entry?.blueprintId}/${parameter.name}`,
        wants: entry === undefined ? [] : parameterWants(parameter, entry),
      })),
    ),
  };
  const caps = { layers: layersMax, activations: config.max_activations, parameters: config.max_parameters };
  return {
    tables,
    relations: expectedRelations({ packet, entry, caps }),
    statistics: nodes.statistics,
    ratio: nodes.expected === 0 ? 0 : nodes.present / nodes.expected,
  };
}

/** Whether a packet has the structure our builder asks for: known stages, no seed twice. */
export function packetIsSound({ seeds }: RecordedPacket): boolean {
  const ids = seeds.map(({ seedId }) => seedId).filter((id) => /[^\s\u0085\ufeff]/u.test(id));
  return (
    new Set(ids).size === ids.length && seeds.every(({ stage }) => Number.isInteger(stage) && stage >= 0 && stage <= 11)
  );
}

/** Whether a catalogue entry contradicts itself nowhere. */
export function entryIsSound(entry: BlueprintDescriptor): boolean {
  const real = nameable([entry.blueprintId]) && !['bp-unknown', 'bp-demo', 'run-unknown'].includes(entry.blueprintId);
  return (
    real &&
    (entry.graph === undefined || (idsAreSound(entry.graph) && edgesAreSound(entry.graph) && listsAreSound(entry)))
  );
}

const distinct = (texts: readonly string[]): boolean => new Set(texts).size === texts.length;

const idsAreSound = ({ layers, activations, parameters }: GraphMetadata): boolean =>
  [layers.map((x) => x.layerId), activations.map((x) => x.activationId), parameters.map((x) => x.name)].every(
    (ids) => nameable(ids) && distinct(ids),
  );

function edgesAreSound({ layers, layerAdjacency = [], monitors = [] }: GraphMetadata): boolean {
  const inside = (index: number) => index < layers.length;
  return (
    layerAdjacency.every((pair) => pair.every(inside)) &&
    monitors.every(({ layerIndex }) => inside(layerIndex)) &&
    distinct(layerAdjacency.map(String)) &&
    distinct(monitors.map((x) => `${x.seedId}/${x.seedIndex}/${x.layerIndex}`))
  );
}

function listsAreSound(entry: BlueprintDescriptor): boolean {
  const names = parametersOf(entry).map(({ name }) => name);
  const { allowedParametersBySeedId = {}, allowedParametersBySeedIndex = {} } = entry.graph ?? {};
  return (
    Object.values(allowedParametersBySeedId).every((list) => list.every((name) => names.includes(name))) &&
    Object.values(allowedParametersBySeedIndex).every((list) => list.every((index) => index < names.length))
  );
}

const nameable = (ids: readonly string[]): boolean => ids.every((id) => /[^\s\u0085\ufeff]/u.test(id));
