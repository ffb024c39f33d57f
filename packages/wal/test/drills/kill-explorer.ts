import { spawn } from 'node:child_process';
import { readdir, stat, truncate } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@esper/std/node';
import { SeededRandom, tempFolder } from '@esper/testkit';
import { openWal } from '../../src/index.ts';
import { nodeDisk } from '../../src/node.ts';
import { payloadSum } from './payload-sum.ts';

export interface KillTotals {
  kills: number;
  /** Acknowledgements that the parent had read before the kill. */
  acked: number;
  /** Of those, how many are gone or changed. */
  lostAcked: number;
  tornTails: number;
  examples: string[];
}

/** Known faults; each must lose something that was acknowledged. */
export const KILL_SABOTAGES = {
  'acknowledge-early': 'the writer acknowledges before the append has resolved',
  'acknowledge-unwritten': 'the writer acknowledges some records that it never appends',
  'write-other-bytes': 'the writer appends other bytes than it acknowledges',
  'cut-after-kill': 'the last 64 bytes of the newest segment vanish after each kill',
  'start-over': 'each writer begins in a directory of its own',
} as const;
export type KillSabotage = keyof typeof KILL_SABOTAGES;

const WRITER = fileURLToPath(new URL('./kill-writer.ts', import.meta.url));

/** Kills a real writer process at random moments, over and over on one log, and compares with what it acknowledged. */
export async function exploreKills(plan: {
  readonly seed: number;
  readonly until: (totals: KillTotals) => boolean;
  readonly sabotage?: KillSabotage;
}): Promise<KillTotals> {
  const totals: KillTotals = { kills: 0, acked: 0, lostAcked: 0, tornTails: 0, examples: [] };
  const random = new SeededRandom(plan.seed);
  const folder = await tempFolder('wal-kill-');
  const acked = new Map<number, string>();
  try {
    while (!plan.until(totals)) {
      const own = plan.sabotage === 'start-over' ? `${folder.path}/log-${totals.kills}` : `${folder.path}/log`;
      await oneLife(own, {
        seed: random.uint32(),
        afterAcks: random.int(0, 60),
        delayMs: random.int(0, 3),
        acked,
        sabotage: plan.sabotage,
      });
      totals.kills += 1;
      if (plan.sabotage === 'cut-after-kill') await cutNewest(own);
      await compare(own, acked, totals);
      if (totals.examples.length > 0 && plan.sabotage !== undefined) break;
    }
  } finally {
    await folder.remove();
  }
  totals.acked = acked.size;
  return totals;
}

interface Life {
  readonly seed: number;
  readonly afterAcks: number;
  readonly delayMs: number;
  readonly acked: Map<number, string>;
  readonly sabotage: KillSabotage | undefined;
}

/** Runs a writer until it has acknowledged enough, then kills it at a moment of chance. */
async function oneLife(directory: string, life: Life): Promise<void> {
  const flags = [
    '--import',
    'tsx',
    '--conditions=@esper/source',
    WRITER,
    directory,
    String(life.seed),
    life.sabotage ?? '',
  ];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let acks = 0;
  let doomed = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, sequence, sum] = line.split(' ');
    // A line cut short by the kill is no acknowledgement that anybody has read.
    if (word !== 'ack' || sum?.length !== 16) continue;
    life.acked.set(Number(sequence), sum);
    acks += 1;
    if (acks < life.afterAcks || doomed) continue;
    doomed = true;
    setTimeout(() => child.kill('SIGKILL'), life.delayMs);
  }
  await gone;
  if (!doomed) throw new Error('the writer ended before it was killed');
}

async function compare(directory: string, acked: ReadonlyMap<number, string>, totals: KillTotals): Promise<void> {
  const complain = (what: string): void => {
    totals.lostAcked += 1;
    if (totals.examples.length < 5) totals.examples.push(`after kill ${totals.kills}: ${what}`);
  };
  try {
    const wal = await openWal({
      disk: nodeDisk(),
      directory,
      clock: systemClock,
      options: { reserveBytes: 0, recovery: 'tail' },
    });
    if (wal.recovery.tornBytes > 0) totals.tornTails += 1;
    const found = new Map<number, string>();
    for await (const { sequence, payload } of wal.read()) found.set(sequence, payloadSum(payload));
    for (const [sequence, sum] of acked) if (found.get(sequence) !== sum) complain(`sequence ${sequence}`);
    await wal.close();
  } catch (error) {
    complain((error as Error).message);
  }
}

async function cutNewest(directory: string): Promise<void> {
  const newest = (await readdir(directory))
    .filter((name) => name.endsWith('.wal'))
    .sort()
    .at(-1);
  if (newest === undefined) return;
  const { size } = await stat(`${directory}/${newest}`);
  await truncate(`${directory}/${newest}`, Math.max(0, size - 64));
}
