import { BUS_STREAMS, type BusStream } from '../ports.js';
import type { StreamLogs } from './stream-log.js';

/** Keeps what nobody reads from holding the journal back, and knows who else does. */
export class JournalSpan {
  readonly #logs: StreamLogs;
  readonly #recordsMax: number;
  /** Position of the newest message. */
  #newest = 0;
  #told = 0;

  /** `recordsMax`: positions from the oldest message kept for nobody to the newest. */
  constructor(logs: StreamLogs, recordsMax: number) {
    this.#logs = logs;
    this.#recordsMax = recordsMax;
  }

  /** A message was added at `position`. Answers how many were given up since the last call. */
  added(position: number): number {
    this.#newest = position;
    for (const stream of BUS_STREAMS) this.#logs[stream].evictThrough(position - this.#recordsMax);
    const before = this.#told;
    this.#told = this.trimmedCount;
    return this.#told - before;
  }

  /** Messages given up since the start. */
  get trimmedCount(): number {
    return BUS_STREAMS.reduce((sum, stream) => sum + this.#logs[stream].trimmedCount, 0);
  }

  /** The stream whose oldest message a group has not acknowledged for longer than the journal should reach back. */
  heldBack(): BusStream | undefined {
    const since = this.#newest - this.#recordsMax;
    return BUS_STREAMS.find((stream) => (this.#logs[stream].oldestPosition() ?? this.#newest) <= since);
  }
}
