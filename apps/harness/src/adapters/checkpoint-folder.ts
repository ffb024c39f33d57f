import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointStore, StoredCheckpoint } from '../ports.js';

/** Checkpoints a folder keeps; older ones are removed after a newer one is durable. */
const KEPT = 3;
const NAME = /^checkpoint-(\d{12})-([0-9a-f]{64})\.bin$/;

interface Entry {
  readonly file: string;
  readonly step: number;
  readonly digest: string;
}

/**
 * Full checkpoints as files: written beside, synced, renamed, folder synced. The digest is in the file's name, so that
 * the file can not vouch for itself.
 */
export function checkpointFolder(folder: string): CheckpointStore {
  return {
    write: (checkpoint) => writeCheckpoint(folder, checkpoint),
    latest: async () => {
      const newest = (await entries(folder)).at(-1);
      if (newest === undefined) return undefined;
      const bytes = await readFile(join(folder, newest.file));
      return { step: newest.step, digest: newest.digest, bytes: new Uint8Array(bytes) };
    },
  };
}

async function entries(folder: string): Promise<readonly Entry[]> {
  const files = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw cause;
  });
  return files.sort().flatMap((file) => {
    const match = NAME.exec(file);
    return match === null ? [] : [{ file, step: Number(match[1]), digest: match[2] ?? '' }];
  });
}

async function writeCheckpoint(folder: string, { step, bytes, digest }: StoredCheckpoint): Promise<void> {
  await mkdir(folder, { recursive: true });
  const final = join(folder, `checkpoint-${String(step).padStart(12, '0')}-${digest}.bin`);
  const file = await open(`${final}.tmp`, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${final}.tmp`, final);
  await syncFolder(folder);
  const old = (await entries(folder)).slice(0, -KEPT);
  await Promise.all(old.map(({ file: name }) => rm(join(folder, name), { force: true })));
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
