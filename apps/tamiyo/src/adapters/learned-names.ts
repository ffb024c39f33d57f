import type { NewName, Vocabularies, VocabularyName } from '@esper/policy';
import type { NameTables } from '../stages/parts.js';

const VOCABULARY_NAMES = [
  'seed',
  'blueprint',
  'layer_type',
  'activation_type',
] as const satisfies readonly VocabularyName[];
/** Index 0 means unknown; the tables of the policy hold 1,024. */
const INDEX_MAX = 1023;

/** Told of names that got an index, so that they can be made durable. */
export type OnLearned = (table: VocabularyName, name: string, index: number) => void;

/** The name tables in memory, filled from the log. A full table stays as it is: a name beyond it reads as unknown. */
export class LearnedNames implements NameTables {
  readonly #tables: Record<VocabularyName, Map<string, number>> = {
    seed: new Map(),
    blueprint: new Map(),
    layer_type: new Map(),
    activation_type: new Map(),
  };
  readonly #onLearned: OnLearned;
  #refusedCount = 0;

  constructor(onLearned: OnLearned) {
    this.#onLearned = onLearned;
  }

  vocabularies(): Vocabularies {
    return this.#tables;
  }

  /** Names that found no place, since the start. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  offer(names: readonly NewName[]): void {
    for (const { vocabulary, name } of names) {
      const table = this.#tables[vocabulary];
      if (table.has(name)) continue;
      if (table.size >= INDEX_MAX) {
        this.#refusedCount += 1;
        continue;
      }
      table.set(name, table.size + 1);
      this.#onLearned(vocabulary, name, table.size);
    }
  }

  /** A name as the log has it. Ignored when the table knows it already. */
  restore(table: string, name: string, index: number): void {
    const known = VOCABULARY_NAMES.find((candidate) => candidate === table);
    if (known !== undefined && !this.#tables[known].has(name)) this.#tables[known].set(name, index);
  }
}
