import { finiteSignal, type Signal, type SystemStatePacket } from '@esper/leyline';
import { invariant } from '@esper/std';
import { ascending, type StatisticKey, transformed } from './statistics.js';
import type { NameLookup } from './vocabulary.js';

/** Largest magnitude that is still evidence: what float32, the type of every feature cell, can hold. */
export const MAGNITUDE_MAX = 3.4028234663852886e38;

/** What a feature may look at beside its row. */
export interface PacketContext {
  readonly packet: SystemStatePacket;
  readonly names: NameLookup;
}

interface FeatureShape<Row> {
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
  /** For features without a statistic: the value as a cell. */
  readonly scale?: (value: number, row: Row) => number;
}

/** Reads only its row: what it gives for a blueprint or its structure is worked out once. */
interface RowFeature<Row> extends FeatureShape<Row> {
  readonly perPacket?: false;
  /** What was sent; `undefined` when nothing was. */
  readonly signal: (row: Row) => Signal | undefined;
}

/** Reads the packet or the name tables too. */
interface PacketFeature<Row> extends FeatureShape<Row> {
  readonly perPacket: true;
  readonly signal: (row: Row, context: PacketContext) => Signal | undefined;
}

/**
 * One feature of one node type. `signal` alone decides presence: value cell, mask cell, statistics and coverage all follow
 * it (P-D17). Absent or bad means value 0, mask 0 and no update of the statistics (P-D15).
 */
export type Feature<Row> = RowFeature<Row> | PacketFeature<Row>;

/** The nodes of one type before they are numbers. */
export interface RowSet<Row> {
  readonly width: number;
  readonly features: readonly Feature<Row>[];
  readonly rows: readonly Row[];
  /** Where row `index` came from, for reports: `seedStates[3]`. */
  readonly path: (row: Row, index: number) => string;
}

/** What one feature reads in every row. */
export interface Column {
  /** As the statistic sees it, where one is kept; NaN where it is absent or bad. */
  readonly values: readonly number[];
  /** The present ones in ascending order, for the statistic; empty without one. */
  readonly ascending: readonly number[];
  readonly presentCount: number;
  /** Paths of values that were sent and are no evidence. */
  readonly bad: readonly string[];
}

/** Marks absence: no value that is evidence is NaN. */
const ABSENT = Number.NaN;
const NOTHING: readonly never[] = [];

/** Reads `feature` in every row. Only a feature that reads its row alone can do without a context. */
export function readColumn<Row>(set: RowSet<Row>, feature: Feature<Row>, context?: PacketContext): Column {
  const { rows } = set;
  const values: number[] = [];
  let bad: string[] | undefined;
  let presentCount = 0;
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index] as Row;
    const signal = readSignal(feature, row, context);
    const value = acceptable(signal, feature.bounds);
    if (value !== undefined) {
      presentCount += 1;
      values.push(feature.statistic === undefined ? value : moved(feature.statistic, value));
    } else {
      values.push(ABSENT);
      if (signal === undefined) continue;
      bad ??= [];
      bad.push(`${set.path(row, index)}.${nameOf(feature.key)}`);
    }
  }
  const sorted = feature.statistic === undefined ? NOTHING : ascending(values);
  return { values, ascending: sorted, presentCount, bad: bad ?? NOTHING };
}

function readSignal<Row>(feature: Feature<Row>, row: Row, context: PacketContext | undefined): Signal | undefined {
  if (feature.perPacket !== true) return feature.signal(row);
  invariant(context !== undefined, 'what changes with the packet is read with one');
  return feature.signal(row, context);
}

function moved(key: StatisticKey, value: number): number {
  const result = transformed(key, value);
  invariant(Number.isFinite(result), 'what a statistic is kept of is finite');
  return result;
}

const nameOf = (key: string): string => key.slice(key.indexOf('.') + 1);

function acceptable(signal: Signal | undefined, bounds: readonly [number, number] | undefined): number | undefined {
  const value = finiteSignal(signal);
  if (value === undefined || Math.abs(value) > MAGNITUDE_MAX) return undefined;
  return bounds !== undefined && (value < bounds[0] || value > bounds[1]) ? undefined : value;
}

/** Writes the mask, and the cells unless a statistic moves them. */
export function drawColumn<Row>(cells: Float32Array, set: RowSet<Row>, drawn: DrawnFeature<Row>): void {
  const { rows, width } = set;
  const { feature, values } = drawn;
  const { column, maskColumn, scale, statistic } = feature;
  const masked = maskColumn !== undefined && maskColumn < width;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (Number.isNaN(value)) continue;
    if (masked) cells[index * width + maskColumn] = 1;
    if (statistic !== undefined) continue;
    const cell = scale === undefined ? value : scale(value, rows[index] as Row);
    invariant(Number.isFinite(cell), 'every feature cell is finite');
    cells[index * width + column] = cell;
  }
}

interface DrawnFeature<Row> {
  readonly feature: Feature<Row>;
  readonly values: readonly number[];
}
