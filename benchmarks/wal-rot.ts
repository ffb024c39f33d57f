import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@esper/std/node';
import { SeededRandom, tempFolder } from '@esper/testkit';
import { isSerious, openWal } from '@esper/wal';
import { nodeDisk, nodeRandom } from '@esper/wal/node';
import { runDrill } from '../tools/drill/drill.ts';
import { PEERS, peersFrom } from './wal-parts/peers.ts';

/**
 * `pnpm bench wal-rot peers=FOLDER`: one bit flipped in the files after acknowledged writes, in ours and in other stores.
 * `reported`: opening or reading said so. `silent`: records are missing or changed, and nobody said anything.
 */
const RECORDS = 500;
const GROUP = 10;

/** One store, seen from outside: fill a folder, and say what is found in it afterwards. */
interface Store {
  readonly name: string;
  fill(folder: string, records: readonly Uint8Array[]): Promise<void>;
  /** Rejects when the store refuses. `told` when it reports damage by itself. */
  read(folder: string): Promise<{ readonly found: ReadonlyMap<number, Uint8Array>; readonly told: boolean }>;
  /** Which files hold data. */
  readonly holds: (name: string) => boolean;
}

const ours: Store = {
  name: '@esper/wal',
  holds: (name) => name.endsWith('.wal') || name === 'anchor',
  async fill(folder, records) {
    const wal = await openWal({
      disk: nodeDisk(),
      directory: folder,
      clock: systemClock,
      random: nodeRandom,
      options: { reserveBytes: 0 },
    });
    for (let at = 0; at < records.length; at += GROUP) {
      await Promise.all(records.slice(at, at + GROUP).map((record) => wal.append(record)));
    }
    await wal.close();
  },
  async read(folder) {
    const options = { recovery: 'salvage', reserveBytes: 0 } as const;
    const wal = await openWal({ disk: nodeDisk(), directory: folder, clock: systemClock, options });
    const found = new Map<number, Uint8Array>();
    for await (const { sequence, payload } of wal.read()) found.set(sequence - 1, payload);
    await wal.close();
    return { found, told: wal.recovery.damages.some(isSerious) };
  },
};

const stores: readonly Store[] = [
  ours,
  ...PEERS.map(
    (kind): Store => ({
      name: kind.name,
      holds: (name) => !/LOCK|LOG|lock|MANIFEST|CURRENT|shm/.test(name),
      async fill(folder, records) {
        const peer = await kind.open(folder);
        for (let at = 0; at < records.length; at += GROUP) await peer.append(records.slice(at, at + GROUP));
        // No close: closing would let a store tidy its log away. The copies are taken from under it.
      },
      read: async (folder) => ({ found: await kind.readAll(folder), told: false }),
    }),
  ),
];

async function filesOf(folder: string, below = ''): Promise<readonly string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const lists = entries.map(async (entry) =>
    entry.isDirectory() ? filesOf(folder, join(below, entry.name)) : [join(below, entry.name)],
  );
  return (await Promise.all(lists)).flat();
}

/** A copy of the folder with one bit flipped where data lies; every byte in use has the same chance. */
async function flippedCopy(
  from: string,
  to: string,
  choice: { readonly random: SeededRandom; readonly holds: Store['holds'] },
): Promise<void> {
  const targets: { readonly path: string; readonly bytes: Buffer; readonly used: number }[] = [];
  for (const name of await filesOf(from)) {
    const path = join(to, name);
    await mkdir(join(path, '..'), { recursive: true });
    await copyFile(join(from, name), path);
    if (!choice.holds(name.split('/').at(-1) as string)) continue;
    const bytes = await readFile(path);
    targets.push({ path, bytes, used: bytes.findLastIndex((byte) => byte !== 0) + 1 });
  }
  let at = choice.random.int(0, targets.reduce((sum, { used }) => sum + used, 0) - 1);
  const target = targets.find(({ used }) => {
    if (at < used) return true;
    at -= used;
    return false;
  });
  if (target === undefined) throw new Error(`nothing to flip in ${from}`);
  target.bytes[at] = (target.bytes[at] as number) ^ (1 << choice.random.int(0, 7));
  await writeFile(target.path, target.bytes);
}

async function tryStore(store: Store, flips: number, seed: number) {
  const random = new SeededRandom(seed);
  const records = Array.from({ length: RECORDS }, () => random.bytes(random.int(100, 300)));
  const tally = { flips: 0, harmless: 0, reported: 0, refused: 0, silent: 0, worstLost: 0 };
  const home = await tempFolder('wal-rot-');
  try {
    const source = join(home.path, 'source');
    await mkdir(source, { recursive: true });
    await store.fill(source, records);
    for (let flip = 0; flip < flips; flip += 1) {
      const copy = join(home.path, `copy-${flip}`);
      await flippedCopy(source, copy, { random, holds: store.holds });
      tally.flips += 1;
      try {
        const { found, told } = await store.read(copy);
        const wrong = records.filter((record, at) => Buffer.compare(record, found.get(at) ?? Buffer.of()) !== 0).length;
        if (wrong === 0 && !told) tally.harmless += 1;
        else if (told) tally.reported += 1;
        else tally.silent += 1;
        tally.worstLost = Math.max(tally.worstLost, wrong);
      } catch {
        // Refusing is a report too: the point of this measurement.
        tally.refused += 1;
      }
    }
    return tally;
  } catch (error) {
    return { notMeasured: (error as Error).message.split('\n')[0] };
  } finally {
    await home.remove();
  }
}

await runDrill({ name: 'bench wal-rot', defaultBudgetMs: 60_000 }, async (flags) => {
  peersFrom(flags.rest.find((word) => word.startsWith('peers='))?.slice('peers='.length) ?? '');
  const results: Record<string, unknown> = {};
  for (const store of stores) results[store.name] = await tryStore(store, flags.count ?? 60, flags.seed);
  const own = results[ours.name] as { silent: number };
  return {
    json: { records: RECORDS, stores: results },
    failures: flags.assert && own.silent > 0 ? ['ours was silent'] : [],
  };
});
