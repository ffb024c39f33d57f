import { readFileSync } from 'node:fs';
import { FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { decodeAnchor, encodeAnchorSlot } from '../../src/core/anchor.js';
import { openWal } from '../../src/index.js';
import { MemoryDisk } from '../../src/testing.js';
import { bytes, contents, open } from '../support/logs.js';

const NAME = '00000000000001-00000000000001.wal';
const golden = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../golden/v1/${name}`, import.meta.url)));

/** The log that the golden files hold, written anew. */
async function written(): Promise<ReadonlyMap<string, Uint8Array>> {
  const disk = new MemoryDisk();
  const random = (into: Uint8Array) => void into.set(Uint8Array.from(into, (_, at) => 0xa0 + at));
  const clock = new FakeClock(1_700_000_000_000);
  const wal = await openWal({ disk, directory: '/log', clock, random, options: { reserveBytes: 0 } });
  await wal.append(bytes('first'), { issuedAtMs: 1_700_000_000_001 });
  await Promise.all([wal.append(new Uint8Array()), wal.append(bytes('third, of 17 byte'))]);
  await wal.close();
  return disk.image();
}

describe('format v1', () => {
  it('is written byte for byte as the golden files have it', async () => {
    const image = await written();
    expect(Buffer.from(image.get(`/log/${NAME}`) as Uint8Array).toString('hex')).toBe(
      Buffer.from(golden('segment.wal')).toString('hex'),
    );
  });

  it('writes the anchor as the golden file has it, slot by slot', () => {
    const file = golden('anchor');
    for (const slot of [0, 1, 2, 3]) {
      const bytes = file.slice(4096 * slot, 4096 * slot + 64);
      const { anchor } = decodeAnchor(bytes);
      expect(anchor && Buffer.from(encodeAnchorSlot(anchor)).equals(bytes)).toBe(true);
    }
  });

  it('is read from the golden files, strictly', async () => {
    const disk = new MemoryDisk(
      new Map([
        [`/log/${NAME}`, golden('segment.wal')],
        ['/log/anchor', golden('anchor')],
      ]),
    );
    const { wal } = await open(disk, { recovery: 'strict' });
    expect(await contents(wal)).toEqual(['1 first', '2 ', '3 third, of 17 byte']);
    expect(wal.recovery).toMatchObject({
      logId: 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf',
      acknowledgedThrough: 3,
      damages: [],
    });
    await wal.close();
  });
});
