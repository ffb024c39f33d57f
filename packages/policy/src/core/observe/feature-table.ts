import { invariant } from '@esper/std';
import type { NodeTable } from '../graph/hetero-graph.js';
import type { NodeType } from '../graph/schema.js';
import type { CoverageTally } from './coverage.js';
import {
  type Column,
  drawColumn,
  type Feature,
  type PacketContext,
  type RowSet,
  readColumn,
} from './feature-column.js';
import { advance, type NormalizerState, type Statistic, type StatisticKey, zScore } from './statistics.js';

/** What building tables collects on the way: coverage, bad signals, and the next statistics. */
export interface BuildNotes extends PacketContext {
  readonly tally: CoverageTally;
  readonly badSignals: string[];
  readonly statistics: { -readonly [Key in keyof NormalizerState]: Statistic };
}

/** The nodes of one type, and what of them no packet changes. */
export interface TableSource<Row> extends RowSet<Row> {
  readonly type: NodeType;
  readonly ids: readonly string[];
  /** Masks and cells of the features that were read before; absent when all are read now. */
  readonly drawn?: Float32Array;
  /** What was read before, one per feature; `undefined` for a feature that is read now. */
  readonly columns?: readonly (Column | undefined)[];
}

/** Reads the features that no packet changes. */
export function prepareTable<Row>(source: TableSource<Row>): TableSource<Row> {
  const drawn = new Float32Array(source.rows.length * source.width);
  const columns = source.features.map((feature) => {
    if (feature.perPacket === true || feature.column >= source.width) return undefined;
    const column = readColumn(source, feature);
    drawColumn(drawn, source, { feature, values: column.values });
    return column;
  });
  return { ...source, drawn, columns };
}

/** Turns rows into features. The row order does not change any value (P-D21). */
export function buildNodeTable<Row>(source: TableSource<Row>, notes: BuildNotes): NodeTable {
  const { ids, rows, width, features, columns } = source;
  const cells = source.drawn === undefined ? new Float32Array(rows.length * width) : source.drawn.slice();
  const read: Column[] = [];
  for (let place = 0; place < features.length; place += 1) {
    const feature = features[place] as Feature<Row>;
    if (feature.column >= width) continue;
    const column = columns?.[place] ?? readNow(cells, source, { feature, notes });
    read.push(column);
    for (let at = 0; at < column.bad.length; at += 1) notes.badSignals.push(column.bad[at] as string);
    if (feature.statistic !== undefined && column.presentCount > 0) {
      const statistic = learn(feature.statistic, column, notes);
      writeScores(cells, column.values, { statistic, width, column: feature.column });
    }
  }
  notes.tally.later(() => count(source, read, notes.tally));
  return { ids, width, features: cells };
}

/** `read` has one column for each feature that the width has room for. */
function count<Row>(
  { type, rows, width, features }: TableSource<Row>,
  read: readonly Column[],
  tally: CoverageTally,
): void {
  let present = 0;
  let expected = 0;
  let place = 0;
  for (const { key, column, evidence } of features) {
    if (column >= width) continue;
    const { presentCount } = read[place++] as Column;
    tally.feature(key, presentCount, rows.length);
    if (!evidence) continue;
    present += presentCount;
    expected += rows.length;
  }
  tally.evidence(`node.${type}`, present, expected);
}

function readNow<Row>(
  cells: Float32Array,
  source: TableSource<Row>,
  { feature, notes }: { readonly feature: Feature<Row>; readonly notes: BuildNotes },
): Column {
  const column = readColumn(source, feature, notes);
  drawColumn(cells, source, { feature, values: column.values });
  return column;
}

/** The statistic after all rows at once: what the cells are measured against. */
function learn(key: StatisticKey, { ascending }: Column, { statistics }: BuildNotes): Statistic {
  const next = advance(statistics[key], ascending);
  statistics[key] = next;
  return next;
}

function writeScores(
  cells: Float32Array,
  values: readonly number[],
  { statistic, width, column }: { readonly statistic: Statistic; readonly width: number; readonly column: number },
): void {
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (Number.isNaN(value)) continue;
    const cell = zScore(statistic, value);
    invariant(Number.isFinite(cell), 'every feature cell is finite');
    cells[index * width + column] = cell;
  }
}
