import { FakeClock, type SeededRandom } from '@esper/testkit';
import { openWal, WalError, type WalOptions } from '../../src/index.js';
import { CrashDisk, type DiskImage, MemoryDisk } from '../../src/testing.js';

export const DIRECTORY = '/log';
export const OPTIONS: WalOptions = { segmentBytesMax: 4096, batchBytesMax: 4096, reserveBytes: 0, readBytes: 4096 };

/** A log as it was before anything rotted, and where each record lies. */
export interface Pristine {
  readonly image: DiskImage;
  /** Sequence → payload of every record that is there. */
  readonly records: ReadonlyMap<number, Uint8Array>;
  readonly lastSequence: number;
  /** A power cut has robbed the last records of the proof that they were acknowledged: the known gap of the format. */
  readonly powerCut: boolean;
  readonly places: readonly Place[];
}

export interface Place {
  readonly sequence: number;
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/** How the log came to its end before it rots. */
const ENDINGS = ['closed', 'closed', 'killed', 'killed', 'power cut'] as const;

/**
 * A seeded log: one to three lives, some of them on a disk whose syncs fail now and then, so that segments are given up; with
 * retention; ended by closing, by killing the process, or by a power cut.
 */
export async function makeLog(random: SeededRandom): Promise<Pristine> {
  let image: DiskImage = new Map();
  for (let lives = random.int(0, 2); lives > 0; lives -= 1) {
    const faulty = random.chance(0.5) ? 0.15 : 0;
    image = (await live(image, { random, faulty, close: random.chance(0.3) })).kill();
  }
  const ending = random.pick(ENDINGS);
  const disk = await live(image, { random, faulty: 0, close: ending === 'closed' });
  image = ending === 'power cut' ? disk.crash(0) : disk.kill();
  return describe(image, ending === 'power cut');
}

interface Life {
  readonly random: SeededRandom;
  readonly faulty: number;
  readonly close: boolean;
}

async function live(image: DiskImage, { random, faulty, close }: Life): Promise<CrashDisk> {
  const disk = new CrashDisk(
    {
      chance: random,
      identity: `life ${random.uint32()}`,
      fault: (call, path) => (call === 'sync' && path.endsWith('.wal') && random.chance(faulty) ? 'EIO' : undefined),
    },
    image,
  );
  try {
    const wal = await openWal({ disk, directory: DIRECTORY, clock: new FakeClock(), options: OPTIONS });
    for (let groups = random.int(3, 9); groups > 0; groups -= 1) {
      const group = Array.from({ length: random.int(1, 4) }, () => {
        const payload = random.bytes(random.pick([0, 1, 8, 100, 300, 505, 900]));
        return wal.append(payload, { issuedAtMs: 1000 + wal.stats().lastSequence });
      });
      await Promise.all(group);
    }
    const cutoffMs = 1000 + random.int(1, Math.max(1, wal.stats().lastSequence - 5));
    if (random.chance(0.3)) await wal.retain({ cutoffMs, nowMs: 1e9, partial: random.chance(0.7) });
    // A log that was killed rather than closed has its last acknowledgement in a note only; it is on its way.
    await new Promise((resolve) => setImmediate(resolve));
    if (close) await wal.close();
  } catch (error) {
    // Two failed syncs in a row poison the log; what it had acknowledged is what counts.
    if (faulty === 0 || !(error instanceof WalError)) throw error;
  }
  return disk;
}

async function describe(image: DiskImage, powerCut: boolean): Promise<Pristine> {
  const disk = new MemoryDisk(image, 'reader');
  const options = { ...OPTIONS, recovery: 'strict' } as const;
  const wal = await openWal({ disk, directory: DIRECTORY, clock: new FakeClock(), options });
  const records = new Map<number, Uint8Array>();
  for await (const { sequence, payload } of wal.read()) records.set(sequence, payload);
  const { lastSequence } = wal.recovery;
  await wal.close();
  const unlocked = new Map([...image].filter(([path]) => !path.includes('/lock-')));
  return { image: unlocked, records, lastSequence, powerCut, places: placesOf(unlocked) };
}

/** Follows the frames without checking anything, as a stranger would who has read the format. */
function placesOf(image: DiskImage): readonly Place[] {
  const segments = [...image].filter(([path]) => path.endsWith('.wal')).sort(([a], [b]) => (a < b ? -1 : 1));
  return segments.flatMap(([path, bytes], at) => {
    const next = segments[at + 1]?.[0];
    const fence = next === undefined ? Number.POSITIVE_INFINITY : Number.parseInt(next.slice(-18, -4), 16);
    return framesOf(path, bytes, fence);
  });
}

/** The frames of one segment up to the first sequence of the next; what lies behind was given up. */
function framesOf(path: string, bytes: Uint8Array, fence: number): readonly Place[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const places: Place[] = [];
  for (let from = 1024; from + 48 <= bytes.length && view.getUint32(from, true) === 0xc31f9ae5; ) {
    const sequence = Number(view.getBigUint64(from + 8, true));
    if (sequence >= fence) break;
    const payloadBytes = view.getUint32(from + 4, true);
    places.push({ sequence, path, from, to: from + 48 + payloadBytes });
    from += 48 + Math.ceil(payloadBytes / 8) * 8;
  }
  return places;
}
