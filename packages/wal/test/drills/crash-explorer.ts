import { FakeClock, SeededRandom } from '@esper/testkit';
import {
  openWal,
  type RecoveryMode,
  type RecoveryReport,
  type Wal,
  WalError,
  type WalOptions,
} from '../../src/index.js';
import type { Disk, DiskFile } from '../../src/ports.js';
import { CrashDisk, type DiskImage, type Fault, MemoryDisk } from '../../src/testing.js';

/** What the exploration asserts; the first is how much was done. */
export interface CrashTotals {
  images: number;
  lostAcked: number;
  invented: number;
  unreported: number;
  /** Images handed to recovery, repetitions included. */
  explored: number;
  refused: number;
  workloads: number;
  examples: string[];
}

/** Known faults; each must make one of the totals rise. */
export const CRASH_SABOTAGES = {
  'acknowledge-before-sync': 'fdatasync reports success without doing anything',
  'no-directory-sync': 'directories are never synced',
  'no-tail-repair': 'a torn tail is not cut off before the next append',
  'drop-tail-silently': 'recovery cuts the tail and reports nothing',
  'lose-last-record': 'reading stops one record early',
  'reuse-sequence': 'after recovery a sequence is given out a second time',
  'retry-sync': 'a failed fdatasync is tried again and believed',
} as const;
export type CrashSabotage = keyof typeof CRASH_SABOTAGES;

const DIRECTORY = '/log';
const OPTIONS: WalOptions = { segmentBytesMax: 4096, batchBytesMax: 4096, reserveBytes: 0, readBytes: 4096 };

interface Shot {
  readonly image: DiskImage;
  /** Sequence → payload number, for what was acknowledged before the crash. */
  readonly acked: ReadonlyMap<number, number>;
}

/** Runs seeded workloads and recovers from the crashes they could suffer, until time or count is up. */
export async function exploreCrashes(plan: {
  readonly seed: number;
  readonly until: (totals: CrashTotals) => boolean;
  readonly sabotage?: CrashSabotage;
}): Promise<CrashTotals> {
  const totals: CrashTotals = {
    images: 0,
    lostAcked: 0,
    invented: 0,
    unreported: 0,
    explored: 0,
    refused: 0,
    workloads: 0,
    examples: [],
  };
  const seen = new Set<number>();
  for (let round = 0; !plan.until(totals); round += 1) {
    const random = new SeededRandom(plan.seed * 1_000_003 + round);
    const { shots, payloads, options } = await runWorkload(random, plan.sabotage);
    totals.workloads += 1;
    for (const shot of shots) {
      totals.explored += 1;
      const print = fingerprint(shot.image);
      if (seen.has(print)) continue;
      seen.add(print);
      totals.images += 1;
      await examine(shot, {
        payloads,
        options,
        totals,
        sabotage: plan.sabotage,
        name: `seed ${plan.seed} round ${round}`,
      });
      if (plan.until(totals)) break;
    }
  }
  return totals;
}

/** A payload tells its own number, and its length varies around what fits a sector. */
function payloadOf(number: number, random: SeededRandom): Uint8Array {
  const bytes = random.bytes(random.pick([0, 8, 40, 200, 464, 512, 900]) + 8);
  new DataView(bytes.buffer).setFloat64(0, number, true);
  return bytes;
}

interface Workload {
  readonly random: SeededRandom;
  readonly sabotage: CrashSabotage | undefined;
  readonly options: WalOptions;
  readonly shots: Shot[];
  /** What was acknowledged and not given up by retention, over all lives. */
  readonly acked: Map<number, number>;
  readonly payloads: Uint8Array[];
}

/** Up to three lives of one log, each ended by a crash; recovery itself may be what crashes. */
async function runWorkload(random: SeededRandom, sabotage: CrashSabotage | undefined): Promise<Workload> {
  const rewrite = random.pick(['on', 'on', 'on', 'shadow'] as const);
  const work: Workload = {
    random,
    sabotage,
    options: { ...OPTIONS, rewrite },
    shots: [],
    acked: new Map(),
    payloads: [],
  };
  let image: DiskImage = new Map();
  for (let lives = random.int(1, 3); lives > 0; lives -= 1) {
    const disk = crashDiskFor(work, image);
    await live(work, disk);
    image = disk.crash(random.pick([0, 0.5, 1]));
  }
  return work;
}

function crashDiskFor({ random, sabotage, shots, acked }: Workload, image: DiskImage): CrashDisk {
  const likely = sabotage === 'retry-sync' ? 0.2 : random.pick([0, 0, 0.03, 0.2]);
  const kinds = ['EIO', 'EINTR', 'ENOSPC', 'short'] as const satisfies readonly Fault[];
  const disk: CrashDisk = new CrashDisk(
    {
      chance: random,
      fault: (call, path) => {
        if (likely === 0 || !['write', 'sync'].includes(call) || !path.endsWith('.wal')) return undefined;
        return random.chance(likely) ? random.pick(kinds) : undefined;
      },
      onChange: () => {
        const now = new Map(acked);
        for (const keep of [0, 0.5, 0.9, 1, random.fraction(), random.fraction()]) {
          shots.push({ image: disk.crash(keep), acked: now });
        }
      },
    },
    image,
  );
  return disk;
}

async function live(work: Workload, disk: CrashDisk): Promise<void> {
  const { random, acked, payloads, options } = work;
  const wal = await typed(
    openWal({
      disk: sabotaged(disk, work.sabotage),
      directory: DIRECTORY,
      clock: new FakeClock(),
      options,
    }),
  );
  if (wal === undefined) return;
  for (let rounds = random.int(2, 7); rounds > 0; rounds -= 1) {
    const group = Array.from({ length: random.int(1, 5) }, async () => {
      const number = payloads.push(payloadOf(payloads.length, random)) - 1;
      const appended = await typed(wal.append(payloads[number] as Uint8Array, { issuedAtMs: 1_000 + number }));
      if (appended !== undefined) acked.set(appended.sequence, number);
    });
    await Promise.all(group);
    if (!random.chance(0.15)) continue;
    // What may be deleted from here on is no loss; whether it is deleted yet depends on the moment of the crash.
    const cutoffMs = 1_000 + Math.max(1, payloads.length - 10);
    if (options.rewrite === 'on')
      for (const [sequence, number] of acked) if (1_000 + number < cutoffMs) acked.delete(sequence);
    await typed(wal.retain({ cutoffMs, nowMs: 1e9 }));
  }
  if (random.chance(0.5)) await typed(wal.close());
}

/** The value, or `undefined` after a failure that the log has a code for. Anything else is a bug and ends the drill. */
async function typed<T>(outcome: Promise<T>): Promise<T | undefined> {
  try {
    return await outcome;
  } catch (error) {
    // A refusal to reopen is judged where the same disk is examined.
    if (!(error instanceof WalError)) throw error;
    return undefined;
  }
}

interface Examination {
  readonly payloads: readonly Uint8Array[];
  readonly options: WalOptions;
  readonly totals: CrashTotals;
  readonly sabotage: CrashSabotage | undefined;
  readonly name: string;
}

async function examine(shot: Shot, to: Examination): Promise<void> {
  const disk = new MemoryDisk(shot.image);
  const first = await reopen(disk, 'tail', to);
  if (first === undefined) return;
  const found = await contents(first, to);
  const { firstSequence } = first.stats();
  for (const [sequence, number] of shot.acked) {
    if (sequence >= firstSequence && found.get(sequence) !== number) complain(to, 'lostAcked', `sequence ${sequence}`);
  }
  if (dropped(shot.image, first.recovery) && first.recovery.repairs.length === 0) complain(to, 'unreported', 'tail');
  const more: number[] = [];
  for (const payload of [new Uint8Array(3), new Uint8Array(600)]) more.push((await first.append(payload)).sequence);
  const highest = Math.max(0, ...found.keys());
  const [fresh] = more;
  if (fresh === undefined || (to.sabotage === 'reuse-sequence' ? fresh - 1 : fresh) <= highest)
    complain(to, 'invented', 'sequence reused');
  await first.close();
  const second = await reopen(disk, 'strict', to);
  if (second === undefined) return;
  const again = await contents(second, to, 2);
  if (again.size !== found.size + more.length)
    complain(to, 'lostAcked', `after the repair ${again.size} of ${found.size} + 2`);
  await second.close();
}

async function reopen(disk: MemoryDisk, recovery: RecoveryMode, to: Examination): Promise<Wal | undefined> {
  try {
    const options = { ...to.options, recovery };
    const opened = await openWal({
      disk: sabotagedRecovery(disk, to.sabotage),
      directory: DIRECTORY,
      clock: new FakeClock(),
      options,
    });
    if (to.sabotage !== 'drop-tail-silently') return opened;
    Object.assign(opened.recovery, { repairs: [], tornBytes: 0 });
    return opened;
  } catch (error) {
    to.totals.refused += 1;
    complain(to, 'lostAcked', `${recovery} refused: ${(error as Error).message}`);
    return undefined;
  }
}

/** Sequence → payload number. Counts what nobody appended, and what is out of order. */
async function contents(wal: Wal, to: Examination, strangersAllowed = 0): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  let before = 0;
  let strangers = 0;
  for await (const { sequence, payload } of wal.read()) {
    if (sequence <= before) complain(to, 'invented', `sequence ${sequence} after ${before}`);
    before = sequence;
    const number = payload.length < 8 ? -1 : new DataView(payload.buffer, payload.byteOffset).getFloat64(0, true);
    const original = to.payloads[number];
    const same = original !== undefined && Buffer.compare(original, payload) === 0;
    if (!same) strangers += 1;
    found.set(sequence, same ? number : -1 - strangers);
  }
  if (strangers > strangersAllowed) complain(to, 'invented', `${strangers} records nobody appended`);
  if (to.sabotage === 'lose-last-record') found.delete(before);
  return found;
}

/** True when the newest segment on the image held bytes that are in no record. */
function dropped(image: DiskImage, report: RecoveryReport): boolean {
  const segments = [...image].filter(([path]) => path.endsWith('.wal')).sort(([a], [b]) => (a < b ? -1 : 1));
  const newest = segments.at(-1);
  return newest !== undefined && report.bytesScanned > 0 && tornBytesOf(newest[1]) > 0;
}

/** Bytes after the last frame that an independent, simple reader can follow. */
function tornBytesOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 1024;
  while (at + 48 <= bytes.length && view.getUint32(at, true) === 0xc31f9ae5) {
    const next = at + 48 + Math.ceil(view.getUint32(at + 4, true) / 8) * 8;
    if (next > bytes.length) break;
    at = next;
  }
  return Math.max(0, bytes.length - at);
}

function complain(to: Examination, key: 'lostAcked' | 'invented' | 'unreported', what: string): void {
  to.totals[key] += 1;
  if (to.totals.examples.length < 5) to.totals.examples.push(`${to.name}: ${key}: ${what}`);
}

/** 53 bits over names and contents; two images that collide would count as one. */
function fingerprint(image: DiskImage): number {
  let low = 0x811c9dc5;
  let high = 0x1234567;
  const mix = (word: number): void => {
    low = Math.imul(low ^ word, 0x01000193) ^ (low >>> 15);
    high = Math.imul(high ^ word, 0x85ebca6b) ^ (low >>> 13);
  };
  for (const [path, bytes] of [...image].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (let at = 0; at < path.length; at += 1) mix(path.charCodeAt(at));
    mix(bytes.length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    for (; at + 4 <= bytes.length; at += 4) {
      const word = view.getUint32(at, true);
      if (word !== 0) mix(word ^ Math.imul(at, 0x9e3779b1));
    }
    for (; at < bytes.length; at += 1) mix(bytes[at] as number);
  }
  return (high >>> 0) * 2 ** 21 + (low >>> 11);
}

/** The disk that the workload runs on. */
function sabotaged(disk: CrashDisk, sabotage: CrashSabotage | undefined): Disk {
  if (sabotage === 'no-directory-sync') return override(disk, { syncDirectory: async () => undefined });
  if (sabotage === 'acknowledge-before-sync') return withSync(disk, async () => undefined);
  if (sabotage === 'retry-sync') return withSync(disk, (sync) => sync().catch(() => sync()));
  return disk;
}

/** The disk that recovery runs on. */
function sabotagedRecovery(disk: MemoryDisk, sabotage: CrashSabotage | undefined): Disk {
  if (sabotage !== 'no-tail-repair') return disk;
  const open: Disk['open'] = async (path, how) => bind(await disk.open(path, how), { truncate: async () => undefined });
  return override(disk, { open });
}

function withSync(disk: Disk, wrap: (sync: () => Promise<void>) => Promise<void>): Disk {
  const open: Disk['open'] = async (path, how) => {
    const file = await disk.open(path, how);
    return path.endsWith('.wal') ? bind(file, { sync: () => wrap(() => file.sync()) }) : file;
  };
  return override(disk, { open });
}

function override(disk: Disk, change: Partial<Disk>): Disk {
  const plain: Disk = {
    list: (directory) => disk.list(directory),
    makeDirectory: (directory) => disk.makeDirectory(directory),
    open: (path, how) => disk.open(path, how),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncDirectory: (directory) => disk.syncDirectory(directory),
    identity: () => disk.identity(),
    holderState: (identity) => disk.holderState(identity),
  };
  return { ...plain, ...change };
}

function bind(file: DiskFile, change: Partial<DiskFile>): DiskFile {
  const plain: DiskFile = {
    sizeBytes: () => file.sizeBytes(),
    read: (into, position) => file.read(into, position),
    write: (bytes, position) => file.write(bytes, position),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: () => file.sync(),
    close: () => file.close(),
  };
  return { ...plain, ...change };
}
