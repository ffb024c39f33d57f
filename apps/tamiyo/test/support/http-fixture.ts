import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { toJson } from '@esper/leyline';
import { systemClock } from '@esper/std/node';
import { createPrometheusExporter } from '@esper/telemetry/prometheus';
import { buildPacket } from '@esper/testkit';
import type { DecisionHost } from '../../src/host/decision-host.js';
import { AccessTokens } from '../../src/http/access-tokens.js';
import type { HttpOptions } from '../../src/http/http-options.js';
import { openHttpServer } from '../../src/http/http-server.js';
import { pinoLog } from '../../src/http/pino-log.js';
import { systemTimers } from '../../src/http/system-timers.js';
import { FakeHost } from './fake-host.js';

export const TRAINER_TOKEN = 'trainer-token-0123456789abcdefghijklmnop';
export const OPERATOR_TOKEN = 'operator-token-0123456789abcdefghijklmno';
export const READER_TOKEN = 'reader-token-0123456789abcdefghijklmnopq';

const TOKENS = [
  { principal: { name: 'trainer', role: 'trainer' }, token: TRAINER_TOKEN },
  { principal: { name: 'operator-alice', role: 'operator' }, token: OPERATOR_TOKEN },
  { principal: { name: 'reader', role: 'reader' }, token: READER_TOKEN },
] as const;

const OPTIONS: HttpOptions = {
  host: '127.0.0.1',
  port: 0,
  socketPath: '',
  ratePerSecondMax: 10_000,
  concurrentMax: 64,
  streamsMax: 4,
  connectionsMax: 64,
  requestMs: 30_000,
  shutdownMs: 20_000,
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body as JSON; throws when it is none. */
  json(): Record<string, unknown>;
}

export interface Sent {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** An interface that really listens, in front of a fake host. `await using` closes it. */
export const httpFixture = (given: Partial<HttpOptions> = {}, host: FakeHost = new FakeHost()) =>
  interfaceOf(host, given);

/** The same in front of any host; it is not closed with it. */
export async function interfaceOf<H extends Omit<DecisionHost, 'close'>>(host: H, given: Partial<HttpOptions> = {}) {
  const lines: string[] = [];
  const server = await openHttpServer(
    {
      host,
      tokens: new AccessTokens(TOKENS),
      metricsText: () => createPrometheusExporter().render(),
      clock: systemClock,
      timers: systemTimers,
      log: pinoLog('debug', { write: (line: string) => void lines.push(line) }),
      epoch: 'e1',
      version: '0.1.0',
    },
    { ...OPTIONS, ...given },
  );
  const [address = ''] = server.addresses;
  const send = (path: string, sent: Sent = {}): Promise<Answer> => exchange(address, path, sent);
  return {
    host,
    server,
    address,
    /** Everything the interface has logged. */
    lines,
    send,
    /** A packet of `run-1` as JSON, sent with the trainer's token. */
    submit: (packet = buildPacket(), sent: Sent = {}): Promise<Answer> =>
      send(`/v1/runs/${encodeURIComponent(packet.trainingRunId)}/decisions`, {
        method: 'POST',
        token: TRAINER_TOKEN,
        body: toJson('SystemStatePacket', packet),
        ...sent,
        headers: { 'content-type': 'application/json', ...sent.headers },
      }),
    [Symbol.asyncDispose]: async () => {
      await server.close();
    },
  };
}

/** One request on a connection of its own. `address` as the server tells it. */
export function exchange(address: string, path: string, sent: Sent = {}): Promise<Answer> {
  const target = address.startsWith('unix:')
    ? { socketPath: address.slice('unix:'.length), path, headers: { host: 'tamiyo' } }
    : { host: new URL(address).hostname.replace(/^\[|\]$/g, ''), port: new URL(address).port, path, headers: {} };
  const authorization = sent.token === undefined ? {} : { authorization: `Bearer ${sent.token}` };
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      ...target,
      agent: false,
      method: sent.method ?? 'GET',
      headers: { ...target.headers, ...authorization, ...sent.headers },
    });
    let answered = false;
    request.once('response', (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes,
          json: () => JSON.parse(bytes.toString('utf8')) as Record<string, unknown>,
        });
      });
    });
    // A server that refuses a body early may close while it is still being sent: the answer is what counts.
    request.once('error', (cause) => {
      if (!answered) reject(cause);
    });
    request.end(sent.body);
  });
}

/** Writes raw bytes to a TCP address and resolves with everything that comes back until the other side closes. */
export function rawExchange(address: string, parts: readonly (string | Uint8Array)[]): Promise<string> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ECONNRESET' && cause.code !== 'EPIPE') reject(cause);
    });
    for (const part of parts) socket.write(part);
  });
}
