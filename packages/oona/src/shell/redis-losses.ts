import { lossesOf } from '../core/redis-losses.js';
import { OonaError } from '../errors.js';
import type { RedisConnection, RedisReply } from '../redis-ports.js';
import { listIn, textIn } from '../wire/redis-reply.js';

/**
 * Asks a server what it may lose of what it has answered, should it die; resolves with an empty text when nothing, else with
 * words that follow "redis". A server that does not say counts as one that loses. Rejects as `connection` does.
 */
export async function redisLosses(connection: Pick<RedisConnection, 'command'>): Promise<string> {
  const info = textIn(await connection.command(['INFO', 'persistence']));
  const [, fsync] = listIn(await unlessRefused(connection.command(['CONFIG', 'GET', 'appendfsync'])));
  return lossesOf({ info, fsync: fsync === undefined ? undefined : textIn(fsync) });
}

/** Servers in other hands often refuse CONFIG. */
async function unlessRefused(reply: Promise<RedisReply>): Promise<RedisReply> {
  try {
    return await reply;
  } catch (cause) {
    if (cause instanceof OonaError && cause.code === 'OONA_REDIS_REFUSED') return null;
    throw cause;
  }
}
