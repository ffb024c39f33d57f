import type { ServerResponse } from 'node:http';
import { SSE_MEDIA_TYPE } from './api-routes.js';
import { HttpError } from './errors.js';
import { type EventFeed, type FedEvent, runOf } from './event-feed.js';
import { jsonText } from './json-text.js';

/** Bytes that may wait for a reader; a slower one is cut, and may come back with Last-Event-ID. */
const WAITING_BYTES_MAX = 1 << 20;
const HEARTBEAT_MS = 15_000;

/** What one stream asks for. */
export interface StreamRequest {
  readonly run: string | undefined;
  readonly lastEventId: string | undefined;
}

export interface StreamTimers {
  /** Calls `run` every `everyMs`; the answer ends it. */
  every(everyMs: number, run: () => void): () => void;
}

/** The open event streams. Bounded in number and in what waits for each. */
export class EventStreams {
  readonly #feed: EventFeed;
  readonly #options: { readonly streamsMax: number; readonly timers: StreamTimers; readonly onCut: () => void };
  readonly #open = new Set<ServerResponse>();

  constructor(
    feed: EventFeed,
    options: { readonly streamsMax: number; readonly timers: StreamTimers; readonly onCut: () => void },
  ) {
    this.#feed = feed;
    this.#options = options;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Throws `STREAMS_FULL` when there is no room for one more. */
  admit(): void {
    const { streamsMax } = this.#options;
    if (this.#open.size >= streamsMax)
      throw new HttpError('STREAMS_FULL', `${streamsMax} event streams are open`, { headers: { 'retry-after': '5' } });
  }

  /** Takes the response over and writes events until either side ends it. */
  serve(response: ServerResponse, wanted: StreamRequest): void {
    this.#open.add(response);
    response.writeHead(200, { 'content-type': SSE_MEDIA_TYPE, 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    const write = (text: string): void => {
      response.write(text);
      if (response.writableLength <= WAITING_BYTES_MAX) return;
      this.#options.onCut();
      response.destroy();
    };
    const send = (fed: FedEvent): void => {
      if (wanted.run === undefined || runOf(fed.event) === wanted.run)
        write(eventText(this.#feed.idOf(fed), fed.event));
    };
    const past = this.#feed.since(wanted.lastEventId);
    write('retry: 1000\n\n');
    if (past.kind === 'gap') write('event: gap\ndata: {"missed":"events before these were forgotten"}\n\n');
    for (const fed of past.events) send(fed);
    const deaf = this.#feed.listen(send);
    const quiet = this.#options.timers.every(HEARTBEAT_MS, () => write(': still here\n\n'));
    response.once('close', () => {
      deaf();
      quiet();
      this.#open.delete(response);
    });
  }

  /** Ends every stream; their readers come back elsewhere. */
  close(): void {
    for (const response of this.#open) response.end('event: closing\ndata: {}\n\n');
  }
}

const eventText = (id: string, event: FedEvent['event']): string =>
  `id: ${id}\nevent: ${event.type}\ndata: ${jsonText(event)}\n\n`;
