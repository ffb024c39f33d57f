import { elapsedMs } from '@esper/std';
import type { DiskFile } from '@esper/wal';
import type { DoctorPorts } from './ports.js';

/** One page of most file systems, and more than most records. */
const BLOCK_BYTES = 4_096;

/** How long it took to make blocks durable, in milliseconds. */
export interface SyncTimes {
  readonly medianMs: number;
}

/**
 * Appends blocks to a file of its own in `folder` and makes each durable, as the log does; then removes the file. Rejects
 * with what the disk says; the file is removed all the same.
 */
export async function probeSync(
  { disk, clock }: Pick<DoctorPorts, 'disk' | 'clock'>,
  folder: string,
  { rounds }: { readonly rounds: number },
): Promise<SyncTimes> {
  const path = `${folder}/doctor-probe-${process.pid}-${clock.wallMs()}`;
  const file = await disk.open(path, 'create');
  const tookMs: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      await writeBlock(file, round * BLOCK_BYTES);
      const from = clock.monoMs();
      await file.sync();
      tookMs.push(elapsedMs(from, clock.monoMs()));
    }
  } finally {
    await file.close().finally(() => disk.remove(path));
  }
  const sorted = tookMs.sort((a, b) => a - b);
  return { medianMs: sorted[Math.floor(rounds / 2)] ?? 0 };
}

/** The content differs from zeros, which some disks do not store at all. */
async function writeBlock(file: DiskFile, position: number): Promise<void> {
  const block = new Uint8Array(BLOCK_BYTES).fill(0x5a);
  let done = 0;
  while (done < BLOCK_BYTES) {
    const wrote = await file.write(block.subarray(done), position + done);
    if (wrote <= 0) throw new Error('the disk takes no bytes and gives no reason');
    done += wrote;
  }
}
