import { finiteSignal, type Signal } from '@esper/leyline';
import { invariant } from '@esper/std';
import type { NodeTable } from '../graph/hetero-graph.js';
import type { NodeType } from '../graph/schema.js';
import type { CoverageTally } from './coverage.js';
import { advance, type NormalizerState, type Statistic, type StatisticKey, transformed, zScore } from './statistics.js';
import type { NameLookup } from './vocabulary.js';

/** Largest magnitude that is still evidence: what float32, the type of every feature cell, can hold. */
const MAGNITUDE_MAX = 3.4028234663852886e38;

/**
 * One feature of one node type. `signal` alone decides presence: value cell, mask cell, statistics and coverage all follow
 * it (P-D17). Absent or bad means value 0, mask 0 and no update of the statistics (P-D15).
 */
export interface Feature<Row> {
  /** Coverage key, for example `seed.gradient_norm`. */
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
  readonly signal: (row: Row, names: NameLookup) => Signal | undefined;
  /** For features without a statistic: the value as a cell. */
  readonly scale?: (value: number, row: Row) => number;
}

/** The nodes of one type before they are numbers. */
export interface RowSet<Row> {
  readonly type: NodeType;
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
  readonly names: NameLookup;
}

/** Turns rows into features. The row order does not change any value (P-D21). */
export function buildNodeTable<Row>(set: RowSet<Row>, notes: BuildNotes): NodeTable {
  const { rows, width } = set;
  const features = new Float32Array(rows.length * width);
  let present = 0;
  let expected = 0;
  for (const feature of set.features) {
    if (feature.column >= width) continue;
    const { values, presentCount } = readColumn(set, feature, notes);
    if (feature.evidence) {
      present += presentCount;
      expected += values.length;
    }
    writeMask(features, { values, width, column: feature.maskColumn });
    if (feature.statistic !== undefined) normalise(values, feature.statistic, notes);
    writeCells(features, set, { feature, values });
  }
  notes.tally.evidence(`node.${set.type}`, present, expected);
  return { ids: rows.map(set.idOf), width, features };
}

function writeCells<Row>(
  features: Float32Array,
  { rows, width }: RowSet<Row>,
  { feature, values }: { readonly feature: Feature<Row>; readonly values: readonly (number | undefined)[] },
): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value === undefined) continue;
    const cell = feature.scale === undefined ? value : feature.scale(value, rows[index] as Row);
    invariant(Number.isFinite(cell), 'every feature cell is finite');
    features[index * width + feature.column] = cell;
  }
}

interface Column {
  readonly values: (number | undefined)[];
  readonly presentCount: number;
}

function readColumn<Row>(set: RowSet<Row>, feature: Feature<Row>, notes: BuildNotes): Column {
  const values: (number | undefined)[] = [];
  let presentCount = 0;
  for (let index = 0; index < set.rows.length; index++) {
    const row = set.rows[index] as Row;
    const signal = feature.signal(row, notes.names);
    const value = acceptable(signal, feature.bounds);
    if (value !== undefined) presentCount += 1;
    else if (signal !== undefined) notes.badSignals.push(`${set.path(row, index)}.${nameOf(feature.key)}`);
    values.push(value);
  }
  notes.tally.feature(feature.key, presentCount, values.length);
  return { values, presentCount };
}

const nameOf = (key: string): string => key.slice(key.indexOf('.') + 1);

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
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value === undefined) continue;
    const moved = transformed(key, value);
    values[index] = moved;
    seen.push(moved);
  }
  if (seen.length === 0) return;
  const next = advance(notes.statistics[key], seen);
  notes.statistics[key] = next;
  for (let index = 0; index < values.length; index++) {
    const moved = values[index];
    if (moved !== undefined) values[index] = zScore(next, moved);
  }
}
