import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import type { WalOptions } from '../../src/index.js';
import { CrashDisk, type DiskImage, MemoryDisk } from '../../src/testing.js';
import { bytes, contents, DIRECTORY, flipped, madeLog, open, segmentsOf } from '../support/logs.js';

const FRAME = 56;
const at = (record: number): number => 1024 + FRAME * (record - 1);
const KEPT = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13];

type Tear = (content: Uint8Array) => Uint8Array;
interface Piece {
  readonly path: string;
  readonly offset: number;
  readonly content: Uint8Array;
}
/** Record 14 with a header that still tells its sequence, and with none. */
const TEARS: readonly (readonly [string, Tear])[] = [
  ['a torn payload', flipped(at(14) + 48)],
  ['a torn header', flipped(at(14) + 8)],
  ['a cut header', (content) => content.slice(0, at(14) + 20)],
];

/** Nine acknowledged records, then a batch of five that a crash tore: 10, 11 and 14 are no records, 12 and 13 are whole. */
async function tornBatch(tear: Tear): Promise<DiskImage> {
  const disk = await madeLog(9);
  const { wal } = await open(disk);
  const before = disk.image().get(`${DIRECTORY}/anchor`) as Uint8Array;
  await Promise.all([10, 11, 12, 13, 14].map((number) => wal.append(bytes(`r${number}`))));
  await wal.close();
  const image = disk.image();
  const [path] = segmentsOf(image) as [string];
  const content = flipped(at(11) + 8)(flipped(at(10) + 8)((image.get(path) as Uint8Array).slice()));
  return new Map([...image, [path, tear(content)], [`${DIRECTORY}/anchor`, before]]);
}

/** What a power cut leaves of a salvage that has just noted the losses. `unsynced` had only been written before. */
async function cutAfterNoting(image: DiskImage, unsynced?: Piece): Promise<DiskImage> {
  let noted = false;
  let left: DiskImage | undefined;
  const disk: CrashDisk = new CrashDisk(
    {
      chance: new SeededRandom(1),
      onChange: (call, path) => {
        noted ||= call === 'rename' && path.includes('scars');
        if (noted && call === 'syncDirectory') left ??= disk.crash(0);
      },
    },
    image,
  );
  if (unsynced !== undefined) {
    const file = await disk.open(unsynced.path, 'write');
    await file.write(unsynced.content, unsynced.offset);
    await file.close();
  }
  await (await open(disk, { recovery: 'salvage' })).wal.close();
  if (left === undefined) throw new Error('nothing was noted');
  expect([...left.keys()]).toContain(`${DIRECTORY}/scars`);
  return left;
}

/** Sequences that a log gives in this mode, and the sequence of one more append. */
async function live(disk: MemoryDisk, options: WalOptions): Promise<readonly [readonly number[], number]> {
  const { wal } = await open(disk, options);
  const found = (await contents(wal)).map((line) => Number.parseInt(line, 10));
  const { sequence } = await wal.append(bytes('next'));
  await wal.close();
  return [found, sequence];
}

describe('a salvage that a power cut ended between noting the losses and the anchor', () => {
  for (const [what, tear] of TEARS) {
    for (const recovery of ['strict', 'tail', 'point-in-time', 'salvage'] as const) {
      for (const rewrite of ['on', 'shadow'] as const) {
        it(`${what}, ${recovery}, rewrite ${rewrite}: what it kept is not cut off as torn, and the log opens ever after`, async () => {
          const disk = new MemoryDisk(await cutAfterNoting(await tornBatch(tear)), 'after');
          const [found, next] = await live(disk, { recovery, rewrite });
          expect(found).toEqual(KEPT);
          expect(next).toBeGreaterThan(13);
          const [again, last] = await live(disk, { recovery: 'strict' });
          expect(again).toEqual([...KEPT, next]);
          expect(last).toBe(next + 1);
        });
      }
    }
  }

  it('records that a killed process had not synced are durable before the scars promise them', async () => {
    const image = await tornBatch(flipped(at(14) + 48));
    const [path] = segmentsOf(image) as [string];
    const content = image.get(path) as Uint8Array;
    const unsynced = { path, offset: at(10), content: content.slice(at(10)) };
    const left = await cutAfterNoting(new Map([...image, [path, content.slice(0, at(10))]]), unsynced);
    const [found, next] = await live(new MemoryDisk(left, 'after'), { recovery: 'tail' });
    expect(found).toEqual(KEPT);
    expect(next).toBe(15);
  });

  it('a kept record that then rots is damage, and never a torn tail to be cut off', async () => {
    const image = await cutAfterNoting(await tornBatch(flipped(at(14) + 48)));
    const [path] = segmentsOf(image) as [string];
    const rotten = new Map([...image, [path, flipped(at(12) + 48)((image.get(path) as Uint8Array).slice())]]);
    const refused = open(new MemoryDisk(rotten, 'after'), { recovery: 'tail' });
    await expect(refused).rejects.toMatchObject({ code: 'WAL_CORRUPT', report: { lostAcknowledged: 1, tornBytes: 0 } });
  });
});
