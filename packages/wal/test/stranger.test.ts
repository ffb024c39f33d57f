import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FakeClock, SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { openWal } from '../src/index.js';
import { type DiskImage, MemoryDisk, rot } from '../src/testing.js';
import { DIRECTORY, makeLog, OPTIONS } from './drills/rot-logs.js';
import { readAsStranger, type StrangersRecord } from './support/stranger-reader.js';

const filesOf = (image: DiskImage): ReadonlyMap<string, Uint8Array> =>
  new Map([...image].map(([path, bytes]) => [path.slice(DIRECTORY.length + 1), bytes]));

const lineOf = ({ sequence, issuedAtMs = 0, payload }: Partial<StrangersRecord>): string =>
  `${sequence} ${issuedAtMs} ${Buffer.from(payload ?? []).toString('hex')}`;

const asStranger = (image: DiskImage): readonly string[] => [...readAsStranger(filesOf(image))].map(lineOf);

async function asLibrary(image: DiskImage): Promise<readonly string[]> {
  const disk = new MemoryDisk(image, 'library');
  const wal = await openWal({
    disk,
    directory: DIRECTORY,
    clock: new FakeClock(),
    options: { ...OPTIONS, recovery: 'salvage' },
  });
  const found: string[] = [];
  for await (const record of wal.read()) found.push(lineOf(record));
  await wal.close();
  return found;
}

describe('the format page', () => {
  it('is enough to read the golden segment', async () => {
    const golden = await readFile(fileURLToPath(new URL('./golden/v1/segment.wal', import.meta.url)));
    const [first, second] = [...readAsStranger(new Map([['00000000000001-00000000000001.wal', golden]]))];
    expect(Buffer.from(first?.payload ?? []).toString()).toBe('first');
    expect(first).toMatchObject({ sequence: 1, issuedAtMs: 1_700_000_000_001 });
    expect([second?.sequence, second?.payload.length]).toEqual([2, 0]);
  });

  it('gives a reader that finds what the library finds, in whole logs and in damaged ones', async () => {
    let lost = 0;
    for (let seed = 0; seed < 16; seed += 1) {
      const random = new SeededRandom(seed);
      const { image, records } = await makeLog(random);
      expect(asStranger(image)).toHaveLength(records.size);
      expect(asStranger(image)).toEqual(await asLibrary(image));
      for (let damage = 0; damage < 9; damage += 1) {
        const kind = random.pick(['flip', 'flip', 'zero-sector', 'misdirect'] as const);
        const damaged = rot(image, kind, random);
        const found = asStranger(damaged.image);
        expect(found, `seed ${seed} ${JSON.stringify(damaged.site)}`).toEqual(await asLibrary(damaged.image));
        lost += records.size - found.length;
      }
    }
    expect(lost).toBeGreaterThan(50);
  });
});
