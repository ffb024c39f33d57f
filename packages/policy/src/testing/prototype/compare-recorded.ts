import { NODE_TYPES, RELATION_KEYS } from '../../core/graph/schema.js';
import type { RecordedGraph, RecordedStep } from './graph-builder-case.js';
import type { PrototypeOutput } from './prototype-build.js';
import type { ModelEdges } from './prototype-graph.js';
import type { PrototypeModel } from './prototype-model.js';
import { isMapping, numberNamed } from './python-values.js';

/** Equal to the last bit; NaN equals NaN. */
const sameNumber = (a: unknown, b: unknown): boolean => Object.is(numberNamed(a), numberNamed(b));

/** Where the model and a recorded graph part, as a sentence; `undefined` when they are the same to the last bit. */
export function graphDifference(recorded: RecordedGraph, model: PrototypeOutput): string | undefined {
  return nodeDifference(recorded, model) ?? edgeDifference(recorded, model) ?? sideDifference(recorded, model);
}

function nodeDifference(recorded: RecordedGraph, { nodes }: PrototypeOutput): string | undefined {
  for (const type of NODE_TYPES) {
    const { shape, data } = recorded.x[type];
    const rows = nodes[type].rows;
    if (rows.length !== shape[0]) return `${type} has ${rows.length} rows, recorded ${shape[0]}`;
    const cells = rows.flat();
    const at = data.findIndex((value, index) => !sameNumber(Math.fround(numberNamed(value)), cells[index]));
    if (at >= 0) return `${type} cell ${at} is ${cells[at]}, recorded ${String(data[at])}`;
    const ids = type === 'global' ? undefined : recorded.node_ids[type];
    if (ids !== undefined && ids.join('\n') !== nodes[type].ids.join('\n')) return `ids of ${type} differ`;
  }
  return undefined;
}

function edgeDifference(recorded: RecordedGraph, { edges }: PrototypeOutput): string | undefined {
  for (const key of RELATION_KEYS) {
    const { index, attr } = recorded.edges[key];
    const width = attr.shape[1] ?? 0;
    const rows = index[0].map((source, edge) =>
      edgeText([source, index[1][edge] as number], attr.data.slice(edge * width, (edge + 1) * width)),
    );
    if (rows.sort().join(' ') !== edgeTexts(edges[key]).join(' ')) return `edges of ${key} differ`;
  }
  return undefined;
}

const edgeText = ([source, target]: readonly [number, number], attributes: readonly unknown[]): string =>
  `${source}>${target}:${attributes.map((value) => Math.fround(numberNamed(value)) + 0).join(',')}`;

/** Edges as sorted texts: the order of edges is no part of a graph. */
export const edgeTexts = ({ pairs, attributes }: ModelEdges): readonly string[] =>
  pairs.map((pair, edge) => edgeText(pair, attributes[edge] ?? [])).sort();

function sideDifference(recorded: RecordedGraph, model: PrototypeOutput): string | undefined {
  const scores = [...recorded.seed_candidate_scores.data, ...recorded.blueprint_candidate_scores.data];
  const ours = [...model.seedScores, model.blueprintScore];
  if (scores.length !== ours.length) return 'number of candidate scores differs';
  if (scores.some((score, index) => !sameNumber(Math.fround(numberNamed(score)), ours[index])))
    return 'candidate scores differ';
  return (
    mapDifference('seed capability', recorded.seed_capabilities, model.capabilities) ??
    mapDifference('coverage', recorded.feature_coverage, model.coverage.byKey()) ??
    mapDifference('coverage by type', recorded.feature_coverage_types, model.coverage.byType())
  );
}

/** Statistics and registries after a step, however it ended. */
export function stateDifference(step: RecordedStep, model: PrototypeModel): string | undefined {
  return (
    mapDifference('statistic', step.normalizer_after, model.statistics.entries()) ??
    (JSON.stringify(step.registries_after) === JSON.stringify(model.registries.entries())
      ? undefined
      : 'registries differ')
  );
}

/** Compares maps and lists of numbers by key, whatever their order. */
export function mapDifference(what: string, recorded: unknown, ours: unknown): string | undefined {
  if (!isContainer(recorded) || !isContainer(ours)) {
    return sameNumber(recorded, ours) ? undefined : `${what} is ${String(ours)}, recorded ${String(recorded)}`;
  }
  const keys = new Set([...Object.keys(recorded), ...Object.keys(ours)]);
  for (const key of keys) {
    if (!Object.hasOwn(recorded, key) || !Object.hasOwn(ours, key)) return `${what} ${key} is on one side only`;
    const found = mapDifference(`${what} ${key}`, recorded[key], ours[key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isContainer = (value: unknown): value is Record<string, unknown> => isMapping(value) || Array.isArray(value);
