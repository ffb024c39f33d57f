import { FakeClock, type SeededRandom } from '@esper/testkit';
import { openWal, type RecoveryMode, WalError, type WalOptions } from '../../src/index.js';
import type { Disk } from '../../src/ports.js';
import { CrashDisk, type DiskCall, type DiskImage, type Fault } from '../../src/testing.js';

export const DIRECTORY = '/log';
const OPTIONS: WalOptions = { segmentBytesMax: 4096, batchBytesMax: 4096, readBytes: 4096 };

/** A disk that a crash could have left, and what had been acknowledged by then. */
export interface Shot {
  readonly image: DiskImage;
  /** Sequence → payload number, without what retention was allowed to give up. */
  readonly acked: ReadonlyMap<number, number>;
}

/** What became of one log over its lives. */
export interface Workload {
  readonly options: WalOptions;
  readonly shots: readonly Shot[];
  /** By number; the first eight bytes of each tell it. */
  readonly payloads: readonly Uint8Array[];
}

interface Running {
  readonly random: SeededRandom;
  readonly wrap: (disk: CrashDisk) => Disk;
  readonly options: WalOptions;
  readonly shots: Shot[];
  readonly acked: Map<number, number>;
  readonly payloads: Uint8Array[];
}

/**
 * Which calls fail in one life. `reads`: a segment often cannot be read. `everywhere`: any call on any file, directories and
 * bookkeeping included.
 */
const FAULT_PROFILES = ['none', 'none', 'segments', 'reads', 'everywhere'] as const;
type FaultProfile = (typeof FAULT_PROFILES)[number];
/** How likely a call is to fail where it may. */
const LIKELY: Readonly<Record<FaultProfile, readonly number[]>> = {
  none: [0],
  segments: [0.03, 0.2],
  reads: [0.4, 0.7],
  everywhere: [0.005, 0.02],
};
const FAULTS = ['EIO', 'EINTR', 'EAGAIN', 'ENOSPC', 'short'] as const satisfies readonly Fault[];
/** How much of what was not synced survives: nothing, everything, most of it, and whatever chance has. */
const KEEPS = [0, 0.5, 0.9, 1] as const;

/** Up to three lives of one log, each ended by a crash; recovery itself may be what crashes. */
export async function runWorkload(
  random: SeededRandom,
  wrap: (disk: CrashDisk) => Disk,
  faultsLikely: number | undefined,
): Promise<Workload> {
  const rewrite = random.pick(['on', 'on', 'on', 'shadow'] as const);
  const reserveBytes = random.pick([0, 0, 2048]);
  const options = { ...OPTIONS, rewrite, reserveBytes };
  const work: Running = { random, wrap, options, shots: [], acked: new Map(), payloads: [] };
  let image: DiskImage = new Map();
  for (let lives = random.int(1, 3); lives > 0; lives -= 1) {
    const recovery = random.pick(['tail', 'tail', 'salvage', 'point-in-time'] as const);
    const disk = crashDiskFor(work, image, { recovery, faultsLikely });
    await live(work, disk, recovery);
    image = disk.crash(random.pick([0, 0.5, 1]));
  }
  return work;
}

function crashDiskFor(
  { random, shots, acked }: Running,
  image: DiskImage,
  plan: { readonly recovery: RecoveryMode; readonly faultsLikely: number | undefined },
): CrashDisk {
  const profile = plan.faultsLikely === undefined ? random.pick(FAULT_PROFILES) : 'segments';
  const likely = plan.faultsLikely ?? random.pick(LIKELY[profile]);
  const mayFail = callsThatFail(profile, plan.recovery);
  const kinds = profile === 'reads' ? (['EIO'] as const) : FAULTS;
  const disk: CrashDisk = new CrashDisk(
    {
      chance: random,
      identity: `life ${random.uint32()}`,
      fault: (call, path) => (mayFail(call, path) && random.chance(likely) ? random.pick(kinds) : undefined),
      onChange: () => {
        const now = new Map(acked);
        for (const keep of [...KEEPS, random.fraction(), random.fraction()]) {
          shots.push({ image: disk.crash(keep), acked: now });
        }
      },
    },
    image,
  );
  return disk;
}

function callsThatFail(profile: FaultProfile, recovery: RecoveryMode): (call: DiskCall, path: string) => boolean {
  switch (profile) {
    case 'none':
      return () => false;
    case 'segments':
      return (call, path) => ['write', 'sync'].includes(call) && path.endsWith('.wal');
    case 'reads':
      return (call, path) => call === 'read' && path.endsWith('.wal') && recovery !== 'point-in-time';
    case 'everywhere':
      // Rewinding to before a place that cannot be read is what that mode is for; it is no loss to be counted here.
      return (call) => recovery !== 'point-in-time' || call !== 'read';
  }
}

async function live(work: Running, disk: CrashDisk, recovery: RecoveryMode): Promise<void> {
  const { random, acked, payloads, options } = work;
  const opening = { disk: work.wrap(disk), directory: DIRECTORY, clock: new FakeClock() };
  const wal = await typed(openWal({ ...opening, options: { ...options, recovery } }));
  if (wal === undefined) return;
  for (let rounds = random.int(2, 7); rounds > 0; rounds -= 1) {
    const group = Array.from({ length: random.int(1, 5) }, async () => {
      const number = payloads.push(payloadOf(payloads.length, random)) - 1;
      const how = { issuedAtMs: 1_000 + number, useReserve: random.chance(0.2) };
      const appended = await typed(wal.append(payloads[number] as Uint8Array, how));
      if (appended !== undefined) acked.set(appended.sequence, number);
    });
    await Promise.all(group);
    if (!random.chance(0.2)) continue;
    // What may be deleted from here on is no loss; whether it is deleted yet depends on the moment of the crash.
    const cutoffMs = 1_000 + Math.max(1, payloads.length - random.int(2, 12));
    if (options.rewrite === 'on')
      for (const [sequence, number] of acked) if (1_000 + number < cutoffMs) acked.delete(sequence);
    await typed(wal.retain({ cutoffMs, nowMs: 1e9, partial: random.chance(0.6) }));
  }
  if (random.chance(0.5)) await typed(wal.close());
}

/** A payload tells its own number, and its length varies around what fits a sector; some exceed a segment. */
function payloadOf(number: number, random: SeededRandom): Uint8Array {
  const longer = random.chance(0.02) ? 4200 : random.pick([0, 8, 40, 200, 464, 512, 900]);
  const bytes = random.bytes(longer + 8);
  new DataView(bytes.buffer).setFloat64(0, number, true);
  return bytes;
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
