import { elapsedMs } from '@esper/std';
import { crc32c } from '../core/crc32c.js';
import type { RandomFraction } from '../ports.js';
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
  readonly appendMsP50: number;
  readonly appendMsP99: number;
}

const GROUPS_PER_LIFE = 50;
/** Latencies that are kept for the percentiles. */
const SAMPLES_MAX = 100_000;

/**
 * Appends, closes, reopens strictly and compares, over and over, in a directory of its own. Needs memory for one checksum
 * per record of one life.
 */
export async function soakWal(request: SoakRequest): Promise<SoakReport> {
  const { clock } = request.setup;
  const startedMs = clock.monoMs();
  const spent = () => elapsedMs(startedMs, clock.monoMs());
  const totals = { appended: 0, reopened: 0, verified: 0, mismatches: 0 };
  const latencies: number[] = [];
  let wal = await openWal(request.setup);
  do {
    const sums = await oneLife(wal, request, latencies);
    totals.appended += sums.size;
    await wal.close();
    wal = await openWal({ ...request.setup, options: { ...request.setup.options, recovery: 'strict' } });
    totals.reopened += 1;
    await compare(wal, sums, totals);
    request.onProgress?.(Math.min(1, spent() / request.budgetMs));
  } while (spent() < request.budgetMs);
  await wal.close();
  const sorted = latencies.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { ...totals, appendMsP50: at(0.5), appendMsP99: at(0.99) };
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
