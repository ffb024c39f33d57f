import { createClient, ErrorReply, RESP_TYPES } from '@redis/client';
import { OonaError } from '../errors.js';
import type { RedisConnection, RedisConnections, RedisReply } from '../redis-ports.js';

const RECONNECT_MS = 20;
const RECONNECT_DOUBLINGS_MAX = 6;
const CONNECT_MS = 2_000;
/** Commands written and not answered. Callers have bounds of their own far below. */
const QUEUE_MAX = 100_000;

/**
 * Connections to one Redis through node-redis. `url` is `redis://[[user]:password@]host:port/database`, or `rediss:` for TLS. Nothing is
 * queued while the server is away; errors carry no part of the URL.
 */
export function redisConnections(url: string): RedisConnections {
  return { open: () => connected(url) };
}

async function connected(url: string): Promise<RedisConnection> {
  let wasReady = false;
  const client = createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    commandsQueueMaxLength: QUEUE_MAX,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    socket: {
      connectTimeout: CONNECT_MS,
      reconnectStrategy: (retries, cause) =>
        wasReady ? RECONNECT_MS * 2 ** Math.min(retries, RECONNECT_DOUBLINGS_MAX) : cause,
    },
  });
  // Every command in flight rejects by itself when the connection breaks; without a listener Node would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    client.destroy();
    throw unreachable(cause);
  }
  wasReady = true;
  return {
    command: async (args) => {
      try {
        return await client.sendCommand<RedisReply>(args.map(asArgument));
      } catch (cause) {
        throw cause instanceof ErrorReply ? refused(cause) : unreachable(cause);
      }
    },
    close: () => {
      if (client.isOpen) client.destroy();
    },
  };
}

const asArgument = (argument: string | Uint8Array): string | Buffer =>
  typeof argument === 'string' ? argument : Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength);

const unreachable = (cause: unknown): OonaError => {
  const name = cause instanceof Error ? cause.constructor.name : 'Error';
  return new OonaError('OONA_UNREACHABLE', `redis: ${name}`, { cause });
};

const refused = (cause: Error): OonaError =>
  new OonaError('OONA_REDIS_REFUSED', cause.message.slice(0, 200), { cause });
