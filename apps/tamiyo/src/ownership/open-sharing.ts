import { randomUUID } from 'node:crypto';
import { systemTimers } from '@esper/oona/node';
import { hmacBusSigner, type RedisConnection, redisConnections, redisLosses } from '@esper/oona/redis';
import { createRedisLedger, RunOwner } from '@esper/run-ownership';
import { environmentRedis } from '../adapters/environment-bus.js';
import { hostNameOf } from '../adapters/host-name.js';
import type { ResolvedConfig } from '../config/resolve.js';
import { TamiyoError } from '../errors.js';
import type { HostSetup } from '../host/host-setup.js';
import type { OpenParts } from '../host/open-parts.js';
import type { KnownRun } from '../runs/run-table.js';
import { LedgerCodec } from './ledger-codec.js';

/** What a host shares its runs with others by. */
export interface Sharing {
  readonly owner: RunOwner;
  readonly codec: LedgerCodec;
}

export interface SharingStart {
  /** Tokens, under which commands are sealed, will be above this. */
  readonly issuerEpoch: number;
  /** What the log of this host knows. */
  readonly runs: ReadonlyMap<string, KnownRun>;
}

const HOUR_MS = 3_600_000;
const KEEP_MS_MAX = 10 ** 13;
/** Runs brought to the ledger at once. */
const ADOPT_AT_ONCE = 64;

/**
 * The host's side of the ledger, where its configuration and environment ask for one; `undefined` for a host on its own. Runs that
 * the log knows and the ledger does not are brought there first. Rejects with `CONFIG_INVALID`, with `LEDGER_LOSSY` when Redis may
 * lose what it has answered, or when it does not answer.
 */
export async function openSharing(
  setup: HostSetup,
  start: SharingStart,
  open: OpenParts,
): Promise<Sharing | undefined> {
  const { values } = setup.config;
  const redis = values['sharing.runs'] === 'off' ? undefined : environmentRedis(setup.environment ?? {});
  if (redis === undefined) {
    if (values['sharing.runs'] === 'on')
      throw new TamiyoError('CONFIG_INVALID', 'sharing.runs is on without REDIS_URL');
    return undefined;
  }
  const connection = await redisConnections(redis.url).open();
  open.keep(async () => connection.close());
  if (values['sharing.lossyRedis'] === 'refuse') await refuseLossy(connection);
  const ledger = createRedisLedger({ connection, timers: systemTimers }, ledgerOptions(setup.config));
  const owner = new RunOwner(ledger, {
    owner: `${hostNameOf(setup.config)}/${randomUUID().slice(0, 8)}`,
    floor: start.issuerEpoch,
    leaseMs: values['sharing.leaseMs'],
  });
  const sharing = { owner, codec: new LedgerCodec(hmacBusSigner(redis.secret)) };
  await bring(start.runs, sharing);
  open.keep(() => owner.idle());
  return sharing;
}

/** A ledger that forgets a number lets two hosts use it. */
async function refuseLossy(connection: RedisConnection): Promise<void> {
  const losses = await redisLosses(connection);
  if (losses !== '') throw new TamiyoError('LEDGER_LOSSY', `redis ${losses}`);
}

const ledgerOptions = ({ values }: ResolvedConfig) => ({
  keyPrefix: values['sharing.keyPrefix'],
  keepMs: Math.min(KEEP_MS_MAX, Math.max(60_000, Math.ceil(values['run.forgetAfterHours'] * HOUR_MS))),
  answerKeepMs: values.idempotencyMs,
  answerWithinMs: values['sharing.answerMs'],
});

async function bring(runs: ReadonlyMap<string, KnownRun>, { owner, codec }: Sharing): Promise<void> {
  const known = [...runs];
  for (let from = 0; from < known.length; from += ADOPT_AT_ONCE) {
    const some = known.slice(from, from + ADOPT_AT_ONCE);
    const adopt = ([run, { state }]: readonly [string, KnownRun]) =>
      owner.adopt(run, { state: codec.stateBytes(run, state), sequence: state.sequence });
    await Promise.all(some.map(adopt));
  }
}
