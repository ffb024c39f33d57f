import { type RedisConnection, type RedisReply, redisConnections } from '@esper/oona/redis';
import { mean } from '../core/statistics.js';

/** What one Redis holds, in bytes as it counts them itself (`MEMORY USAGE`, every element looked at). */
export interface LedgerSizes {
  readonly runs: number;
  readonly answers: number;
  /** One run: who has it, under which token, and its state. */
  readonly bytesPerRun: number;
  /** One decision's answer, and the fact that there was one. */
  readonly bytesPerAnswer: number;
  readonly bytesPerFact: number;
}

/** Keys looked at of each kind. */
const KEYS_MAX = 500;
const PREFIX = 'tamiyo';

/** Looks at the ledger on the Redis of `url`. */
export async function measureLedger(url: string): Promise<LedgerSizes> {
  const connection = await redisConnections(url).open();
  try {
    const runs = await keysOf(connection, 'run');
    const answers = await keysOf(connection, 'answer');
    const facts = await keysOf(connection, 'answered');
    return {
      runs: runs.length,
      answers: answers.length,
      bytesPerRun: await bytesOf(connection, runs),
      bytesPerAnswer: await bytesOf(connection, answers),
      bytesPerFact: await bytesOf(connection, facts),
    };
  } finally {
    connection.close();
  }
}

async function keysOf(connection: RedisConnection, kind: string): Promise<readonly string[]> {
  const found = await connection.command(['KEYS', `${PREFIX}:${kind}:*`]);
  return Array.isArray(found) ? (found as readonly RedisReply[]).map(String) : [];
}

async function bytesOf(connection: RedisConnection, keys: readonly string[]): Promise<number> {
  const sizes: number[] = [];
  for (const key of keys.slice(0, KEYS_MAX))
    sizes.push(Number(await connection.command(['MEMORY', 'USAGE', key, 'SAMPLES', '0'])));
  return Math.round(mean(sizes));
}
