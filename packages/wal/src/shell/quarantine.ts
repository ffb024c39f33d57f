import { QUARANTINE_DIRECTORY } from '../core/layout.js';
import type { Disk } from '../ports.js';
import { diskCode, readFully, withFile, writeFully } from './disk-io.js';

const COPY_BYTES = 256 * 1024;
/** How many copies of one file may lie in quarantine. */
const COPIES_MAX = 10_000;

/** Where a piece of a file is to be kept. */
export interface QuarantineRequest {
  readonly directory: string;
  readonly name: string;
  /** The piece begins here and goes to the end of the file. */
  readonly offset: number;
}

/** Copies a piece of a file aside, durably, before it is removed. Resolves to the copy's path below the directory. */
export async function quarantine(disk: Disk, request: QuarantineRequest): Promise<string> {
  const { directory, name, offset } = request;
  await disk.makeDirectory(`${directory}/${QUARANTINE_DIRECTORY}`);
  return withFile(disk, { path: `${directory}/${name}`, how: 'read' }, async (source) => {
    for (let copy = 0; copy < COPIES_MAX; copy += 1) {
      const savedAs = `${QUARANTINE_DIRECTORY}/${name}.${offset.toString(16)}.${copy}`;
      try {
        await withFile(disk, { path: `${directory}/${savedAs}`, how: 'create' }, async (target) => {
          await copyFrom(source, offset, target);
          await target.sync();
        });
      } catch (error) {
        if (diskCode(error) === 'EEXIST') continue;
        throw error;
      }
      await disk.syncDirectory(`${directory}/${QUARANTINE_DIRECTORY}`);
      return savedAs;
    }
    throw new Error(`${COPIES_MAX} copies of ${name} lie in quarantine already`);
  });
}

async function copyFrom(
  source: Parameters<typeof readFully>[0],
  offset: number,
  target: Parameters<typeof writeFully>[0],
): Promise<void> {
  const buffer = new Uint8Array(COPY_BYTES);
  for (let at = offset; ; ) {
    const got = await readFully(source, buffer, at);
    if (got === 0) return;
    await writeFully(target, buffer.subarray(0, got), at - offset);
    at += got;
  }
}
