import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type BundleManifest, MANIFEST_FILE, SIGNATURE_FILE } from '../core/bundle/manifest.js';
import { RegistryError } from '../errors.js';
import type { BundleSource } from '../ports.js';
import { manifestBytes } from '../wire/manifest-schema.js';
import { syncFolder, writeSynced } from './durable-file.js';
import { sha256 } from './sha256.js';

/** A bundle as files of one folder. */
export function bundleFolder(folder: string): BundleSource {
  return {
    location: folder,
    names: () => readdir(folder),
    read: async (name, bytesMax) => {
      const path = join(folder, name);
      try {
        return await readBounded(path, bytesMax);
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        if (code === 'ENOENT') return undefined;
        throw code === undefined || cause instanceof RegistryError ? cause : unreadable(folder, path, cause);
      }
    },
  };
}

/**
 * Opened once, so that what was measured is what is read, whoever changes the folder meanwhile; and into one piece of memory
 * of its size, since models are large and a host that swaps often would otherwise keep the pieces.
 */
async function readBounded(path: string, bytesMax: number): Promise<Uint8Array> {
  // A pipe in the place of a file must not keep whoever opens it waiting.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new RegistryError('BUNDLE_UNREADABLE', `${path} cannot be read: it is no regular file`);
    if (found.size > bytesMax)
      throw new RegistryError('BUNDLE_FILE_TOO_LARGE', `${path} has ${found.size} bytes, at most ${bytesMax}`);
    const bytes = Buffer.allocUnsafeSlow(found.size);
    let filled = 0;
    for (let got = 1; got > 0 && filled < bytes.length; filled += got)
      got = (await file.read(bytes, filled, bytes.length - filled, filled)).bytesRead;
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}

function unreadable(folder: string, path: string, cause: unknown): RegistryError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why = code === 'ENOTDIR' ? `${folder} is a file, and a bundle is a folder` : message;
  return new RegistryError('BUNDLE_UNREADABLE', `${path} cannot be read: ${why}`, { cause });
}

export interface BundleToWrite {
  /** Everything but the descriptions of the files, which are computed here. */
  readonly manifest: Omit<BundleManifest, 'files'>;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Signs the raw bytes of the manifest. */
  readonly sign: (manifest: Uint8Array) => Uint8Array;
}

/**
 * Writes a bundle: all files into a new folder beside the target, each synced, then one rename. Resolved means durable.
 * Gives the digest of the manifest. An existing bundle at the target is kept beside it as `<folder>.previous`.
 */
export async function writeBundle(folder: string, bundle: BundleToWrite): Promise<string> {
  const target = resolve(folder);
  const files = Object.fromEntries(
    [...bundle.files].map(([name, bytes]) => [name, { sha256: sha256(bytes), bytes: bytes.length }]),
  );
  const manifest = manifestBytes({ ...bundle.manifest, files });
  const temporary = `${target}.writing`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  for (const [name, bytes] of [
    ...bundle.files,
    [MANIFEST_FILE, manifest] as const,
    [SIGNATURE_FILE, bundle.sign(manifest)] as const,
  ]) {
    await writeSynced(join(temporary, name), bytes, 'wx');
  }
  await syncFolder(temporary);
  await keepPrevious(target);
  await rename(temporary, target);
  await syncFolder(dirname(target));
  return sha256(manifest);
}

async function keepPrevious(target: string): Promise<void> {
  const previous = `${target}.previous`;
  try {
    await stat(target);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw cause;
  }
  await rm(previous, { recursive: true, force: true });
  await rename(target, previous);
}
