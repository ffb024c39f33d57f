import { invariant } from '@esper/std';
import { TEMPORARY_ENDING } from '../core/layout.js';
import { WalError } from '../errors.js';
import type { Disk, DiskFile } from '../ports.js';

/** How often an interrupted write is tried again before it counts as failed. A sync is never tried again. */
const INTERRUPTIONS_MAX = 16;
const INTERRUPTED = new Set(['EINTR', 'EAGAIN']);

/** The system's code of a disk error, or an empty string. */
export function diskCode(error: unknown): string {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
}

/** True when the error means that there is no room: full disk, quota, or file size limit. */
export const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(diskCode(error));

/** `error` as it is when it is one of ours, else wrapped with `WAL_IO` and what was being done. */
export function ioError(what: string, error: unknown): WalError {
  return error instanceof WalError ? error : new WalError('WAL_IO', `${what}: ${diskCode(error)}`, { cause: error });
}

/** Writes all of `bytes`, going on after short writes and interruptions. Resolved means written, not durable. */
export async function writeFully(file: DiskFile, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  let interruptions = 0;
  while (done < bytes.length) {
    try {
      const wrote = await file.write(done === 0 ? bytes : bytes.subarray(done), position + done);
      invariant(wrote >= 0 && wrote <= bytes.length - done, () => `disk wrote ${wrote} bytes`);
      done += wrote;
      if (wrote > 0) continue;
      interruptions += 1;
      if (interruptions > INTERRUPTIONS_MAX)
        throw new WalError('WAL_IO', 'the disk takes no bytes and gives no reason');
    } catch (error) {
      interruptions += 1;
      if (!INTERRUPTED.has(diskCode(error)) || interruptions > INTERRUPTIONS_MAX) throw error;
    }
  }
}

/** Fills `into` from `position` as far as the file goes; resolves to how many bytes were read. */
export async function readFully(file: DiskFile, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  let interruptions = 0;
  while (done < into.length) {
    try {
      const got = await file.read(done === 0 ? into : into.subarray(done), position + done);
      if (got === 0) break;
      done += got;
    } catch (error) {
      interruptions += 1;
      if (!INTERRUPTED.has(diskCode(error)) || interruptions > INTERRUPTIONS_MAX) throw error;
    }
  }
  return done;
}

/** Runs `body` with an open file and closes it whatever happens. */
export async function withFile<T>(
  disk: Disk,
  target: { readonly path: string; readonly how: 'read' | 'write' | 'create' },
  body: (file: DiskFile) => Promise<T>,
): Promise<T> {
  const file = await disk.open(target.path, target.how);
  let result: T;
  try {
    result = await body(file);
  } catch (error) {
    // The first failure is the story; a second one from closing would only hide it.
    await file.close().catch(() => undefined);
    throw error;
  }
  await file.close();
  return result;
}

/** The first `bytesMax` bytes of a file, or `undefined` when there is no such file. */
export async function readWhole(disk: Disk, path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  try {
    return await withFile(disk, { path, how: 'read' }, async (file) => {
      const bytes = new Uint8Array(Math.min(await file.sizeBytes(), bytesMax));
      return bytes.subarray(0, await readFully(file, bytes, 0));
    });
  } catch (error) {
    if (diskCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Puts `bytes` under `name`, durably and atomically: temporary file, sync, rename, sync of the directory. */
export async function putFile(
  disk: Disk,
  target: { readonly directory: string; readonly name: string },
  bytes: Uint8Array,
): Promise<void> {
  const { directory, name } = target;
  const temporary = `${directory}/${name}${TEMPORARY_ENDING}`;
  await removeIfThere(disk, temporary);
  await withFile(disk, { path: temporary, how: 'create' }, async (file) => {
    await writeFully(file, bytes, 0);
    await file.sync();
  });
  await disk.rename(temporary, `${directory}/${name}`);
  await disk.syncDirectory(directory);
}

/** Removes a file; none there is fine. Durable only after the directory is synced. */
export async function removeIfThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path);
  } catch (error) {
    if (diskCode(error) !== 'ENOENT') throw error;
  }
}
