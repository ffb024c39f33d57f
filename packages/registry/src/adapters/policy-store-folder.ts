import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegistryError } from '../errors.js';
import type { BundleSource, PolicyStoreFiles } from '../ports.js';
import { type HistoryFound, readHistory } from '../shell/read-history.js';
import { bundleFolder } from './bundle-folder.js';
import { appendSynced, syncFolder, writeSynced } from './durable-file.js';
import { type FolderLock, lockFolder } from './folder-lock.js';
import { sha256 } from './sha256.js';

const HISTORY_FILE = 'history.jsonl';
const BUNDLES_FOLDER = 'bundles';
const LOCK_FILE = 'store.lock';

/** A store's folder, held by this process until it is let go: `history.jsonl` and `bundles/<digest>/`. */
export interface PolicyStoreFolder extends PolicyStoreFiles, FolderLock {}

/** Takes a folder for a store, and makes it if need be. Rejects with `STORE_LOCKED`. */
export async function policyStoreFolder(folder: string): Promise<PolicyStoreFolder> {
  const bundles = join(folder, BUNDLES_FOLDER);
  const history = join(folder, HISTORY_FILE);
  await mkdir(bundles, { recursive: true });
  const lock = await lockFolder(join(folder, LOCK_FILE), 'STORE_LOCKED');
  return {
    location: folder,
    release: () => lock.release(),
    readHistory: () => historyBytes(history),
    appendHistory: async (line) => {
      await appendSynced(history, line);
      await syncFolder(folder);
    },
    cutHistory: (bytes) => cutSynced(history, bytes),
    keepOnly: async (digests) => {
      const others = (await readdir(bundles)).filter((name) => !digests.has(name));
      for (const name of others) await rm(join(bundles, name), { recursive: true, force: true });
    },
    keepBundle: (digest, files) => keepBundle(bundles, digest, files),
    bundle: (digest) => bundleFolder(join(bundles, digest)),
  };
}

/** The history of a store and a look at its bundles, without taking the folder. Rejects with `HISTORY_BROKEN`. */
export function readPolicyHistory(folder: string): Promise<HistoryFound> {
  return readHistory({ location: folder, readHistory: () => historyBytes(join(folder, HISTORY_FILE)) }, sha256);
}

/** A bundle that a store keeps. */
export const keptBundle = (folder: string, digest: string): BundleSource =>
  bundleFolder(join(folder, BUNDLES_FOLDER, digest));

async function historyBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return new Uint8Array(0);
    throw cause;
  });
}

async function keepBundle(bundles: string, digest: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const [target, temporary] = [join(bundles, digest), join(bundles, `${digest}.writing`)];
  // The digest names the content. What is whole is left alone, so that no crash can take it away.
  if (await isKept(target, files)) return;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  for (const [name, bytes] of files) await writeSynced(join(temporary, name), bytes, 'wx');
  await syncFolder(temporary);
  await rm(target, { recursive: true, force: true });
  await rename(temporary, target);
  await syncFolder(bundles);
}

async function isKept(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<boolean> {
  const kept = bundleFolder(folder);
  for (const [name, bytes] of files) {
    const found = await kept.read(name, Number.POSITIVE_INFINITY).catch((cause: RegistryError) => {
      // What cannot be read is not kept, and is written anew from the verified bytes.
      if (cause.code === 'BUNDLE_UNREADABLE') return undefined;
      throw cause;
    });
    if (found === undefined || Buffer.compare(found, bytes) !== 0) return false;
  }
  return true;
}

async function cutSynced(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.truncate(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
