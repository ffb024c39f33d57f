import { FakeClock, SeededRandom } from '@esper/testkit';
import {
  isSerious,
  openWal,
  type RecoveryMode,
  type RecoveryReport,
  type Wal,
  type WalOptions,
} from '../../src/index.js';
import type { Disk } from '../../src/ports.js';
import { type CrashDisk, type DiskImage, MemoryDisk } from '../../src/testing.js';
import { withCalls, withFileCalls, withSegmentSync } from '../support/changed-disk.js';
import { DIRECTORY, runWorkload, type Shot } from './crash-workload.js';

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

/** Runs seeded workloads and recovers from the crashes they could suffer, until time or count is up. */
export async function exploreCrashes(plan: {
  readonly seed: number;
  readonly firstRound?: number;
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
  for (let round = plan.firstRound ?? 0; !plan.until(totals); round += 1) {
    const random = new SeededRandom(plan.seed * 1_000_003 + round);
    const wrap = (disk: CrashDisk) => sabotaged(disk, plan.sabotage);
    const faultsLikely = plan.sabotage === 'retry-sync' ? 0.2 : undefined;
    const { shots, payloads, options } = await runWorkload(random, wrap, faultsLikely);
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
  for (const [sequence, number] of shot.acked) {
    if (found.get(sequence) !== number) complain(to, 'lostAcked', `sequence ${sequence}`);
  }
  if (dropped(shot.image, first.recovery) && !told(first.recovery)) complain(to, 'unreported', 'tail');
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
    Object.assign(opened.recovery, { repairs: [], damages: [], tornBytes: 0 });
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

/** The torn tail was cut off now, or an earlier recovery has noted it and its scar is still reported. */
const told = ({ repairs, damages }: RecoveryReport): boolean => repairs.length > 0 || damages.some(isSerious);

/** Bytes after the last frame that an independent, simple reader can follow. */
function tornBytesOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 1024;
  while (at + 48 <= bytes.length && view.getUint32(at, true) === 0xc31f9ae5) {
    const payloadEnd = at + 48 + view.getUint32(at + 4, true);
    if (payloadEnd > bytes.length) break;
    // The zeros behind the last payload may be missing.
    at = Math.min(bytes.length, Math.ceil(payloadEnd / 8) * 8);
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
  if (sabotage === 'no-directory-sync') return withCalls(disk, { syncDirectory: async () => undefined });
  if (sabotage === 'acknowledge-before-sync') return withSegmentSync(disk, async () => undefined);
  if (sabotage === 'retry-sync') return withSegmentSync(disk, (sync) => sync().catch(() => sync()));
  return disk;
}

/** The disk that recovery runs on. */
function sabotagedRecovery(disk: MemoryDisk, sabotage: CrashSabotage | undefined): Disk {
  if (sabotage !== 'no-tail-repair') return disk;
  return withFileCalls(disk, () => ({ truncate: async () => undefined }));
}
