import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unixMs } from '@esper/std';
import { tempFolder } from '@esper/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyRing } from '../../src/index.js';
import {
  createKeyFolder,
  ed25519PrivateKey,
  ed25519PublicKey,
  loadKeyFolder,
  promoteKeyInFolder,
  stageKey,
} from '../../src/node.js';
import { START_MS } from '../support/fixtures.js';

const AT = unixMs(START_MS);
const DAY_MS = 86_400_000;
let folder = '';
let remove = async (): Promise<void> => undefined;

beforeEach(async () => {
  const temporary = await tempFolder('keys-');
  remove = temporary.remove;
  folder = join(temporary.path, 'ring');
  await mkdir(folder, { mode: 0o700 });
  await createKeyFolder(folder);
});
afterEach(() => remove());

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error as { code?: unknown }).code,
  );
const stage = (keyId: string, algorithm: 'hmac-sha256' | 'ed25519' = 'hmac-sha256') =>
  stageKey(folder, { keyId, algorithm, at: AT, validForMs: DAY_MS });

describe('a key folder', () => {
  it('stages, promotes and retires keys, and what it made signs and verifies', async () => {
    await stage('first');
    await stage('second', 'ed25519');
    await promoteKeyInFolder(folder, 'first', { at: AT, overlapMs: 1000 });
    await promoteKeyInFolder(folder, 'second', { at: AT, overlapMs: 1000 });
    const keys = await loadKeyFolder(folder);
    expect(createKeyRing(keys).ages(AT)).toMatchObject([
      { keyId: 'first', algorithm: 'hmac-sha256', state: 'retired', signs: false, expiresInMs: 1000, ageMs: 0 },
      { keyId: 'second', algorithm: 'ed25519', state: 'current', signs: true, expiresInMs: DAY_MS },
    ]);
    const message = new Uint8Array(100);
    for (const { material } of keys) {
      const signature = material.sign?.(message) ?? new Uint8Array();
      expect(material.verify(message, signature)).toBe(true);
      expect(material.verify(message.subarray(1), signature)).toBe(false);
    }
    expect((await readdir(folder)).sort()).toEqual(['first.secret', 'keys.json', 'second.private.pem']);
  });

  it('makes a new secret each time', async () => {
    await stage('a');
    await stage('b');
    expect(await readFile(join(folder, 'a.secret'), 'utf8')).not.toBe(await readFile(join(folder, 'b.secret'), 'utf8'));
  });

  it('refuses what cannot be', async () => {
    await stage('a');
    expect(await codeOf(stage('a'))).toBe('KEY_RING_INVALID');
    expect(await codeOf(promoteKeyInFolder(folder, 'nobody', { at: AT, overlapMs: 1 }))).toBe('KEY_RING_INVALID');
    expect(await codeOf(loadKeyFolder(join(folder, 'none')))).toBe('KEY_FILE_UNREADABLE');
    expect(await codeOf(createKeyFolder(folder))).toBe('EEXIST');
  });

  it('refuses keys that others can read and lists that others can write', async () => {
    await stage('a');
    for (const [name, mode] of [
      ['a.secret', 0o640],
      ['a.secret', 0o604],
      ['keys.json', 0o620],
    ] as const) {
      await chmod(join(folder, name), mode);
      expect(await codeOf(loadKeyFolder(folder)), `${name} ${mode.toString(8)}`).toBe('KEY_FILE_EXPOSED');
      await chmod(join(folder, name), 0o600);
    }
    await chmod(folder, 0o722);
    expect(await codeOf(loadKeyFolder(folder))).toBe('KEY_FILE_EXPOSED');
    await chmod(folder, 0o700);
    expect(await codeOf(loadKeyFolder(folder))).toBe('no error');
  });

  it('a public key verifies, does not sign, and may be read by all', async () => {
    await stage('a', 'ed25519');
    const pem = await readFile(join(folder, 'a.private.pem'), 'utf8');
    const { createPublicKey } = await import('node:crypto');
    const publicPem = createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();
    await writeFile(join(folder, 'a.public.pem'), publicPem, { mode: 0o644 });
    const list = await readFile(join(folder, 'keys.json'), 'utf8');
    await writeFile(join(folder, 'keys.json'), list.replace('a.private.pem', 'a.public.pem'));
    const [key] = await loadKeyFolder(folder);
    expect(key?.material.sign).toBeUndefined();
    const signature = ed25519PrivateKey(pem).sign?.(new Uint8Array(3)) ?? new Uint8Array();
    expect(key?.material.verify(new Uint8Array(3), signature)).toBe(true);
  });

  it.each([
    ['no JSON', '{', 'keys.json: not JSON'],
    ['another version', '{"version":2,"keys":[]}', 'version'],
    ['an unknown field', '{"version":1,"keys":[],"x":1}', 'Unrecognized key'],
    [
      'a path as file name',
      '{"version":1,"keys":[{"keyId":"a","algorithm":"hmac-sha256","state":"next","createdAt":"2025-06-01T00:00:00.000Z","notBefore":"2025-06-01T00:00:00.000Z","notAfter":"2025-06-01T00:00:00.000Z","file":"../a"}]}',
      'keys.0.file',
    ],
  ])('refuses a list with %s', async (_, text, message) => {
    await writeFile(join(folder, 'keys.json'), text);
    await expect(loadKeyFolder(folder)).rejects.toThrow(message);
  });

  it.each([
    ['no base64', 'hmac-sha256', 'not a secret!', 'KEY_FILE_UNREADABLE'],
    ['a short secret', 'hmac-sha256', 'c2hvcnQ=', 'KEY_TOO_SHORT'],
    ['no PEM', 'ed25519', 'hello', 'KEY_FILE_UNREADABLE'],
    ['too many bytes', 'hmac-sha256', 'A'.repeat(65_537), 'KEY_FILE_UNREADABLE'],
  ] as const)('refuses a key file with %s, and quotes none of it', async (_, algorithm, text, code) => {
    await stage('a', algorithm);
    await writeFile(join(folder, algorithm === 'ed25519' ? 'a.private.pem' : 'a.secret'), text);
    const error = await loadKeyFolder(folder).catch((reason: unknown) => reason as Error & { code: string });
    expect(error).toMatchObject({ code });
    expect(JSON.stringify([(error as Error).message, String((error as Error).cause)])).not.toContain(text.slice(0, 20));
  });

  it('a short secret is loaded when the list allows it by name', async () => {
    await stage('a');
    await writeFile(join(folder, 'a.secret'), 'c2hvcnQ=');
    const list = await readFile(join(folder, 'keys.json'), 'utf8');
    await writeFile(
      join(folder, 'keys.json'),
      list.replace('"keyId"', '"shortSecret": "compatibility", "commandTypes": ["PAUSE"], "keyId"'),
    );
    expect(await loadKeyFolder(folder)).toMatchObject([{ keyId: 'a', commandTypes: ['PAUSE'] }]);
    await stage('b');
    expect(await loadKeyFolder(folder)).toMatchObject([{ keyId: 'a', commandTypes: ['PAUSE'] }, { keyId: 'b' }]);
  });

  it('takes Ed25519 and no other kind of key', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString();
    expect(() => ed25519PublicKey(pem)).toThrow('expected an Ed25519 key, got ec');
  });
});
