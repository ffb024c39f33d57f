import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBytesSigner } from '@esper/command-verifier';
import { createKeyFolder, promoteKeyInFolder, stageKey } from '@esper/command-verifier/node';
import { type BundleManifest, parseManifest } from '@esper/registry';
import { bundleFolder, writeBundle } from '@esper/registry/node';
import { unixMs } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { openKeys } from '../../src/adapters/keys.js';
import { signManifest } from '../../src/adapters/policy-bundle.js';
import type { Site } from './doctor-site.js';

const DAY_MS = 86_400_000;

/** A key folder in the place of the installation's, with one key of the given age and length of life. */
export async function replaceKeys({ data, environment }: Site, ageDays: number, validDays: number): Promise<void> {
  const folder = join(data, 'other-keys');
  await mkdir(folder, { mode: 0o700 });
  await createKeyFolder(folder);
  const at = unixMs(systemClock.wallMs() - ageDays * DAY_MS);
  await stageKey(folder, { keyId: 'aged', algorithm: 'ed25519', at, validForMs: validDays * DAY_MS });
  await promoteKeyInFolder(folder, 'aged', { at, overlapMs: 0 });
  environment['TAMIYO_KEY_FOLDER'] = folder;
}

/** The first policy of a host that was never started, with a change to its manifest, signed anew. */
export async function replacePolicy({ data }: Site, change: Partial<BundleManifest>): Promise<void> {
  const folder = join(data, 'policy');
  const manifest = parseManifest(await readFile(join(folder, 'manifest.json')));
  if (!manifest.ok) throw new Error(manifest.error.message);
  const { files: names, ...rest } = manifest.value;
  const source = bundleFolder(folder);
  const files = new Map<string, Uint8Array>();
  for (const name of Object.keys(names)) files.set(name, await readFile(join(source.location, name)));
  const signer = createBytesSigner({
    keyRing: await openKeys({ folder: join(data, 'keys'), environment: {} }),
    clock: systemClock,
  });
  await rm(join(data, 'policies'), { recursive: true });
  await writeBundle(folder, { manifest: { ...rest, ...change }, files, sign: (bytes) => signManifest(signer, bytes) });
}

export async function segmentOf({ data }: Site): Promise<string> {
  const [segment] = (await readdir(join(data, 'log'))).filter((name) => name.endsWith('.wal'));
  return join(data, 'log', segment as string);
}

export async function flip(path: string, offset: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[offset] = (bytes[offset] as number) ^ 1;
  await writeFile(path, bytes);
}

/** Every file below a folder with its bytes and when it was changed. */
export async function contentOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const described = files.map(
    async (path) => `${path} ${(await stat(path)).mtimeMs} ${(await readFile(path)).toString('base64')}`,
  );
  return (await Promise.all(described)).sort();
}
