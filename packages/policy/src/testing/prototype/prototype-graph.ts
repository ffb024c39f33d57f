import { type NodeType, RELATION_KEYS, type RelationKey } from '../../core/graph/schema.js';
import { float32Cell, PythonRaise } from './python-values.js';

/** The nodes of one type while the model fills them. */
export class ModelTable {
  readonly rows: number[][] = [];
  readonly ids: string[] = [];
  readonly width: number;

  constructor(width: number) {
    this.width = width;
  }

  addRow(id: string): number {
    this.ids.push(id);
    return this.rows.push(new Array<number>(this.width).fill(0)) - 1;
  }

  /** Writes where the column exists. */
  set(row: number, column: number, value: number): void {
    if (column < this.width) (this.rows[row] as number[])[column] = float32Cell(value);
  }

  /** Writes where the prototype does not look whether the column exists. */
  demand(row: number, column: number, value: number): void {
    if (column >= this.width) throw new PythonRaise(`index ${column} is out of bounds`);
    this.set(row, column, value);
  }
}

/** One relation: pairs of rows, and their attributes at full width, before any cut. */
export interface ModelEdges {
  readonly pairs: (readonly [number, number])[];
  readonly attributes: (readonly number[])[];
}

export type ModelNodes = Readonly<Record<NodeType, ModelTable>>;
export type ModelRelations = Readonly<Record<RelationKey, ModelEdges>>;

export const noEdges = (): Record<RelationKey, ModelEdges> =>
  Object.fromEntries(RELATION_KEYS.map((key) => [key, { pairs: [], attributes: [] }])) as unknown as Record<
    RelationKey,
    ModelEdges
  >;

/** The same edges the other way round, with the same attributes. */
export const turned = ({ pairs, attributes }: ModelEdges): ModelEdges => ({
  pairs: pairs.map(([source, target]) => [target, source] as const),
  attributes: [...attributes],
});

/** The prototype's feature coverage: present over observed per key. */
export class ModelCoverage {
  readonly #counts = new Map<string, { present: number; total: number }>();

  observe(key: string, present: boolean): void {
    const count = this.#counts.get(key) ?? { present: 0, total: 0 };
    this.#counts.set(key, { present: count.present + (present ? 1 : 0), total: count.total + 1 });
  }

  byKey(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].map(([key, { present, total }]) => [key, present / total]));
  }

  /** Count-weighted per family; the allow-list relation is in none. */
  byType(): Readonly<Record<string, number>> {
    const families = new Map<string, { present: number; total: number }>();
    for (const [key, { present, total }] of this.#counts) {
      if (key === 'edges.seed_param_allowed') continue;
      const family = key.startsWith('edges.') ? key : `node.${key.slice(0, key.indexOf('.'))}`;
      const sum = families.get(family) ?? { present: 0, total: 0 };
      families.set(family, { present: sum.present + present, total: sum.total + total });
    }
    return Object.fromEntries([...families].map(([family, { present, total }]) => [family, present / total]));
  }
}
