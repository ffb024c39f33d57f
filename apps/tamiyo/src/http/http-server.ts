import type { MonoClock, WallClock } from '@esper/std';
import type { DecisionHost } from '../host/decision-host.js';
import type { AccessTokens } from './access-tokens.js';
import { createApiApp } from './api-app.js';
import { EventFeed } from './event-feed.js';
import { EventStreams, type StreamTimers } from './event-streams.js';
import { Gate } from './gate.js';
import { HttpCounts } from './http-counts.js';
import type { HttpLog } from './http-log.js';
import type { HttpOptions } from './http-options.js';
import { type Listener, openListeners } from './listeners.js';
import { openApiDocument } from './openapi.js';

/** What the interface needs from outside. */
export interface HttpPorts {
  readonly host: Omit<DecisionHost, 'close'>;
  readonly tokens: AccessTokens;
  /** What telemetry has to say to a scrape, in the text format of Prometheus. */
  readonly metricsText: () => string;
  readonly clock: WallClock & MonoClock;
  readonly timers: ServerTimers;
  readonly log: HttpLog;
  /** Names this start of the host; events of another start are not gone on from. */
  readonly epoch: string;
  readonly version: string;
}

export interface ServerTimers extends StreamTimers {
  /** Calls `run` once after `delayMs`; the answer cancels. */
  after(delayMs: number, run: () => void): () => void;
}

/** The interface, listening. */
export interface HttpServer {
  /** Where, as a client is told. */
  readonly addresses: readonly string[];
  /**
   * Refuses new requests at once, answers those under way within `shutdownMs`, cuts the rest. Idempotent. The host behind it
   * stays open.
   */
  close(): Promise<{ readonly cut: number }>;
}

const EVENTS_KEPT_MAX = 1_000;

/** Opens the interface in front of a host. Rejects with `LISTEN_FAILED`; then nothing listens. */
export async function openHttpServer(ports: HttpPorts, options: HttpOptions): Promise<HttpServer> {
  const feed = new EventFeed(ports.epoch, EVENTS_KEPT_MAX);
  const counts = new HttpCounts();
  const gate = new Gate(ports.tokens, options, ports.clock);
  const streams = new EventStreams(feed, {
    streamsMax: options.streamsMax,
    timers: ports.timers,
    onCut: () => counts.streamCut(),
  });
  const app = await createApiApp({
    api: {
      host: ports.host,
      accepting: () => gate.isOpen,
      metricsText: () =>
        ports.metricsText() + counts.render({ underWay: gate.underWayCount, streams: streams.openCount }),
      clock: ports.clock,
      openApi: JSON.stringify(openApiDocument(ports.version)),
    },
    gate,
    streams,
    counts,
    log: ports.log,
  });
  const listeners = await openListeners(app.routing, options);
  const deaf = ports.host.subscribe((event) => feed.publish(event));
  for (const { address } of listeners) ports.log.noted('http.listening', { address });
  let closing: Promise<{ readonly cut: number }> | undefined;
  return {
    addresses: listeners.map(({ address }) => address),
    close: () => {
      closing ??= closeAll({ listeners, gate, streams, ports, shutdownMs: options.shutdownMs }).finally(async () => {
        deaf();
        await app.close();
      });
      return closing;
    },
  };
}

interface Closing {
  readonly listeners: readonly Listener[];
  readonly gate: Gate;
  readonly streams: EventStreams;
  readonly ports: HttpPorts;
  readonly shutdownMs: number;
}

async function closeAll({ listeners, gate, streams, ports, shutdownMs }: Closing): Promise<{ readonly cut: number }> {
  const idle = gate.close();
  const closed = Promise.all(listeners.map(({ server }) => closeServer(server)));
  for (const { server } of listeners) server.closeIdleConnections();
  const inTime = await within(idle, shutdownMs, ports.timers);
  const cut = inTime ? 0 : gate.underWayCount;
  streams.close();
  // What is left are streams that have been ended, answers on their last bytes, and what was too slow.
  for (const { server } of listeners) server.closeIdleConnections();
  const gone = await within(closed, inTime ? LINGER_MS : 0, ports.timers);
  if (!gone) for (const { server } of listeners) server.closeAllConnections();
  await closed;
  ports.log.noted('http.closed', { cut });
  return { cut };
}

const LINGER_MS = 500;

const closeServer = (server: Listener['server']): Promise<void> =>
  new Promise((resolve, reject) => server.close((cause) => (cause === undefined ? resolve() : reject(cause))));

function within(work: Promise<unknown>, limitMs: number, timers: ServerTimers): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(limitMs, () => resolve(false));
    work.then(() => resolve(true), reject).finally(cancel);
  });
}
