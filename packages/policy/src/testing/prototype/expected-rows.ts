import type { Statistic, StatisticKey } from '../../core/observe/statistics.js';
import type { GraphDeviation } from './graph-deviations.js';

/** One feature of one row as it should be, worked out from the recorded input alone. */
export interface Want {
  readonly column: number;
  readonly mask?: number;
  /** The evidence; `undefined` when there is none. */
  readonly value: number | undefined;
  /** Read as deviations from this statistic's mean. */
  readonly statistic?: StatisticKey;
  readonly log?: boolean;
  /** Counts in the coverage ratio. */
  readonly evidence: boolean;
  /** Why the cell may differ from the recorded one when there is evidence. */
  readonly rule: GraphDeviation;
}

export interface ExpectedTable {
  readonly ids: readonly string[];
  readonly width: number;
  /** Row major, float32. */
  readonly cells: number[];
  /** Per cell: what explains a difference from the recording. */
  readonly rules: (GraphDeviation | undefined)[];
}

export type ExpectedStatistics = Readonly<Record<StatisticKey, Statistic>>;

/** Builds the tables of one packet; statistics move once per key, with all its values. */
export class ExpectedNodes {
  readonly statistics: Record<StatisticKey, Statistic>;
  present = 0;
  expected = 0;

  constructor(before: ExpectedStatistics) {
    this.statistics = { ...before };
  }

  table(width: number, rows: readonly { readonly id: string; readonly wants: readonly Want[] }[]): ExpectedTable {
    const size = rows.length * width;
    const table = {
      ids: rows.map((row) => row.id),
      width,
      cells: new Array<number>(size).fill(0),
      rules: new Array<GraphDeviation | undefined>(size).fill(undefined),
    };
    const columns = rows[0]?.wants.filter((want) => want.column < width) ?? [];
    for (const { column } of columns) {
      const wants = rows.map((row) => row.wants.find((want) => want.column === column) as Want);
      for (const want of wants) if (want.evidence) this.#count(want);
      for (const [index, cell] of this.#column(wants).entries())
        write(table, { index, cell, want: wants[index] as Want });
    }
    return table;
  }

  /** A family nobody described: its evidence is expected once. */
  missing(count: number): void {
    this.expected += count;
  }

  #count({ value }: Want): void {
    this.expected += 1;
    this.present += value === undefined ? 0 : 1;
  }

  #column(wants: readonly Want[]): readonly number[] {
    const key = wants[0]?.statistic;
    const values = wants.map(({ value, log }) => (value === undefined || !log ? value : Math.log1p(value)));
    if (key === undefined) return values.map((value) => value ?? 0);
    const seen = values.filter((value) => value !== undefined).sort((a, b) => a - b);
    if (seen.length === 0) return values.map(() => 0);
    const { mean, variance } = this.statistics[key];
    const sum = (of: (delta: number) => number) =>
      seen.reduce((total, value) => total + of(value - mean), 0) / seen.length;
    const moved = {
      mean: mean + 0.1 * sum((delta) => delta),
      variance: Math.max(1e-6, (1 - 0.1) * (variance + sum((delta) => 0.1 * delta * delta))),
    };
    this.statistics[key] = moved;
    return values.map((value) =>
      value === undefined ? 0 : Math.min(3, Math.max(-3, (value - moved.mean) / Math.sqrt(moved.variance))),
    );
  }
}

function write(
  { width, cells, rules }: ExpectedTable,
  { index, cell, want }: { readonly index: number; readonly cell: number; readonly want: Want },
): void {
  const absent = want.value === undefined;
  const rule = absent && want.rule !== 'DEV-GB-05' ? 'DEV-GB-01' : want.rule;
  cells[index * width + want.column] = Math.fround(cell);
  rules[index * width + want.column] = rule;
  if (want.mask === undefined || want.mask >= width) return;
  cells[index * width + want.mask] = absent ? 0 : 1;
  rules[index * width + want.mask] = rule;
}
