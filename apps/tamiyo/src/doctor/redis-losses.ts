import { redisLosses as lossesOf } from '@esper/oona/redis';
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
    .then(async () => lossesOf({ info: await client.info('persistence'), fsync: await fsyncOf(client) }))
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

/** Servers in other hands often refuse CONFIG. */
async function fsyncOf(client: {
  configGet(name: string): Promise<Readonly<Record<string, string>>>;
}): Promise<string | undefined> {
  try {
    return (await client.configGet('appendfsync'))['appendfsync'];
  } catch (cause) {
    if (cause instanceof ErrorReply) return undefined;
    throw cause;
  }
}

/** What Redis itself answers is told; of everything else only the kind, since messages may name what the URL holds. */
function reasonOf(cause: unknown): string {
  if (cause instanceof ErrorReply) return cause.message.slice(0, 200);
  return codeOf(cause) || (cause instanceof Error ? cause.constructor.name : 'Error');
}
