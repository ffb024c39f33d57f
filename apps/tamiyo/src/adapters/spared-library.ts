import type { BlueprintDescriptor } from '@esper/leyline';
import { elapsedMs, type MonoClock, type MonoMs } from '@esper/std';
import { DecisionError } from '../errors.js';
import type { BlueprintSource } from '../stages/parts.js';

export interface SparedLibraryLimits {
  /** Look-ups given up and still unanswered before the library is asked nothing more. */
  readonly abandonedMax: number;
  /** After so long an unanswered one no longer counts: nobody expects its answer, and the library is tried again. */
  readonly forgetAfterMs: number;
}

/** How the library answers, for a scrape. */
export interface LibraryStats {
  /** Given up and still counted. */
  readonly abandoned: number;
  readonly abandonedTotal: number;
  /** Refused without asking, because too many were given up. */
  readonly refusedTotal: number;
}

/**
 * A library whose look-ups end when their caller gives up, answered or not. What runs on in the library holds no place of the
 * worker: look-ups that hang for good would otherwise take one place each until none is left. They are counted and bounded
 * instead, so that a library that answers nobody is not asked ever more.
 */
export class SparedLibrary implements BlueprintSource {
  readonly #library: BlueprintSource;
  readonly #clock: MonoClock;
  readonly #limits: SparedLibraryLimits;
  /** When each look-up was given up, oldest first. */
  readonly #abandoned = new Map<object, MonoMs>();
  #abandonedTotal = 0;
  #refusedTotal = 0;

  constructor(library: BlueprintSource, clock: MonoClock, limits: SparedLibraryLimits) {
    this.#library = library;
    this.#clock = clock;
    this.#limits = limits;
  }

  async candidates(signal?: AbortSignal): Promise<readonly BlueprintDescriptor[]> {
    this.#forgetOld();
    if (this.#abandoned.size >= this.#limits.abandonedMax) {
      this.#refusedTotal += 1;
      throw new DecisionError(
        'CATALOGUE_FAILED',
        `the blueprint library was not asked: ${this.#abandoned.size} look-ups of the last ${this.#limits.forgetAfterMs / 1000} s are still unanswered`,
        { reason: 'urza_failure' },
      );
    }
    const answer = this.#library.candidates(signal);
    return signal === undefined ? answer : this.#untilGivenUp(answer, signal);
  }

  lookup(blueprintId: string): Promise<BlueprintDescriptor | undefined> {
    return this.#library.lookup(blueprintId);
  }

  knownIds(): ReadonlySet<string> {
    return this.#library.knownIds();
  }

  stats(): LibraryStats {
    this.#forgetOld();
    return {
      abandoned: this.#abandoned.size,
      abandonedTotal: this.#abandonedTotal,
      refusedTotal: this.#refusedTotal,
    };
  }

  #untilGivenUp<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const lookup = {};
      const onAbort = (): void => {
        this.#abandonedTotal += 1;
        this.#abandoned.set(lookup, this.#clock.monoMs());
        reject(signal.reason);
      };
      const end = (): void => {
        signal.removeEventListener('abort', onAbort);
        this.#abandoned.delete(lookup);
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
      answer.finally(end).then(resolve, reject);
    });
  }

  #forgetOld(): void {
    const now = this.#clock.monoMs();
    for (const [lookup, since] of this.#abandoned) {
      if (elapsedMs(since, now) < this.#limits.forgetAfterMs) return;
      this.#abandoned.delete(lookup);
    }
  }
}
