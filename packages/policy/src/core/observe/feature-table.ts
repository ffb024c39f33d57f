import { finiteSignal, type Signal } from '@esper/leyline';
import { invariant } from '@esper/std';
import type { NodeTable } from '../graph/hetero-graph.js';
import type { CoverageTally } from './coverage.js';
import { advance, type NormalizerState, type Statistic, type StatisticKey, transformed, zScore } from './statistics.js';

/** Largest magnitude that is still evidence: what float32, the type of every feature cell, can hold. */
const MAGNITUDE_MAX = 3.4028234663852886e38;

/**
 * One feature of one node type. `signal` alone decides presence: value cell, mask cell, statistics and coverage all follow
 * it (P-D17). Absent or bad means value 0, mask 0 and no update of the statistics (P-D15).
 */
export interface Feature<Row> {
  /** Coverage key without the node type, for example `gradient_norm`. */
  readonly key: string;
  readonly column: number;
  readonly maskColumn?: number;
  /** Kept as a running z-score under this key; without it the cell is `scale(value)`. */
  readonly statistic?: StatisticKey;
  /** False for what is always there or is no measurement: shown in the coverage by key, left out of the ratio. */
  readonly evidence: boolean;
  /** Smallest and largest value that is still evidence. */
  readonly bounds?: readonly [number, number];
  /** What was sent; `undefined` when nothing was. */
  readonly signal: (row: Row) => Signal | undefined;
  /** For features without a statistic: the value as a cell. */
  readonly scale?: (value: number, row: Row) => number;
}

/** The nodes of one type before they are numbers. */
export interface RowSet<Row> {
  readonly type: string;
  readonly width: number;
  readonly features: readonly Feature<Row>[];
  readonly rows: readonly Row[];
  /** Where row `index` came from, for reports: `seedStates[3]`. */
  readonly path: (row: Row, index: number) => string;
  readonly idOf: (row: Row) => string;
}

/** What building tables collects on the way: coverage, bad signals, and the next statistics. */
export interface BuildNotes {
  readonly tally: CoverageTally;
  readonly badSignals: string[];
  readonly statistics: { -readonly [Key in keyof NormalizerState]: Statistic };
}

/** Turns rows into features. The row order does not change any value (P-D21). */
export function buildNodeTable<Row>(set: RowSet<Row>, notes: BuildNotes): NodeTable {
  const { rows, width } = set;
  const features = new Float32Array(rows.length * width);
  for (const feature of set.features) {
    if (feature.column >= width) continue;
    const values = readColumn(set, feature, notes);
    writeMask(features, { values, width, column: feature.maskColumn });
    if (feature.statistic !== undefined) normalise(values, feature.statistic, notes);
    for (let index = 0; index < rows.length; index++) {
      const value = values[index];
      if (value === undefined) continue;
      const cell = feature.statistic === undefined ? scaled(feature, value, rows[index] as Row) : value;
      invariant(Number.isFinite(cell), `${set.type}.${feature.key} of row ${index} is finite`);
      features[index * width + feature.column] = cell;
    }
  }
  return { ids: rows.map(set.idOf), width, features };
}

const scaled = <Row>(feature: Feature<Row>, value: number, row: Row): number =>
  feature.scale === undefined ? value : feature.scale(value, row);

function readColumn<Row>(set: RowSet<Row>, feature: Feature<Row>, notes: BuildNotes): (number | undefined)[] {
  const values = set.rows.map((row, index) => {
    const signal = feature.signal(row);
    const value = acceptable(signal, feature.bounds);
    if (signal !== undefined && value === undefined) notes.badSignals.push(`${set.path(row, index)}.${feature.key}`);
    return value;
  });
  const present = values.reduce<number>((count, value) => count + (value === undefined ? 0 : 1), 0);
  notes.tally.features(`${set.type}.${feature.key}`, { present, expected: values.length, evidence: feature.evidence });
  return values;
}

function acceptable(signal: Signal | undefined, bounds: readonly [number, number] | undefined): number | undefined {
  const value = finiteSignal(signal);
  if (value === undefined || Math.abs(value) > MAGNITUDE_MAX) return undefined;
  return bounds !== undefined && (value < bounds[0] || value > bounds[1]) ? undefined : value;
}

function writeMask(
  features: Float32Array,
  { values, width, column }: { values: readonly (number | undefined)[]; width: number; column: number | undefined },
): void {
  if (column === undefined || column >= width) return;
  for (let index = 0; index < values.length; index++) {
    if (values[index] !== undefined) features[index * width + column] = 1;
  }
}

/** Updates the statistic with all rows at once, then replaces each value by its z-score. */
function normalise(values: (number | undefined)[], key: StatisticKey, notes: BuildNotes): void {
  const seen: number[] = [];
  for (const value of values) if (value !== undefined) seen.push(transformed(key, value));
  if (seen.length === 0) return;
  const next = advance(notes.statistics[key], seen);
  notes.statistics[key] = next;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value !== undefined) values[index] = zScore(next, transformed(key, value));
  }
}
