import { elapsedMs, type MonoMs } from '@esper/std';

/** How long reports take from being known to being taken by the bus. Remembers only reports that are pending. */
export class DispatchTimes {
  readonly #knownSince = new Map<string, MonoMs>();
  #lastMs = 0;
  #maxMs = 0;

  get lastMs(): number {
    return this.#lastMs;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  known(reportId: string, now: MonoMs): void {
    this.#knownSince.set(reportId, now);
  }

  taken(reportId: string, now: MonoMs): void {
    const since = this.#knownSince.get(reportId);
    if (since === undefined) return;
    this.#lastMs = elapsedMs(since, now);
    this.#maxMs = Math.max(this.#maxMs, this.#lastMs);
  }

  forget(reportId: string): void {
    this.#knownSince.delete(reportId);
  }
}
