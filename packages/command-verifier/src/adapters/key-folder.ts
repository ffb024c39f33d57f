import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { UnixMs } from '@esper/std';
import { KEYS_MAX, type KeyAlgorithm, type KeyMaterial, type TrustedKey } from '../core/key-ring.js';
import { promoteKey, type RotationTiming } from '../core/key-rotation.js';
import { VerifierError } from '../errors.js';
import { formatKeyList, KEY_LIST_FILE, type KeyEntry, parseKeyList } from '../wire/key-folder-file.js';
import { ed25519PrivateKey, ed25519PublicKey } from './ed25519-key.js';
import { hmacKey, SECRET_BYTES_MIN } from './hmac-key.js';

const FILE_BYTES_MAX = 65_536;
const OTHERS_WRITE = 0o022;
const OTHERS_ANY = 0o077;

/** A key to be made. */
export interface NewKey {
  readonly keyId: string;
  readonly algorithm: KeyAlgorithm;
  readonly at: UnixMs;
  /** How long it may be used, in milliseconds. */
  readonly validForMs: number;
}

/**
 * The keys of a folder: `keys.json` and one file per key (HMAC: the secret in base64; Ed25519: PEM, private to sign, public
 * to verify). Rejects with `KEY_FILE_EXPOSED` when others may write the folder or the list or read a secret, with
 * `KEY_FILE_UNREADABLE` and `KEY_TOO_SHORT` otherwise. Nothing of a key stands in any error.
 */
export async function loadKeyFolder(folder: string): Promise<readonly TrustedKey[]> {
  const entries = await readKeyList(folder);
  return Promise.all(entries.map((entry) => loadKey(folder, entry)));
}

/** Makes a new key and lists it as `next`. Durable when it resolves. Rejects with `KEY_RING_INVALID` for a known id. */
export async function stageKey(folder: string, wanted: NewKey): Promise<void> {
  const entries = await readKeyList(folder);
  if (entries.some((entry) => entry.keyId === wanted.keyId))
    throw new VerifierError('KEY_RING_INVALID', `key ${wanted.keyId} exists already`);
  if (entries.length >= KEYS_MAX) throw new VerifierError('KEY_RING_INVALID', `a ring has at most ${KEYS_MAX} keys`);
  const { keyId, algorithm, at } = wanted;
  const file = algorithm === 'ed25519' ? `${keyId}.private.pem` : `${keyId}.secret`;
  const times = { createdAtMs: at, notBeforeMs: at, notAfterMs: at + wanted.validForMs };
  await writeDurably(folder, file, newKeyText(algorithm));
  await writeDurably(
    folder,
    KEY_LIST_FILE,
    formatKeyList([...entries, { keyId, algorithm, state: 'next', ...times, file }]),
  );
}

/** Makes a `next` key the current one and retires the current ones. Durable when it resolves; see `promoteKey`. */
export async function promoteKeyInFolder(folder: string, keyId: string, timing: RotationTiming): Promise<void> {
  const promoted = promoteKey(await readKeyList(folder), keyId, timing);
  if (promoted === undefined) throw new VerifierError('KEY_RING_INVALID', `${keyId} is not a valid next key`);
  await writeDurably(folder, KEY_LIST_FILE, formatKeyList(promoted));
}

/** An empty key list in an existing folder. Rejects when there is one already. */
export async function createKeyFolder(folder: string): Promise<void> {
  const handle = await open(join(folder, KEY_LIST_FILE), 'wx', 0o600);
  await handle.close();
  await writeDurably(folder, KEY_LIST_FILE, formatKeyList([]));
}

async function readKeyList(folder: string): Promise<readonly KeyEntry[]> {
  await checkFolder(folder);
  const entries = parseKeyList(await readGuarded(join(folder, KEY_LIST_FILE), OTHERS_WRITE));
  if (typeof entries === 'string') throw new VerifierError('KEY_FILE_UNREADABLE', `${KEY_LIST_FILE}: ${entries}`);
  return entries;
}

async function checkFolder(folder: string): Promise<void> {
  const handle = await openForReading(folder);
  try {
    const { mode } = await handle.stat();
    if ((mode & OTHERS_WRITE) !== 0) throw new VerifierError('KEY_FILE_EXPOSED', `others may write to ${folder}`);
  } finally {
    await handle.close();
  }
}

async function loadKey(folder: string, entry: KeyEntry): Promise<TrustedKey> {
  const { keyId, state, createdAtMs, notBeforeMs, notAfterMs, commandTypes } = entry;
  const rights = commandTypes === undefined ? {} : { commandTypes };
  const material = await loadMaterial(join(folder, entry.file), entry);
  return { keyId, state, createdAtMs, notBeforeMs, notAfterMs, ...rights, material };
}

async function loadMaterial(path: string, entry: KeyEntry): Promise<KeyMaterial> {
  const isPublic = entry.file.endsWith('.public.pem');
  const text = await readGuarded(path, isPublic ? OTHERS_WRITE : OTHERS_ANY);
  if (entry.algorithm === 'ed25519') return isPublic ? ed25519PublicKey(text) : ed25519PrivateKey(text);
  const base64 = text.trim();
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new VerifierError('KEY_FILE_UNREADABLE', `${path}: not base64`);
  const options = entry.shortSecret === undefined ? {} : { shortSecret: entry.shortSecret };
  return hmacKey(Buffer.from(base64, 'base64'), options);
}

/** Text of a file that none of `forbidden` mode bits opens to others. The open file is checked, not its name. */
async function readGuarded(path: string, forbidden: number): Promise<string> {
  const handle = await openForReading(path);
  try {
    const { mode, size } = await handle.stat();
    if ((mode & forbidden) !== 0) throw new VerifierError('KEY_FILE_EXPOSED', `${path} is open to others`);
    if (size > FILE_BYTES_MAX)
      throw new VerifierError('KEY_FILE_UNREADABLE', `${path} is over ${FILE_BYTES_MAX} bytes`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new VerifierError('KEY_FILE_UNREADABLE', `cannot open ${path}`, cause);
  }
}

function newKeyText(algorithm: KeyAlgorithm): string {
  if (algorithm === 'hmac-sha256') return `${randomBytes(SECRET_BYTES_MIN).toString('base64')}\n`;
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Temporary file, sync, rename, sync of the folder: after a crash the old or the new file is there, whole. */
async function writeDurably(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncFolder(folder);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
