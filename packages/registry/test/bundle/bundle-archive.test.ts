import { describe, expect, it } from 'vitest';
import { loadBundle, memoryBundle, packBundle, unpackBundle } from '../../src/index.js';
import { bundleInMemory, MemoryFiles, storePorts } from './store-bench.js';

const { files, digest } = bundleInMemory(1);
const archive = packBundle(files);
const code = (bytes: Uint8Array): string => {
  const unpacked = unpackBundle(bytes);
  return unpacked.ok ? 'ok' : unpacked.error.code;
};

describe('a bundle as one run of bytes', () => {
  it('gives back exactly the files that were packed, and the bundle in them verifies', async () => {
    const unpacked = unpackBundle(archive);
    if (!unpacked.ok) throw new Error(unpacked.error.message);
    expect([...unpacked.value]).toEqual([...files]);
    const source = memoryBundle(unpacked.value, 'stream');
    expect(await source.names?.()).toEqual([...files.keys()]);
    await expect(source.read('manifest.json', 10)).rejects.toMatchObject({ code: 'BUNDLE_FILE_TOO_LARGE' });
    expect(await loadBundle(source, storePorts(new MemoryFiles()))).toMatchObject({
      ok: true,
      value: { digest },
    });
  });

  it('its first bytes are frozen', () => {
    const small = packBundle(new Map([['a', new Uint8Array([7, 8])]]));
    expect(Buffer.from(small).toString('hex')).toBe('45504231' + '01000000' + '01000000' + '61' + '02000000' + '0708');
  });

  it('PU-05: cut off at any length, or with one byte more, it is refused; a flipped byte never gives a bundle', async () => {
    for (let length = 0; length < archive.length; length += 1) {
      expect(code(archive.subarray(0, length)), `cut to ${length}`).toBe('BUNDLE_ARCHIVE_INVALID');
    }
    expect(code(Uint8Array.from([...archive, 0]))).toBe('BUNDLE_ARCHIVE_INVALID');
    for (let at = 0; at < archive.length; at += 1) {
      const bad = Uint8Array.from(archive);
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
      const unpacked = unpackBundle(bad);
      if (!unpacked.ok) continue;
      expect(
        (await loadBundle(memoryBundle(unpacked.value, 'stream'), storePorts(new MemoryFiles()))).ok,
        `byte ${at}`,
      ).toBe(false);
    }
  });

  it('names that could leave the folder, doubled names and too many files are refused', () => {
    const one = (name: string) => packed([[name, 'x']]);
    expect(
      [
        one('../a'),
        one('a/b'),
        one(''),
        packed([
          ['a', 'x'],
          ['a', 'y'],
        ]),
      ].map(code),
    ).toEqual(Array(4).fill('BUNDLE_ARCHIVE_INVALID'));
    expect(code(packed(Array.from({ length: 67 }, (_, at) => [`f${at}`, ''])))).toBe('BUNDLE_ARCHIVE_INVALID');
    expect(() => packBundle(new Map([['../a', new Uint8Array()]]))).toThrow(RangeError);
    expect(() => packBundle(new Map(Array.from({ length: 67 }, (_, at) => [`f${at}`, new Uint8Array()])))).toThrow(
      RangeError,
    );
  });
});

/** An archive of anything, by another hand than the packer's. */
function packed(entries: readonly (readonly [string, string])[]): Uint8Array {
  const counted = (text: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    return Buffer.concat([length, Buffer.from(text, 'latin1')]);
  };
  const count = Buffer.alloc(4);
  count.writeUInt32LE(entries.length);
  return Buffer.concat([Buffer.from('EPB1'), count, ...entries.flatMap((entry) => entry.map(counted))]);
}
