import { invariant } from '@esper/std';
import type { BlueprintSource } from '../../src/stages/parts.js';

/**
 * Stops one decision in its blueprint look-up: it has its policy by then, and has not yet asked it. So that a decision is
 * under way at a chosen moment for certain, instead of by chance.
 */
export class LookUpGate {
  #armed: { readonly stopped: () => void; readonly goOn: Promise<void> } | undefined;
  #open: () => void = () => undefined;

  /** Stops the next look-up, whichever it is; resolves when one has been stopped. */
  stopNext(): Promise<void> {
    invariant(this.#armed === undefined, 'one look-up is stopped at a time');
    const goOn = new Promise<void>((resolve) => {
      this.#open = resolve;
    });
    return new Promise((stopped) => {
      this.#armed = { stopped, goOn };
    });
  }

  /** Lets the look-up that was stopped go on, if there is one. */
  open(): void {
    this.#open();
  }

  /** The library with the gate before it. */
  before(library: BlueprintSource): BlueprintSource {
    return {
      candidates: async (signal) => {
        const armed = this.#armed;
        this.#armed = undefined;
        armed?.stopped();
        await armed?.goOn;
        return library.candidates(signal);
      },
      lookup: (blueprintId) => library.lookup(blueprintId),
      knownIds: () => library.knownIds(),
    };
  }
}
