import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Replaces a file, whole or not at all: temporary file, sync, rename, sync of the folder. Resolved means durable. */
export async function replaceFile(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = `${path}.writing`;
  await writeSynced(temporary, bytes, 'w');
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Adds to the end of a file and syncs it. Resolved means durable. */
export async function appendSynced(path: string, bytes: Uint8Array | string): Promise<void> {
  await writeSynced(path, bytes, 'a');
}

/** Writes a file and syncs its data; the folder is the caller's. */
export async function writeSynced(path: string, bytes: Uint8Array | string, flag: 'w' | 'wx' | 'a'): Promise<void> {
  const file = await open(path, flag, 0o644);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the entries of a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
