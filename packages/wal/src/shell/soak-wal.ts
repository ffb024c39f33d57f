import { elapsedMs, invariant } from '@esper/std';
import { crc32c } from '../core/crc32c.js';
import { parseSegmentName } from '../core/segment-name.js';
import type { RandomFraction } from '../ports.js';
import { withFile, writeFully } from './disk-io.js';
import { openWal, type WalSetup } from './open-wal.js';
import type { Wal } from './wal.js';

/** How hard to try a disk. */
export interface SoakRequest {
  readonly setup: WalSetup;
  readonly random: RandomFraction;
  /** How long to go on, in ms of the setup's monotonic clock. */
  readonly budgetMs: number;
  /** Longest payload. Default 2,048 bytes. */
  readonly payloadBytesMax?: number;
  /** After every so many lives a half-written record is put behind the log, as a crash would leave it. Default 0: never. */
  readonly injectEvery?: number;
  /** Told after each life of the log: share of the budget spent, 0 to 1. */
  readonly onProgress?: (ratio: number) => void;
}

/** What the disk did. */
export interface SoakReport {
  readonly appended: number;
  readonly reopened: number;
  /** Records read back and compared. */
  readonly verified: number;
  /** Records that came back wrong or not at all. Anything but 0 means: do not trust this disk. */
  readonly mismatches: number;
  /** Half-written records that were put behind the log, and how many of them the next opening reported and cut off. */
  readonly injections: number;
  readonly repaired: number;
  readonly appendMsP50: number;
  readonly appendMsP99: number;
}

const GROUPS_PER_LIFE = 50;
const TORN_BYTES = 40;
/** Latencies that are kept for the percentiles. */
const SAMPLES_MAX = 100_000;

/**
 * Appends, closes, reopens strictly and compares, over and over, in a directory of its own; now and then with a torn write. Needs memory for one checksum
 * per record of one life.
 */
export async function soakWal(request: SoakRequest): Promise<SoakReport> {
  const { clock } = request.setup;
  const startedMs = clock.monoMs();
  const spent = () => elapsedMs(startedMs, clock.monoMs());
  const totals = { appended: 0, reopened: 0, verified: 0, mismatches: 0, injections: 0, repaired: 0 };
  const injectEvery = request.injectEvery ?? 0;
  const latencies: number[] = [];
  let wal = await openWal(request.setup);
  do {
    const sums = await oneLife(wal, request, latencies);
    totals.appended += sums.size;
    await wal.close();
    totals.reopened += 1;
    const inject = injectEvery > 0 && totals.reopened % injectEvery === 0;
    if (inject) await tearTail(request);
    const recovery = inject ? 'tail' : 'strict';
    wal = await openWal({ ...request.setup, options: { ...request.setup.options, recovery } });
    totals.injections += inject ? 1 : 0;
    totals.repaired += wal.recovery.repairs.length;
    await compare(wal, sums, totals);
    request.onProgress?.(Math.min(1, spent() / request.budgetMs));
  } while (spent() < request.budgetMs);
  await wal.close();
  const sorted = latencies.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { ...totals, appendMsP50: at(0.5), appendMsP99: at(0.99) };
}

/** What a crash leaves of a write: the beginning of a frame behind the last whole one. */
async function tearTail({ setup: { disk, directory }, random }: SoakRequest): Promise<void> {
  const newest = (await disk.list(directory))
    .filter((name) => parseSegmentName(name) !== undefined)
    .sort()
    .at(-1);
  invariant(newest !== undefined, 'a log that was written to has a segment');
  await withFile(disk, { path: `${directory}/${newest}`, how: 'write' }, async (file) => {
    const torn = Uint8Array.from({ length: TORN_BYTES }, () => random() * 256);
    await writeFully(file, torn, await file.sizeBytes());
    await file.sync();
  });
}

async function oneLife(wal: Wal, request: SoakRequest, latencies: number[]): Promise<Map<number, number>> {
  const { random } = request;
  const { clock } = request.setup;
  const longest = request.payloadBytesMax ?? 2048;
  const sums = new Map<number, number>();
  for (let group = 0; group < GROUPS_PER_LIFE; group += 1) {
    const appends = Array.from({ length: 1 + Math.floor(random() * 32) }, async () => {
      const payload = Uint8Array.from({ length: Math.floor(random() * longest) }, () => random() * 256);
      const before = clock.monoMs();
      const { sequence } = await wal.append(payload);
      if (latencies.length < SAMPLES_MAX) latencies.push(elapsedMs(before, clock.monoMs()));
      sums.set(sequence, crc32c(payload));
    });
    await Promise.all(appends);
  }
  return sums;
}

async function compare(
  wal: Wal,
  sums: ReadonlyMap<number, number>,
  totals: { verified: number; mismatches: number },
): Promise<void> {
  const first = Math.min(...sums.keys());
  let found = 0;
  for await (const { sequence, payload } of wal.read({ fromSequence: first })) {
    found += 1;
    totals.verified += 1;
    if (sums.get(sequence) !== crc32c(payload)) totals.mismatches += 1;
  }
  totals.mismatches += Math.max(0, sums.size - found);
}
