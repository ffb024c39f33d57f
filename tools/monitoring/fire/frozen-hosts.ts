import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FailoverProxy, stateOf } from '../../../apps/tamiyo/test/drills/failover-proxy.ts';
import { FailoverSite } from '../../../apps/tamiyo/test/drills/failover-site.ts';
import { exchange } from '../../../apps/tamiyo/test/support/http-fixture.ts';
import { SECRET, type Served, serve } from '../../../apps/tamiyo/test/support/served.ts';
import { toJson } from '../../../packages/leyline/src/index.ts';
import { buildPacket, startRedis } from '../../../packages/testkit/src/index.ts';
import type { Stage } from './scene.ts';

const LEASE_MS = 1_000;
const RETRY_MS = 50;
/** No host must be saved by a deadline of its own. */
const PATIENT = [`sharing.leaseMs=${LEASE_MS}`, 'sharing.answerMs=60000', 'sharing.hostName=scraped'];

/** The run and the packets of one freeze. */
const packetOf = (run: string, step: number) =>
  buildPacket({ trainingRunId: run, packetId: `${run}-${step}`, globalStep: step, validationLoss: 0.75 });

interface Pair {
  /** A real `tamiyo serve`, where Prometheus looks, and its way to Redis. */
  readonly scraped: Served;
  readonly data: string;
  readonly way: FailoverProxy;
  readonly other: FailoverSite;
}

async function post({ scraped }: Pair, run: string, step: number): Promise<number> {
  const answer = await exchange(scraped.address, `/v1/runs/${run}/decisions`, {
    method: 'POST',
    token: await scraped.token('trainer'),
    body: toJson('SystemStatePacket', packetOf(run, step)),
    headers: { 'content-type': 'application/json', accept: 'application/json' },
  });
  return answer.status;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(RETRY_MS);
}

const decidedThere = async ({ other }: Pair, run: string, step: number): Promise<boolean> => {
  const reply = await other.host?.decide(run, packetOf(run, step));
  return reply?.kind === 'answered' && reply.value.ok;
};
const decidedHere = async (pair: Pair, run: string, step: number): Promise<boolean> =>
  (await post(pair, run, step)) === 200;

/** The scraped host stands still with its write in hand; the other one takes the run; the write comes too late. */
async function freezeScraped(pair: Pair, run: string): Promise<void> {
  await until(() => decidedHere(pair, run, 1));
  const held = pair.way.holdNextWrite(stateOf(run));
  const late = post(pair, run, 2);
  await held;
  pair.scraped.child.kill('SIGSTOP');
  await until(() => decidedThere(pair, run, 2));
  await pair.way.letGo();
  pair.scraped.child.kill('SIGCONT');
  await late;
}

/** The other host stands still with its write in hand; the scraped one takes the run over. */
async function freezeOther(pair: Pair, run: string): Promise<void> {
  const { other } = pair;
  await until(() => decidedThere(pair, run, 1));
  const held = other.proxy.holdNextWrite(stateOf(run));
  const late = other.host?.decide(run, packetOf(run, 2));
  await held;
  other.host?.freeze();
  await until(() => decidedHere(pair, run, 2));
  await other.proxy.letGo();
  other.host?.thaw();
  await late;
}

/** Two hosts on one Redis, each frozen once beyond its lease, at the worst moment. */
export async function frozenHosts(stage: Stage): Promise<void> {
  const redis = await startRedis();
  const data = await stage.folder();
  const way = new FailoverProxy(redis.port, []);
  const other = new FailoverSite('other', {
    folder: join(data, 'other'),
    redis,
    leaseMs: LEASE_MS,
    rewrites: [],
    secret: SECRET,
  });
  const environment = { REDIS_URL: `redis://127.0.0.1:${await way.listen()}/0` };
  const args = ['--init', '--port', String(stage.port), '--set', ...PATIENT];
  const [scraped] = await Promise.all([serve(data, args, environment), other.start()]);
  try {
    const pair: Pair = { scraped, data, way, other };
    // Prometheus has seen the counters at zero first.
    await delay(1_500);
    await freezeScraped(pair, 'run-here');
    await stage.until(['TamiyoLeaseRanOut/write-refused'], () => delay(100));
    await freezeOther(pair, 'run-there');
    await stage.until(['TamiyoLeaseRanOut/taken-over'], () => delay(100));
  } finally {
    await scraped.stop('SIGKILL');
    await other.end();
    await way.close();
    await redis.stop();
  }
}
