import type { BlueprintDescriptor } from '@esper/leyline';
import type { HeteroGraph } from '../../core/graph/hetero-graph.js';
import { NODE_TYPES, RELATION_KEYS } from '../../core/graph/schema.js';
import type { Observation } from '../../core/observe/observation.js';
import { edgeTexts } from './compare-recorded.js';
import type { ExpectedGraph } from './expected-graph.js';
import type { ExpectedTable } from './expected-rows.js';
import type { RecordedGraph } from './graph-builder-case.js';
import type { GraphDeviation } from './graph-deviations.js';
import type { ModelEdges } from './prototype-graph.js';
import { numberNamed } from './python-values.js';

/** Our builder against what was worked out independently, to the last bit. */
export function observationDifference(expected: ExpectedGraph, observation: Observation): string | undefined {
  const { graph, statistics, coverage } = observation;
  const found = rowsDifference(expected, graph) ?? relationsDifference(expected, graph);
  if (found !== undefined) return found;
  if (JSON.stringify(statistics) !== JSON.stringify(expected.statistics)) return 'statistics are not as expected';
  const close = Math.abs(coverage.ratio - expected.ratio) < 1e-12;
  return close ? undefined : `coverage is ${coverage.ratio}, expected ${expected.ratio}`;
}

function rowsDifference(expected: ExpectedGraph, { nodes }: HeteroGraph): string | undefined {
  for (const type of NODE_TYPES) {
    const [ours, wanted] = [nodes[type], expected.tables[type]];
    if (ours.ids.join('\n') !== wanted.ids.join('\n')) {
      return `rows of ${type}: ${ours.ids.length}, expected ${wanted.ids.length}`;
    }
    const at = wanted.cells.findIndex((cell, index) => ours.features[index] !== cell);
    if (at >= 0) return `${type} cell ${at} is ${ours.features[at]}, expected ${wanted.cells[at]}`;
  }
  return undefined;
}

function relationsDifference(expected: ExpectedGraph, { edges }: HeteroGraph): string | undefined {
  for (const key of RELATION_KEYS) {
    const table = edges[key];
    if (table === undefined) return `${key} is missing`;
    const width = table.attributeWidth;
    const pairs = Array.from(table.source, (source, edge) => [source, table.target[edge] as number] as const);
    const attributes = pairs.map((_, edge) =>
      Array.from(table.attributes.subarray(edge * width, edge * width + width)),
    );
    if (!sameEdges({ pairs, attributes }, fitted(expected.relations[key].edges, width))) {
      return `edges of ${key} are not as expected`;
    }
  }
  return undefined;
}

const sameEdges = (a: ModelEdges, b: ModelEdges): boolean => edgeTexts(a).join(' ') === edgeTexts(b).join(' ');
const joined = ({ pairs }: ModelEdges): ModelEdges => ({ pairs, attributes: [] });

const fitted = ({ pairs, attributes }: ModelEdges, width: number): ModelEdges => ({
  pairs,
  attributes: attributes.map((row) => Array.from({ length: width }, (_, channel) => row[channel] ?? 0)),
});

interface Comparison {
  readonly recorded: RecordedGraph;
  readonly expected: ExpectedGraph;
  readonly entry: BlueprintDescriptor | undefined;
}

/** The recording against ours: every difference must be one that a deviation computes. */
export function recordedGraphDifference(comparison: Comparison, rules: Set<GraphDeviation>): string | undefined {
  const { recorded, expected, entry } = comparison;
  for (const type of NODE_TYPES) {
    const table = expected.tables[type];
    const rows = recorded.x[type].shape[0] ?? 0;
    if (rows < table.ids.length) return `${type} has more rows than recorded`;
    if (rows > table.ids.length) rules.add(entry === undefined ? 'DEV-GB-04' : 'DEV-GB-03');
    if (type !== 'global' && table.ids.some((id, index) => id !== recorded.node_ids[type][index]))
      rules.add('DEV-GB-17');
    const difference = cellsDifference(table, recorded.x[type].data, rules);
    if (difference !== undefined) return `${type} ${difference}`;
  }
  const average = meanOf(Object.values(recorded.feature_coverage).map(numberNamed));
  if (average !== expected.ratio) rules.add('DEV-GB-11');
  return edgesDifference(comparison, rules);
}

function cellsDifference(
  { cells, rules: explanations }: ExpectedTable,
  recorded: readonly unknown[],
  rules: Set<GraphDeviation>,
): string | undefined {
  for (const [at, cell] of cells.entries()) {
    const theirs = Math.fround(numberNamed(recorded[at]));
    if (theirs === cell) continue;
    const rule = explanations[at];
    if (rule === undefined) return `cell ${at} is ${cell}, recorded ${theirs}`;
    rules.add(rule);
  }
  return undefined;
}

function edgesDifference({ recorded, expected }: Comparison, rules: Set<GraphDeviation>): string | undefined {
  for (const key of RELATION_KEYS) {
    const { index, attr } = recorded.edges[key];
    const width = attr.shape[1] ?? 0;
    const pairs = index[0].map((source, edge) => [source, index[1][edge] as number] as const);
    const attributes = pairs.map((_, edge) => attr.data.slice(edge * width, edge * width + width).map(numberNamed));
    const { edges, pairRules, attributeRules } = expected.relations[key];
    const theirs = { pairs, attributes };
    if (sameEdges(theirs, fitted(edges, width))) continue;
    const explanations = sameEdges(joined(theirs), joined(edges)) ? attributeRules : pairRules;
    if (explanations.length === 0) return `edges of ${key} differ from the recording`;
    for (const rule of explanations) rules.add(rule);
  }
  return undefined;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
