import { OonaError } from '@esper/oona';
import { redisLosses as askLosses, type RedisReply } from '@esper/oona/redis';
import { createClient, ErrorReply } from '@redis/client';
import { codeOf } from './check.js';

const ANSWER_MS = 3_000;

/**
 * Connects, logs in and asks how it keeps what it answers, all within one bound: a server that is stopped still takes connections. A client
 * of its own, because the bus's tries again for ever. Errors carry no part of `url`.
 */
export async function redisLosses(url: string): Promise<string> {
  const client = createClient({ url, RESP: 2, disableClientInfo: true, socket: { reconnectStrategy: false } });
  // Without a listener Node would end the process; the rejections below tell the same.
  client.on('error', () => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
  });
  const asked = client
    .connect()
    .then(() => askLosses({ command: (args) => client.sendCommand<RedisReply>([...args] as string[]).catch(refuse) }))
    .catch((cause: unknown) => {
      throw new Error(reasonOf(cause), { cause });
    });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
    if (client.isOpen) client.destroy();
  }
}

function refuse(cause: unknown): never {
  if (!(cause instanceof ErrorReply)) throw cause;
  throw new OonaError('OONA_REDIS_REFUSED', cause.message.slice(0, 200), { cause });
}

/** What Redis itself answers is told; of everything else only the kind, since messages may name what the URL holds. */
function reasonOf(cause: unknown): string {
  if (cause instanceof OonaError || cause instanceof ErrorReply) return cause.message.slice(0, 200);
  return codeOf(cause) || (cause instanceof Error ? cause.constructor.name : 'Error');
}
