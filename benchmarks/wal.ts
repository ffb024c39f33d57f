import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@esper/std/node';
import { SeededRandom, tempFolder } from '@esper/testkit';
import { openWal, type Wal, type WalOptions } from '@esper/wal';
import { nodeDisk, nodeRandom } from '@esper/wal/node';
import { runDrill } from '../tools/drill/drill.ts';
import { BareFile } from './wal-parts/bare-file.ts';
import { PEERS, peersFrom } from './wal-parts/peers.ts';
import { interleaved, round, timed } from './wal-parts/timing.ts';

/**
 * `pnpm bench wal`: durable appends against bare write + fdatasync of the same bytes, cost against history, replay, and other
 * stores. Ratios are throughput of ours over the other's: above 1 is faster. With the word `1gb` the replay
 * reads one GiB; with `peers=FOLDER` the other stores are taken from there.
 */
const GROUPS = [8, 64, 512] as const;
const PAYLOAD_BYTES = 400;
const FRAME_BYTES = 48 + PAYLOAD_BYTES;

const open = (directory: string, options: WalOptions = {}): Promise<Wal> =>
  openWal({ disk: nodeDisk(), directory, clock: systemClock, random: nodeRandom, options });

async function againstBare(
  folder: string,
  group: number,
  rounds: number,
): Promise<{ ratioToBare: number; oursMs: number; bareMs: number }> {
  const wal = await open(join(folder, `ours-${group}`));
  const bare = new BareFile(join(folder, `bare-${group}`));
  const payload = new SeededRandom(1).bytes(PAYLOAD_BYTES);
  const block = new Uint8Array(FRAME_BYTES * group).fill(7);
  const ours = () => Promise.all(Array.from({ length: group }, () => wal.append(payload)));
  await interleaved(20, ours, () => bare.append(block));
  const { firstMs, secondMs } = await interleaved(rounds, ours, () => bare.append(block));
  await wal.close();
  bare.close();
  return { ratioToBare: round(secondMs / firstMs), oursMs: round(firstMs), bareMs: round(secondMs) };
}

async function filled(directory: string, records: number): Promise<Wal> {
  const wal = await open(directory, { durability: 'written' });
  const payload = new SeededRandom(2).bytes(64);
  for (let at = 0; at < records; at += 2000) {
    const count = Math.min(2000, records - at);
    await Promise.all(Array.from({ length: count }, () => wal.append(payload, { issuedAtMs: 1 + at })));
  }
  await wal.close();
  return open(directory);
}

/** The same appends to a log with a thousand and one with a million records, in turn. */
async function againstHistory(folder: string, rounds: number) {
  const small = await filled(join(folder, 'history-1k'), 1000);
  const large = await filled(join(folder, 'history-1m'), 1_000_000);
  const payload = new SeededRandom(3).bytes(PAYLOAD_BYTES);
  const cpu = { small: 0, large: 0 };
  const append = (wal: Wal, name: keyof typeof cpu) => async () => {
    const from = process.cpuUsage();
    await Promise.all(Array.from({ length: 64 }, () => wal.append(payload)));
    const { user, system } = process.cpuUsage(from);
    cpu[name] += user + system;
  };
  await interleaved(30, append(small, 'small'), append(large, 'large'));
  cpu.small = 0;
  cpu.large = 0;
  const { firstMs, secondMs } = await interleaved(rounds, append(small, 'small'), append(large, 'large'));
  await Promise.all([small.close(), large.close()]);
  return { cpuRatio1mTo1k: round(cpu.large / cpu.small), durableRatio1mTo1k: round(secondMs / firstMs) };
}

async function replay(folder: string, mib: number) {
  const directory = join(folder, `replay-${mib}`);
  const wal = await open(directory, { durability: 'written' });
  const payload = new SeededRandom(4).bytes(4048);
  for (let written = 0; written < mib; written += 1) {
    await Promise.all(Array.from({ length: 256 }, () => wal.append(payload)));
  }
  await wal.close();
  globalThis.gc?.();
  let again: Wal | undefined;
  const openMs = await timed(async () => {
    again = await open(directory, { recovery: 'strict' });
  });
  let rssPeakBytes = 0;
  let records = 0;
  const readMs = await timed(async () => {
    for await (const { payload: found } of (again as Wal).read()) {
      records += found.length > 0 ? 1 : 0;
      if (records % 1000 === 0) rssPeakBytes = Math.max(rssPeakBytes, process.memoryUsage.rss());
    }
  });
  await (again as Wal).close();
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const hwmKib = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
  return {
    mib,
    records,
    openMs: round(openMs, 0),
    openMibPerSecond: round((mib * 1000) / openMs, 0),
    readMibPerSecond: round((mib * 1000) / readMs, 0),
    rssWhileReadingMib: round(rssPeakBytes / 2 ** 20, 0),
    rssPeakOfProcessMib: round(hwmKib / 1024, 0),
  };
}

/** Ours and each other store in turn, 64 records at a time and one alone. */
async function againstPeers(folder: string, rounds: number) {
  const results: Record<string, unknown> = {};
  const payload = new SeededRandom(5).bytes(PAYLOAD_BYTES);
  for (const kind of PEERS) {
    const result: Record<string, unknown> = { durability: kind.durability };
    try {
      for (const group of [1, 64]) {
        const home = await tempFolder('wal-peer-');
        const peer = await kind.open(home.path);
        const wal = await open(join(folder, `peer-${kind.name}-${group}`.replaceAll(/[^\w-]/g, '')));
        const records = Array.from({ length: group }, () => payload);
        const ours = () => Promise.all(records.map((record) => wal.append(record)));
        await interleaved(10, ours, () => peer.append(records));
        const { firstMs, secondMs } = await interleaved(rounds, ours, () => peer.append(records));
        result[`oursTimesFasterAt${group}`] = round(secondMs / firstMs, 2);
        await Promise.all([wal.close(), peer.close()]);
        await home.remove();
      }
    } catch (error) {
      result['notMeasured'] = (error as Error).message.split('\n')[0];
    }
    results[kind.name] = result;
  }
  return results;
}

await runDrill({ name: 'bench wal', defaultBudgetMs: 60_000 }, async (flags) => {
  const rounds = flags.count ?? 400;
  peersFrom(flags.rest.find((word) => word.startsWith('peers='))?.slice('peers='.length) ?? '');
  const { path, remove } = await tempFolder('wal-bench-');
  const failures: string[] = [];
  try {
    const replayed = await replay(path, flags.rest.includes('1gb') ? 1024 : 64);
    const single = await againstBare(path, 1, rounds);
    const grouped: Record<string, Awaited<ReturnType<typeof againstBare>>> = {};
    for (const group of GROUPS) grouped[String(group)] = await againstBare(path, group, rounds);
    const history = await againstHistory(path, rounds);
    const peers = await againstPeers(path, Math.max(20, Math.floor(rounds / 4)));
    if (flags.assert) {
      if (single.ratioToBare < 0.8) failures.push(`single ${single.ratioToBare} of bare, at least 0.8 wanted`);
      const at64 = grouped['64']?.ratioToBare ?? 0;
      if (at64 < 0.7) failures.push(`group of 64: ${at64} of bare, at least 0.7 wanted`);
      if (history.cpuRatio1mTo1k > 1.1)
        failures.push(`CPU at a million records ${history.cpuRatio1mTo1k}, at most 1.1 wanted`);
      if (history.durableRatio1mTo1k > 1.25)
        failures.push(`median at a million ${history.durableRatio1mTo1k}, at most 1.25 wanted`);
    }
    return { json: { single, grouped, history, replay: replayed, peers, rounds }, failures };
  } finally {
    await remove();
  }
});
