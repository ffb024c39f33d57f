import { FakeClock } from '@esper/testkit';
import { openWal, type RecoveryMode, type Wal, WalError, type WalOptions } from '../../src/index.js';
import type { Disk } from '../../src/ports.js';
import { type DiskImage, MemoryDisk } from '../../src/testing.js';

export const DIRECTORY = '/log';
const OPTIONS: WalOptions = { segmentBytesMax: 4096, batchBytesMax: 4096, reserveBytes: 0, readBytes: 4096 };
const RECORD_BYTES = 700;

/** What one life of a log has promised. Names are what is in the records. */
export interface Promises {
  /** Sequence → name, acknowledged and not given up. */
  readonly kept: Map<number, string>;
  /** Names that were refused with a code that says: it is not there. */
  readonly refused: Set<string>;
  /** Every name that was ever handed in. */
  readonly offered: Set<string>;
  /** Errors without a code. */
  readonly untyped: unknown[];
}

/** One life on a failing disk: from this image, through every kind of call that the log makes. */
export interface Scenario {
  readonly name: string;
  /** Mode in which the outcome is read back. */
  readonly readAs: RecoveryMode;
  start(): Promise<{ readonly image: DiskImage; readonly kept: ReadonlyMap<number, string> }>;
  live(disk: Disk, promises: Promises): Promise<void>;
}

const record = (name: string): Uint8Array => new TextEncoder().encode(name.padEnd(RECORD_BYTES, '.'));
export const nameIn = (payload: Uint8Array): string => new TextDecoder().decode(payload).replace(/\.+$/, '');

/** Runs a call of the log; a typed failure is an outcome, anything else is noted. */
async function attempt<T>(call: Promise<T>, promises: Promises): Promise<{ value?: T; error?: WalError }> {
  try {
    return { value: await call };
  } catch (error) {
    if (error instanceof WalError) return { error };
    promises.untyped.push(error);
    return {};
  }
}

async function opened(disk: Disk, options: WalOptions, promises: Promises): Promise<Wal | undefined> {
  const setup = { disk, directory: DIRECTORY, clock: new FakeClock(), options: { ...OPTIONS, ...options } };
  return (await attempt(openWal(setup), promises)).value;
}

/** Appends one after the other, each with its own fate. */
async function append(wal: Wal, names: readonly string[], promises: Promises): Promise<void> {
  for (const [at, name] of names.entries()) {
    promises.offered.add(name);
    const useReserve = name.startsWith('reserve');
    const { value, error } = await attempt(wal.append(record(name), { issuedAtMs: 2001 + at, useReserve }), promises);
    if (value !== undefined) promises.kept.set(value.sequence, name);
    else if (error !== undefined && error.code !== 'WAL_POISONED') promises.refused.add(name);
  }
}

/** `count` records `old1`, `old2`, …, issued at 1,001, 1,002, … ms, in a log that was closed. */
async function oldLog(count: number) {
  const disk = new MemoryDisk();
  const wal = await openWal({ disk, directory: DIRECTORY, clock: new FakeClock(), options: OPTIONS });
  const kept = new Map<number, string>();
  for (let at = 1; at <= count; at += 1) {
    await wal.append(record(`old${at}`), { issuedAtMs: 1000 + at });
    kept.set(at, `old${at}`);
  }
  await wal.close();
  return { image: disk.image(), kept };
}

const NAMES = ['new1', 'new2', 'new3', 'new4', 'new5'] as const;
const segmentsOf = (image: DiskImage): readonly string[] =>
  [...image.keys()].filter((path) => path.endsWith('.wal')).sort();

/** The image with one payload byte of the second record flipped, or some bytes behind the last record. */
function damaged(image: DiskImage, how: 'rot' | 'torn'): DiskImage {
  const paths = segmentsOf(image);
  const path = (how === 'rot' ? paths[0] : paths.at(-1)) as string;
  const content = image.get(path) as Uint8Array;
  const changed = how === 'rot' ? content.slice() : new Uint8Array([...content, ...record('torn')]);
  if (how === 'rot') changed[1024 + 752 + 60] = 0;
  return new Map([...image, [path, changed]]);
}

const openAndAppend =
  (options: WalOptions, names: readonly string[] = NAMES): Scenario['live'] =>
  async (disk, promises) => {
    const wal = await opened(disk, options, promises);
    if (wal === undefined) return;
    await append(wal, names, promises);
    await attempt(wal.close(), promises);
  };

/** Every life that the log can lead: new, continued, cut, noted, rewound, thinned out, full. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'new log',
    readAs: 'tail',
    start: async () => ({ image: new Map(), kept: new Map() }),
    live: openAndAppend({}),
  },
  {
    name: 'log with a reserve',
    readAs: 'tail',
    start: () => oldLog(3),
    live: openAndAppend({ reserveBytes: 2048 }, ['new1', 'reserve1', 'new2']),
  },
  {
    name: 'torn tail cut off',
    readAs: 'tail',
    start: async () => {
      const { image, kept } = await oldLog(5);
      return { image: damaged(image, 'torn'), kept };
    },
    live: openAndAppend({ recovery: 'tail' }),
  },
  {
    name: 'torn tail fenced off',
    readAs: 'tail',
    start: async () => {
      const { image, kept } = await oldLog(5);
      return { image: damaged(image, 'torn'), kept };
    },
    live: openAndAppend({ recovery: 'tail', rewrite: 'shadow' }),
  },
  {
    name: 'rot noted by salvage',
    readAs: 'salvage',
    start: async () => {
      const { image, kept } = await oldLog(9);
      kept.delete(2);
      return { image: damaged(image, 'rot'), kept };
    },
    live: openAndAppend({ recovery: 'salvage' }),
  },
  {
    name: 'rewound to before rot',
    readAs: 'salvage',
    start: async () => {
      const { image } = await oldLog(9);
      return { image: damaged(image, 'rot'), kept: new Map([[1, 'old1']]) };
    },
    live: openAndAppend({ recovery: 'point-in-time' }),
  },
  {
    name: 'retention with a rewrite',
    readAs: 'tail',
    start: () => oldLog(14),
    live: async (disk, promises) => {
      const wal = await opened(disk, {}, promises);
      if (wal === undefined) return;
      for (let sequence = 1; sequence < 7; sequence += 1) promises.kept.delete(sequence);
      await attempt(wal.retain({ cutoffMs: 1007, nowMs: 1e9, partial: true }), promises);
      await append(wal, NAMES, promises);
      await attempt(wal.close(), promises);
    },
  },
];
