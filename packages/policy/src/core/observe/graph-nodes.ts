import type { SystemStatePacket } from '@esper/leyline';
import type { HeteroGraph, NodeTable } from '../graph/hetero-graph.js';
import type { NodeType } from '../graph/schema.js';
import { BLUEPRINT_FEATURES } from './blueprint-nodes.js';
import { type BuildNotes, buildNodeTable, type RowSet } from './feature-table.js';
import { GLOBAL_FEATURES } from './global-node.js';
import type { ObserveLimits } from './observe-limits.js';
import type { PreparedBlueprints } from './prepared-blueprints.js';
import type { SeedRow } from './seed-nodes.js';
import type { StructureRow } from './structure.js';

/** Everything nodes are made from. */
export interface NodeSources {
  readonly packet: SystemStatePacket;
  readonly limits: ObserveLimits;
  readonly notes: BuildNotes;
  readonly seeds: readonly SeedRow[];
  readonly prepared: PreparedBlueprints;
}

/** One table per node type. A family nobody described has no rows: nothing is made up in its place (P-D26). */
export function buildNodes(sources: NodeSources): HeteroGraph['nodes'] {
  const { packet, limits, notes, seeds, prepared } = sources;
  const global = {
    type: 'global' as const,
    width: limits.widths.globalInputWidth,
    features: GLOBAL_FEATURES,
    rows: [packet],
    path: () => 'packet',
    idOf: () => 'global',
  };
  const seed = {
    type: 'seed' as const,
    width: limits.widths.seedInputWidth,
    features: prepared.features.seed,
    rows: seeds,
    path: (_: SeedRow, index: number) => `seedStates[${index}]`,
    idOf: (row: SeedRow) => row.state.seedId,
  };
  return {
    global: buildNodeTable(global, notes),
    seed: buildNodeTable(seed, notes),
    blueprint: blueprintTable(sources),
    ...structureTables(sources),
  };
}

function blueprintTable({ packet, limits, notes, prepared: { candidates } }: NodeSources): NodeTable {
  const rows = candidates.map((candidate) => ({
    candidate,
    packet,
    identity: notes.names.fraction('blueprint', candidate.blueprintId),
  }));
  const set = {
    type: 'blueprint' as const,
    width: limits.widths.blueprintInputWidth,
    features: BLUEPRINT_FEATURES,
    rows,
    path: ({ candidate }: (typeof rows)[number]) => `blueprints.${candidate.blueprintId}`,
    idOf: ({ candidate }: (typeof rows)[number]) => candidate.blueprintId,
  };
  if (candidates.length === 0) expectOnce(set, notes);
  return buildNodeTable(set, notes);
}

function structureTables({ limits, notes, prepared: { structure, features } }: NodeSources) {
  const { layers, activations, parameters } = structure;
  const layer = {
    ...rowsOf('layer', layers),
    width: limits.widths.layerInputWidth,
    features: features.layer,
  };
  const activation = {
    ...rowsOf('activation', activations),
    width: limits.widths.activationInputWidth,
    features: features.activation,
  };
  const parameter = {
    ...rowsOf('parameter', parameters),
    width: limits.widths.parameterInputWidth,
    features: features.parameter,
  };
  if (!structure.known) {
    expectOnce(layer, notes);
    expectOnce(activation, notes);
    if (parameters.length === 0) expectOnce(parameter, notes);
  }
  return {
    layer: buildNodeTable(layer, notes),
    activation: buildNodeTable(activation, notes),
    parameter: buildNodeTable(parameter, notes),
  };
}

const rowsOf = <Item>(type: NodeType, rows: readonly StructureRow<Item>[]) => ({
  type,
  rows,
  path: (row: StructureRow<Item>) => `${type}s.${row.id}`,
  idOf: (row: StructureRow<Item>) => row.id,
});

/** A family that should have been described and was not: its evidence is expected once, and missing. */
function expectOnce<Row>({ type, width, features }: RowSet<Row>, { tally }: BuildNotes): void {
  const expected = features.filter(({ column, evidence }) => evidence && column < width);
  for (const { key } of expected) tally.feature(key, 0, 1);
  tally.evidence(`node.${type}`, 0, expected.length);
}
