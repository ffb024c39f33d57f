import { ANCHOR_BYTES, ANCHOR_SLOT_STRIDE_BYTES, ANCHOR_SLOTS, type Anchor, encodeAnchorSlot } from '../core/anchor.js';
import { ANCHOR_FILE, SCARS_FILE } from '../core/layout.js';
import type { RecoveryReport } from '../core/recovery-report.js';
import { WalError } from '../errors.js';
import type { Disk, WalClock } from '../ports.js';
import { ioError, readFully, readWhole, withFile, writeFully } from './disk-io.js';
import { inspectWal } from './inspect-wal.js';

/** What is copied: files of a log, each up to a length, and the anchor that belongs to exactly that. */
export interface CopyPlan {
  readonly disk: Disk;
  readonly from: string;
  readonly to: string;
  readonly clock: WalClock;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly anchor: Omit<Anchor, 'counter'>;
  /** Told after each piece: bytes done, bytes in all. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** What a copy holds, as read back from it. */
export interface CopyReport {
  readonly directory: string;
  readonly bytes: number;
  readonly verified: RecoveryReport;
}

/** A copy under this ending is not finished, and worth nothing. */
const PARTIAL_ENDING = '.partial';
const PIECE_BYTES = 1024 * 1024;

/**
 * Copies a log into a directory of its own: everything is written beside the target, synced, read back and compared, and
 * only then put in place by one rename. A crash leaves the target either absent or whole.
 */
export async function copyLog(plan: CopyPlan): Promise<CopyReport> {
  const { disk, to, clock } = plan;
  const staging = `${to}${PARTIAL_ENDING}`;
  try {
    await refuseUnlessEmpty(disk, to);
    await emptyStaging(disk, staging);
    const bytes = await copyFiles(plan, staging);
    await writeAnchor(plan, staging);
    await disk.syncDirectory(staging);
    const verified = await inspectWal({ disk, directory: staging, clock, options: { recovery: 'strict' } });
    const { acknowledgedThrough } = plan.anchor;
    const whole = verified.wouldDo === 'keep' && verified.lastSequence <= acknowledgedThrough;
    if (!whole) throw new WalError('WAL_BACKUP_INVALID', `${staging} does not read back whole`, { report: verified });
    await disk.rename(staging, to);
    await disk.syncDirectory(parentOf(to));
    return { directory: to, bytes, verified };
  } catch (cause) {
    throw ioError(`cannot copy ${plan.from} to ${to}`, cause);
  }
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/'))) || '.';

async function refuseUnlessEmpty(disk: Disk, directory: string): Promise<void> {
  await disk.makeDirectory(directory);
  const names = await disk.list(directory);
  if (names.length > 0) throw new WalError('WAL_NOT_EMPTY', `${directory} holds ${names.length} files`);
}

/** What an earlier, interrupted copy left is worth nothing. */
async function emptyStaging(disk: Disk, staging: string): Promise<void> {
  await disk.makeDirectory(staging);
  for (const name of await disk.list(staging)) await disk.remove(`${staging}/${name}`);
}

async function copyFiles(plan: CopyPlan, staging: string): Promise<number> {
  const totalBytes = plan.files.reduce((sum, file) => sum + file.bytes, 0);
  let doneBytes = 0;
  for (const { name, bytes } of plan.files) {
    await withFile(plan.disk, { path: `${plan.from}/${name}`, how: 'read' }, (source) =>
      withFile(plan.disk, { path: `${staging}/${name}`, how: 'create' }, async (target) => {
        const buffer = new Uint8Array(Math.max(1, Math.min(PIECE_BYTES, bytes)));
        for (let at = 0; at < bytes; ) {
          const piece = buffer.subarray(0, Math.min(buffer.length, bytes - at));
          const got = await readFully(source, piece, at);
          // The padding of the last frame may be missing; it is zeros.
          await writeFully(target, got === piece.length ? piece : piece.fill(0, got), at);
          at += piece.length;
          doneBytes += piece.length;
          plan.onProgress?.(doneBytes, totalBytes);
        }
        await target.sync();
      }),
    );
  }
  const scars = await readWhole(plan.disk, `${plan.from}/${SCARS_FILE}`, Number.MAX_SAFE_INTEGER);
  if (scars !== undefined) await writeNew(plan.disk, `${staging}/${SCARS_FILE}`, scars);
  return totalBytes;
}

async function writeAnchor(plan: CopyPlan, staging: string): Promise<void> {
  const bytes = new Uint8Array(ANCHOR_BYTES);
  const slot = encodeAnchorSlot({ ...plan.anchor, counter: 1 });
  for (const at of ANCHOR_SLOTS.bases) bytes.set(slot, at * ANCHOR_SLOT_STRIDE_BYTES);
  await writeNew(plan.disk, `${staging}/${ANCHOR_FILE}`, bytes);
}

async function writeNew(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  await withFile(disk, { path, how: 'create' }, async (file) => {
    await writeFully(file, bytes, 0);
    await file.sync();
  });
}
