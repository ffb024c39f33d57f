import { systemClock } from '@esper/std/node';
import { isSerious, openWal } from '@esper/wal';
import { nodeDisk, nodeRandom } from '@esper/wal/node';
import { PEERS } from './peers.ts';

/** How many records are appended at a time. */
const GROUP = 10;

/** One store, seen from outside: fill a folder, and say what is found in it afterwards. */
export interface RotStore {
  readonly name: string;
  fill(folder: string, records: readonly Uint8Array[]): Promise<void>;
  /** Rejects when the store refuses. `told` when it reports damage by itself. */
  read(folder: string): Promise<{ readonly found: ReadonlyMap<number, Uint8Array>; readonly told: boolean }>;
  /** Which files hold data. */
  readonly holds: (name: string) => boolean;
}

export const OURS: RotStore = {
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

/** Ours first. */
export const ROT_STORES: readonly RotStore[] = [
  OURS,
  ...PEERS.map(
    (kind): RotStore => ({
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
