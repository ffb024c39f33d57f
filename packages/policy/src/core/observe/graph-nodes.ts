import type { SystemStatePacket } from '@esper/leyline';
import type { HeteroGraph } from '../graph/hetero-graph.js';
import { type BuildNotes, buildNodeTable, type TableSource } from './feature-table.js';
import { GLOBAL_FEATURES } from './global-node.js';
import type { ObserveLimits } from './observe-limits.js';
import type { PreparedBlueprints } from './prepared-blueprints.js';
import type { SeedRow } from './seed-nodes.js';

/** Everything nodes are made from. */
export interface NodeSources {
  readonly packet: SystemStatePacket;
  readonly limits: ObserveLimits;
  readonly notes: BuildNotes;
  readonly seeds: readonly SeedRow[];
  readonly prepared: PreparedBlueprints;
}

const GLOBAL_IDS: readonly string[] = Object.freeze(['global']);
const globalPath = (): string => 'packet';
const seedPath = (_: SeedRow, index: number): string => `seedStates[${index}]`;

/** One table per node type. A family nobody described has no rows: nothing is made up in its place (P-D26). */
export function buildNodes({ packet, limits, notes, seeds, prepared }: NodeSources): HeteroGraph['nodes'] {
  const global: TableSource<SystemStatePacket> = {
    type: 'global',
    width: limits.widths.globalInputWidth,
    features: GLOBAL_FEATURES,
    rows: [packet],
    ids: GLOBAL_IDS,
    path: globalPath,
  };
  const seed: TableSource<SeedRow> = {
    type: 'seed',
    width: limits.widths.seedInputWidth,
    features: prepared.seedFeatures,
    rows: seeds,
    ids: seeds.map((row) => row.state.seedId),
    path: seedPath,
  };
  const globalTable = buildNodeTable(global, notes);
  const seedTable = buildNodeTable(seed, notes);
  const { tables, structure } = prepared;
  if (tables.blueprint.rows.length === 0) expectOnce(tables.blueprint, notes);
  const blueprint = buildNodeTable(tables.blueprint, notes);
  if (!structure.known) {
    expectOnce(tables.layer, notes);
    expectOnce(tables.activation, notes);
    if (structure.parameters.length === 0) expectOnce(tables.parameter, notes);
  }
  return {
    global: globalTable,
    seed: seedTable,
    blueprint,
    layer: buildNodeTable(tables.layer, notes),
    activation: buildNodeTable(tables.activation, notes),
    parameter: buildNodeTable(tables.parameter, notes),
  };
}

/** A family that should have been described and was not: its evidence is expected once, and missing. */
function expectOnce<Row>({ type, width, features }: TableSource<Row>, { tally }: BuildNotes): void {
  const expected = features.filter(({ column, evidence }) => evidence && column < width);
  for (const { key } of expected) tally.feature(key, 0, 1);
  tally.evidence(`node.${type}`, 0, expected.length);
}
