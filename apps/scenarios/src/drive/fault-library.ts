import { setTimeout as delay } from 'node:timers/promises';
import type { BlueprintSource } from '@esper/tamiyo';

/** A blueprint library that can be made to answer late, or to forget what it has offered. */
export class FaultLibrary {
  /** How long every answer takes longer. */
  delayMs = 0;
  /** It still offers its candidates, but has none of them when it is asked. */
  forgets = false;

  /** Stands before `library`. */
  before(library: BlueprintSource): BlueprintSource {
    const late = async <T>(answer: () => Promise<T>): Promise<T> => {
      if (this.delayMs > 0) await delay(this.delayMs);
      return answer();
    };
    return {
      candidates: () => late(() => library.candidates()),
      lookup: (blueprintId) => late(async () => (this.forgets ? undefined : library.lookup(blueprintId))),
      knownIds: () => (this.forgets ? new Set() : library.knownIds()),
    };
  }
}
