import type { NodeType } from '../graph/schema.js';
import type { BlueprintCandidate } from './blueprint-candidates.js';
import { BLUEPRINT_FEATURES } from './blueprint-nodes.js';
import { prepareTable } from './feature-table.js';
import type { ObserveLimits } from './observe-limits.js';
import type { Structure, StructureRow } from './structure.js';
import { activationFeatures, layerFeatures, parameterFeatures } from './structure-nodes.js';

/** Node tables of the candidates and their structure, as far as no packet changes them. */
export type PreparedTables = ReturnType<typeof prepareTables>;

export function prepareTables(
  candidates: readonly BlueprintCandidate[],
  structure: Structure,
  { widths }: ObserveLimits,
) {
  return {
    blueprint: prepareTable({
      type: 'blueprint',
      width: widths.blueprintInputWidth,
      features: BLUEPRINT_FEATURES,
      rows: candidates,
      ids: candidates.map(({ blueprintId }) => blueprintId),
      path: ({ blueprintId }) => `blueprints.${blueprintId}`,
    }),
    layer: prepareTable({
      ...rowsOf('layer', structure.layers),
      width: widths.layerInputWidth,
      features: layerFeatures(structure.layerTotal),
    }),
    activation: prepareTable({
      ...rowsOf('activation', structure.activations),
      width: widths.activationInputWidth,
      features: activationFeatures(structure.activationTotal),
    }),
    parameter: prepareTable({
      ...rowsOf('parameter', structure.parameters),
      width: widths.parameterInputWidth,
      features: parameterFeatures(candidates),
    }),
  };
}

const rowsOf = <Item>(type: NodeType, rows: readonly StructureRow<Item>[]) => ({
  type,
  rows,
  ids: rows.map(({ id }) => id),
  path: (row: StructureRow<Item>) => `${type}s.${row.id}`,
});
