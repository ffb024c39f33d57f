import { invariant } from '@esper/std';
import { isBlank } from './blank.js';

/** The name tables that feed features. Indices are whole numbers from 1; 0 means unknown. */
export type VocabularyName = 'seed' | 'blueprint' | 'layer_type' | 'activation_type';

/** Names per table, as the registry holds them now. A name that is not in its table reads 0 in this decision. */
export type Vocabularies = Readonly<Record<VocabularyName, ReadonlyMap<string, number>>>;

/** A name that had no index yet. The host may register it, for later decisions. */
export interface NewName {
  readonly vocabulary: VocabularyName;
  readonly name: string;
}

/** Size of every table, and what an index is divided by. */
const VOCABULARY_SIZE = 1024;
/** A longer text is no name and is never offered for registration. */
const NAME_LENGTH_MAX = 256;

const NONE: readonly NewName[] = [];

/** Looks names up and remembers, once each, the ones that are new. */
export class NameLookup {
  readonly #vocabularies: Vocabularies;
  readonly #fresh = new Map<string, NewName>();

  constructor(vocabularies: Vocabularies) {
    this.#vocabularies = vocabularies;
  }

  /** The name's index over the table size, in [0, 1); `undefined` for no name or a new one. */
  fraction(vocabulary: VocabularyName, name: string | undefined): number | undefined {
    if (name === undefined || isBlank(name)) return undefined;
    const index = this.#vocabularies[vocabulary].get(name);
    if (index === undefined) {
      if (name.length <= NAME_LENGTH_MAX) this.#fresh.set(`${vocabulary}/${name}`, { vocabulary, name });
      return undefined;
    }
    invariant(
      Number.isInteger(index) && index >= 1 && index < VOCABULARY_SIZE,
      () => `index of ${vocabulary} is in its table`,
    );
    return index / VOCABULARY_SIZE;
  }

  newNames(): readonly NewName[] {
    return this.#fresh.size === 0 ? NONE : [...this.#fresh.values()];
  }
}
