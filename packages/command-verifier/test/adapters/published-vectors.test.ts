import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ed25519PublicKey, hmacKey } from '../../src/node.js';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const keyOf = (secret: Uint8Array) => hmacKey(secret, { shortSecret: 'compatibility' });
const toHex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

const LONG =
  'This is a test using a larger than block-size key and a larger than block-size data. ' +
  'The key needs to be hashed before being used by the HMAC algorithm.';

describe('RFC 4231 through the HMAC adapter', () => {
  it.each([
    ['1', '0b'.repeat(20), text('Hi There'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      '2',
      toHex(text('Jefe')),
      text('what do ya want for nothing?'),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    ['3', 'aa'.repeat(20), hex('dd'.repeat(50)), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
    [
      '4',
      '0102030405060708090a0b0c0d0e0f10111213141516171819',
      hex('cd'.repeat(50)),
      '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    ],
    [
      '6',
      'aa'.repeat(131),
      text('Test Using Larger Than Block-Size Key - Hash Key First'),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
    ['7', 'aa'.repeat(131), text(LONG), '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2'],
  ])('case %s', (_, secret, message, tag) => {
    const key = keyOf(hex(secret));
    expect(toHex(key.sign?.(message))).toBe(tag);
    expect(key.verify(message, hex(tag))).toBe(true);
    expect(key.verify(message, hex(tag).subarray(0, 31))).toBe(false);
  });

  it('case 5: the full tag begins with the published one, and a cut tag is refused', () => {
    const key = keyOf(hex('0c'.repeat(20)));
    const message = text('Test With Truncation');
    expect(toHex(key.sign?.(message)).startsWith('a3b6167473100ee06e0c796c2955552b')).toBe(true);
    expect(key.verify(message, hex('a3b6167473100ee06e0c796c2955552b'))).toBe(false);
  });
});

describe('RFC 9421 B.2.5 through the HMAC adapter', () => {
  it('signs the published signature base with the published key', () => {
    const secret = 'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==';
    const key = hmacKey(Buffer.from(secret, 'base64'));
    const base = [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@authority": example.com',
      '"content-type": application/json',
      '"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    ].join('\n');
    const signature = Buffer.from('pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=', 'base64');
    expect(key.verify(text(base), signature)).toBe(true);
    expect(key.verify(text(`${base}\n`), signature)).toBe(false);
  });
});

interface WycheproofCase {
  readonly tcId: number;
  readonly key?: string;
  readonly msg: string;
  readonly tag?: string;
  readonly sig?: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}
interface WycheproofGroup {
  readonly tagSize?: number;
  readonly publicKeyPem?: string;
  readonly tests: readonly WycheproofCase[];
}

const folder = process.env['TAMIYO_VECTORS'] ?? '';
const files = {
  hmac: join(folder, 'wycheproof/hmac_sha256_test.json'),
  ed25519: join(folder, 'wycheproof/ed25519_test.json'),
};
const hasVectors = folder !== '' && existsSync(files.hmac) && existsSync(files.ed25519);
const groupsOf = (file: string) =>
  (JSON.parse(readFileSync(file, 'utf8')) as { readonly testGroups: readonly WycheproofGroup[] }).testGroups;

describe('Wycheproof', () => {
  it.skipIf(!hasVectors)('HMAC-SHA256: all 174, cut tags compared with the beginning of ours and refused whole', () => {
    let count = 0;
    for (const group of groupsOf(files.hmac)) {
      for (const { key, msg, tag, result, tcId } of group.tests) {
        count += 1;
        const material = keyOf(hex(key ?? ''));
        const holds = toHex(material.sign?.(hex(msg))).slice(0, (group.tagSize ?? 256) / 4) === tag;
        expect(holds, `case ${tcId}`).toBe(result === 'valid');
        expect(material.verify(hex(msg), hex(tag ?? '')), `case ${tcId}`).toBe(holds && group.tagSize === 256);
      }
    }
    expect(count).toBe(174);
  });

  it.skipIf(!hasVectors)('Ed25519: every case, malformed signatures refused and never thrown', () => {
    let count = 0;
    for (const group of groupsOf(files.ed25519)) {
      const material = ed25519PublicKey(group.publicKeyPem ?? '');
      for (const { msg, sig, result, tcId } of group.tests) {
        count += 1;
        expect(material.verify(hex(msg), hex(sig ?? '')), `case ${tcId}`).toBe(result === 'valid');
      }
    }
    expect(count).toBe(151);
  });
});
