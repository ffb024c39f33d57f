import type { HostEvent } from '../host/decision-host.js';

/** An event with its place in the feed. */
export interface FedEvent {
  /** Rises by one; unique together with the epoch of the feed. */
  readonly number: number;
  readonly event: HostEvent;
}

/** What a listener that comes back has missed: the events, or that they are gone. */
export type CaughtUp =
  | { readonly kind: 'complete'; readonly events: readonly FedEvent[] }
  | { readonly kind: 'gap'; readonly events: readonly FedEvent[] };

/** The last events of a host, so that a stream which was cut can go on. The oldest is forgotten at the bound. */
export class EventFeed {
  /** Names this feed: numbers of another one say nothing here. */
  readonly epoch: string;
  readonly #keptMax: number;
  readonly #kept: FedEvent[] = [];
  readonly #listeners = new Set<(fed: FedEvent) => void>();
  #last = 0;

  constructor(epoch: string, keptMax: number) {
    this.epoch = epoch;
    this.#keptMax = keptMax;
  }

  publish(event: HostEvent): void {
    this.#last += 1;
    const fed = { number: this.#last, event };
    this.#kept.push(fed);
    if (this.#kept.length > this.#keptMax) this.#kept.shift();
    for (const listener of this.#listeners) listener(fed);
  }

  /** Calls `listener` for every event from now on; the returned function ends it. */
  listen(listener: (fed: FedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** What came after the event that `lastEventId` names; nothing for a listener that is new. */
  since(lastEventId: string | undefined): CaughtUp {
    if (lastEventId === undefined) return { kind: 'complete', events: [] };
    const [epoch, text = ''] = lastEventId.split(':');
    const number = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    if (epoch !== this.epoch || number < 0 || number > this.#last) return { kind: 'gap', events: [...this.#kept] };
    const oldest = this.#last - this.#kept.length;
    const events = this.#kept.filter((fed) => fed.number > number);
    return { kind: number < oldest ? 'gap' : 'complete', events };
  }

  idOf(fed: FedEvent): string {
    return `${this.epoch}:${fed.number}`;
  }
}

/** The run an event is about. */
export const runOf = (event: HostEvent): string =>
  event.type === 'operator' ? event.action.trainingRunId : event.trainingRunId;
