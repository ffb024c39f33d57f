import { createPublicKey } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyRing, type KeyRingHolder, type TrustedKey } from '@esper/command-verifier';
import { createKeyFolder, hmacKey, loadKeyFolder, promoteKeyInFolder, stageKey } from '@esper/command-verifier/node';
import type { WallClock } from '@esper/std';
import { TamiyoError } from '../errors.js';

/** Environment variable of the prototype's shared secret. */
const SECRET_VARIABLE = 'ESPER_LEYLINE_SECRET';
const YEAR_MS = 365 * 86_400_000;
const FOR_EVER_MS = 8_640_000_000_000_000;

/** Where the keys of a host come from: a folder when one is given, else the secret of the environment. */
export interface KeySettings {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The keys to seal and verify with. Rejects with `KEYS_MISSING`, or with what is wrong with the folder (DP-12). */
export async function openKeys(settings: KeySettings): Promise<KeyRingHolder> {
  if (settings.folder !== '') return createKeyRing(await loadKeyFolder(settings.folder));
  const secret = settings.environment[SECRET_VARIABLE];
  if (secret === undefined || secret === '') {
    throw new TamiyoError('KEYS_MISSING', `there is neither a key folder nor ${SECRET_VARIABLE}`);
  }
  const key: TrustedKey = {
    keyId: 'leyline-env',
    state: 'current',
    createdAtMs: 0,
    notBeforeMs: 0,
    notAfterMs: FOR_EVER_MS,
    material: hmacKey(new TextEncoder().encode(secret)),
  };
  return createKeyRing([key]);
}

/** Makes a key folder with one current Ed25519 key, when there is none yet. */
export async function ensureKeyFolder(folder: string, clock: WallClock): Promise<void> {
  if (await exists(join(folder, 'keys.json'))) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await createKeyFolder(folder);
  const at = clock.wallMs();
  await stageKey(folder, { keyId: 'demo-1', algorithm: 'ed25519', at, validForMs: YEAR_MS });
  await promoteKeyInFolder(folder, 'demo-1', { at, overlapMs: 0 });
}

/** The public half of an Ed25519 key of a folder, as PEM bytes: what a consumer needs to verify and cannot sign with. */
export async function publicKeyOf(folder: string, keyId: string): Promise<Uint8Array> {
  const pem = await readFile(join(folder, `${keyId}.private.pem`), 'utf8');
  return new TextEncoder().encode(createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString());
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw cause;
  }
}
