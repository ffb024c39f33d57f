import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
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
        const { size } = await stat(path);
        if (size <= bytesMax) return await readFile(path);
        throw new RegistryError('BUNDLE_FILE_TOO_LARGE', `${path} has ${size} bytes, at most ${bytesMax}`);
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        if (code === 'ENOENT') return undefined;
        throw code === undefined || cause instanceof RegistryError ? cause : unreadable(folder, path, cause);
      }
    },
  };
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
