import { join } from 'node:path';
import { BUS_MESSAGE_TYPES, type BusMessageType } from '@esper/leyline';
import { type Bus, openEmbeddedBus } from '@esper/oona';
import { systemTimers } from '@esper/oona/node';
import { hmacBusSigner, openRedisBus, redisConnections, uniqueConsumer } from '@esper/oona/redis';
import { systemClock } from '@esper/std/node';
import { openWal } from '@esper/wal';
import { nodeDisk, nodeRandom } from '@esper/wal/node';
import { TamiyoError } from '../errors.js';
import { folderJournal } from './folder-journal.js';

/** Ten years. */
const LIFE_MS_MAX = 315_360_000_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** A bus, what kind it is, and how to let go of it. */
export interface EnvironmentBus {
  readonly kind: 'embedded' | 'redis';
  readonly bus: Bus;
  close(): Promise<void>;
}

/**
 * The bus that the environment names: Redis Streams with `REDIS_URL`, under the stream names of `OONA_*_STREAM`, signed with
 * `ESPER_LEYLINE_SECRET`; else the embedded bus in the data folder, which one process at a time can open.
 */
export async function openEnvironmentBus(environment: Environment, dataDir: string): Promise<EnvironmentBus> {
  return (await openRedisOf(environment)) ?? openInFolder(join(dataDir, 'bus'));
}

/** The Redis that the environment names, and the secret that everything on it is signed with; `undefined` without `REDIS_URL`. */
export function environmentRedis(
  environment: Environment,
): { readonly url: string; readonly secret: string } | undefined {
  const url = environment['REDIS_URL'] ?? '';
  if (url === '') return undefined;
  const secret = environment['ESPER_LEYLINE_SECRET'] ?? '';
  if (secret.trim() === '') throw new TamiyoError('CONFIG_INVALID', 'the bus on Redis needs ESPER_LEYLINE_SECRET');
  return { url, secret };
}

/** The bus on Redis that the environment names. Rejects with `CONFIG_INVALID` without a secret: such a bus would believe anybody. */
export async function openRedisOf(environment: Environment): Promise<EnvironmentBus | undefined> {
  const redis = environmentRedis(environment);
  if (redis === undefined) return undefined;
  const { url, secret } = redis;
  const bus = await openRedisBus(
    {
      connections: redisConnections(url),
      signer: hmacBusSigner(secret),
      clock: systemClock,
      timers: systemTimers,
      consumer: uniqueConsumer(),
    },
    { streamKeys: streamKeys(environment), freshForMs: messageLife(environment) },
  );
  return { kind: 'redis', bus, close: () => bus.close() };
}

/** How long any message is worth something, where `OONA_MESSAGE_TTL_MS` says so; else each type has the life that the bus gives it. */
function messageLife(environment: Environment): Readonly<Partial<Record<BusMessageType, number>>> {
  const given = environment['OONA_MESSAGE_TTL_MS'] ?? '';
  if (given === '') return {};
  const lifeMs = Number(given);
  if (!(Number.isSafeInteger(lifeMs) && lifeMs >= 1 && lifeMs <= LIFE_MS_MAX)) {
    throw new TamiyoError(
      'CONFIG_INVALID',
      `OONA_MESSAGE_TTL_MS takes whole milliseconds from 1 to ${LIFE_MS_MAX}, got ${given.slice(0, 40)}`,
    );
  }
  return Object.fromEntries(Object.keys(BUS_MESSAGE_TYPES).map((type) => [type, lifeMs]));
}

function streamKeys(environment: Environment): Readonly<Record<string, string>> {
  const names = ['normal', 'emergency', 'telemetry', 'policy'] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const given = environment[`OONA_${name.toUpperCase()}_STREAM`] ?? '';
      return given === '' ? [] : [[`oona.${name}`, given]];
    }),
  );
}

async function openInFolder(directory: string): Promise<EnvironmentBus> {
  const log = await openWal({ disk: nodeDisk(), directory, clock: systemClock, random: nodeRandom });
  try {
    const journal = folderJournal(log, () => systemClock.wallMs());
    const bus = await openEmbeddedBus({ journal, timers: systemTimers });
    const close = async (): Promise<void> => {
      await bus.close();
      await log.close();
    };
    return { kind: 'embedded', bus, close };
  } catch (cause) {
    await log.close();
    throw cause;
  }
}
