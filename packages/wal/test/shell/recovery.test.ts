import { describe, expect, it } from 'vitest';
import { inspectWal, openWal, WalError } from '../../src/index.js';
import { MemoryDisk } from '../../src/testing.js';
import { changed, contents, DIRECTORY, flipped, madeLog, open, SMALL, segmentsOf } from '../support/logs.js';

const FRAME = 56;
const FIRST = 1024;
/** Offset of the n-th record (1 is the first) in a log of records whose payloads take eight bytes at most. */
const at = (record: number): number => FIRST + FRAME * (record - 1);

async function refusal(disk: MemoryDisk, recovery: 'strict' | 'tail'): Promise<WalError> {
  const unlocked = () => new Map([...disk.image()].filter(([path]) => !path.includes('lock-')));
  const before = unlocked();
  const error = await open(disk, { recovery }).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(WalError);
  expect(unlocked()).toEqual(before);
  return error as WalError;
}

describe('recovery', () => {
  it('WA-11: salvage loses the damaged record alone, names it, and goes on behind it', async () => {
    const image = (await madeLog(9)).image();
    const [path] = segmentsOf(image) as [string];
    const { wal, events } = await open(changed(image, path, flipped(at(4) + 48)), { recovery: 'salvage' });
    expect(await contents(wal)).toEqual(['1 r1', '2 r2', '3 r3', '5 r5', '6 r6', '7 r7', '8 r8', '9 r9']);
    expect(wal.recovery.damages).toEqual([
      {
        cause: 'payload',
        file: path.slice(5),
        offset: at(4),
        bytes: FRAME,
        firstSequence: 4,
        lastSequence: 4,
        acknowledged: true,
        known: false,
      },
    ]);
    expect(wal.recovery).toMatchObject({ lostAcknowledged: 1, records: 8, lastSequence: 9 });
    expect(events.map(({ name }) => name)).toContain('wal.damage');
    expect(await wal.append(new Uint8Array())).toEqual({ sequence: 10 });
    await wal.close();
  });

  it('what salvage has noted refuses nobody afterwards, and stays reported', async () => {
    const image = (await madeLog(9)).image();
    const disk = changed(image, segmentsOf(image)[0] as string, flipped(at(4) + 48));
    await (await open(disk, { recovery: 'salvage' })).wal.close();
    const { wal } = await open(disk, { recovery: 'strict' });
    expect(wal.recovery.damages).toMatchObject([{ firstSequence: 4, lastSequence: 4, known: true }]);
    expect(wal.recovery.lostAcknowledged).toBe(0);
    expect((await contents(wal)).length).toBe(8);
    await wal.close();
  });

  it('WA-09: the default refuses rot with a typed error that names the place, and changes nothing', async () => {
    const image = (await madeLog(9)).image();
    const [path] = segmentsOf(image) as [string];
    for (const mode of ['strict', 'tail'] as const) {
      const error = await refusal(changed(image, path, flipped(at(4) + 48)), mode);
      expect(error).toMatchObject({ code: 'WAL_CORRUPT', report: { lostAcknowledged: 1, repairs: [] } });
      expect(error.message).toContain(`${path.slice(5)} at byte ${at(4)} (payload, sequence 4)`);
    }
  });

  it('an acknowledged last record that rots is corruption, not a torn write', async () => {
    for (const closed of [true, false]) {
      const disk = new MemoryDisk();
      const { wal } = await open(disk);
      for (const payload of ['a', 'b', 'c']) await wal.append(new TextEncoder().encode(payload));
      for (let turns = 0; turns < 9; turns += 1) await undefined;
      if (closed) await wal.close();
      const image = disk.image();
      const [path] = segmentsOf(image) as [string];
      for (const offset of [at(3) + 48, at(3) + 8]) {
        expect(await refusal(changed(image, path, flipped(offset)), 'tail')).toMatchObject({ code: 'WAL_CORRUPT' });
      }
      const cut = (content: Uint8Array) => content.slice(0, at(3));
      expect((await refusal(changed(image, path, cut), 'tail')).report?.damages).toMatchObject([
        { cause: 'missing', firstSequence: 3, lastSequence: 3, acknowledged: true },
      ]);
    }
  });

  it('WA-12: a torn tail is cut off before the next append, after a copy of it was set aside', async () => {
    const image = (await madeLog(3)).image();
    const [path] = segmentsOf(image) as [string];
    const garbage = new Uint8Array(100).fill(0xe5);
    const disk = changed(image, path, (content) => new Uint8Array([...content, ...garbage]));
    expect(
      await refusal(
        changed(disk.image(), path, (content) => content),
        'strict',
      ),
    ).toMatchObject({ code: 'WAL_CORRUPT' });
    const { wal, events } = await open(disk);
    expect(wal.recovery.repairs).toEqual([
      {
        kind: 'tail-truncated',
        file: path.slice(5),
        offset: at(4),
        bytes: 100,
        savedAs: `quarantine/${path.slice(5)}.${at(4).toString(16)}.0`,
      },
    ]);
    expect(disk.image().get(`${DIRECTORY}/${wal.recovery.repairs[0]?.savedAs}`)).toEqual(garbage);
    expect(events.map(({ name }) => name)).toContain('wal.torn_tail_repaired');
    await wal.append(new Uint8Array([52]));
    await wal.close();
    const again = await open(disk, { recovery: 'strict' });
    expect(await contents(again.wal)).toEqual(['1 r1', '2 r2', '3 r3', '4 4']);
    await again.wal.close();
  });

  it('FF-02: with rewriting off a torn tail is fenced off instead, and nothing is cut', async () => {
    const image = (await madeLog(3)).image();
    const [path] = segmentsOf(image) as [string];
    const disk = changed(image, path, (content) => new Uint8Array([...content, 1, 2, 3]));
    const { wal } = await open(disk, { rewrite: 'shadow' });
    expect(wal.recovery.repairs).toMatchObject([{ kind: 'tail-fenced', bytes: 3 }]);
    await wal.append(new Uint8Array([52]));
    await wal.close();
    expect(disk.image().get(path)).toHaveLength(at(4) + 3);
    const again = await open(disk, { recovery: 'strict', rewrite: 'on' });
    expect(await contents(again.wal)).toEqual(['1 r1', '2 r2', '3 r3', '4 4']);
    await again.wal.close();
  });

  it('point-in-time rewinds to before the damage and keeps copies of everything it takes away', async () => {
    const image = (await madeLog(40, 200)).image();
    const paths = segmentsOf(image);
    expect(paths.length).toBeGreaterThan(2);
    const disk = changed(image, paths[1] as string, flipped(FIRST + 50));
    const { wal } = await open(disk, { recovery: 'point-in-time' });
    const kept = (await contents(wal)).length;
    expect(kept).toBeGreaterThan(5);
    expect(wal.recovery.repairs.every(({ kind, savedAs }) => kind === 'rewound' && savedAs !== undefined)).toBe(true);
    expect(wal.recovery.repairs).toHaveLength(paths.length - 1);
    expect(await wal.append(new Uint8Array())).toEqual({ sequence: 41 });
    await wal.close();
    const again = await open(disk, { recovery: 'strict' });
    expect(await contents(again.wal)).toHaveLength(kept + 1);
    await again.wal.close();
  });

  it('a segment that is gone is reported with its sequences', async () => {
    const image = (await madeLog(40, 200)).image();
    const paths = segmentsOf(image);
    for (const gone of [paths[0], paths[1], paths.at(-1)] as string[]) {
      const { wal } = await open(
        changed(image, gone, () => undefined),
        { recovery: 'salvage' },
      );
      const missing = wal.recovery.damages.filter(({ cause }) => cause === 'missing');
      expect(missing).toHaveLength(1);
      const [{ firstSequence, lastSequence }] = missing as [(typeof missing)[0]];
      expect((await contents(wal)).length).toBe(40 - (lastSequence - firstSequence + 1));
      await wal.close();
    }
  });

  it('frames that were exchanged, repeated or brought from another log are not believed', async () => {
    const image = (await madeLog(9)).image();
    const [path] = segmentsOf(image) as [string];
    const tricks: readonly ((content: Uint8Array) => Uint8Array)[] = [
      (content) => {
        const third = content.slice(at(3), at(4));
        content.copyWithin(at(3), at(5), at(6));
        content.set(third, at(5));
        return content;
      },
      (content) => content.copyWithin(at(6), at(5), at(6)),
      (content) => new Uint8Array([...content, ...content.slice(at(2), at(3))]),
    ];
    for (const trick of tricks) {
      const disk = changed(image, path, trick);
      const before = (
        await open(
          changed(disk.image(), path, (same) => same),
          { recovery: 'salvage' },
        )
      ).wal;
      for (const line of await contents(before)) expect(line.split(' ')[0]).toBe(line.split(' ')[1]?.slice(1));
      expect(before.recovery.damages.length + before.recovery.tornBytes).toBeGreaterThan(0);
    }
  });

  it('all copies of the anchor gone: reported, and damage then counts as rot', async () => {
    const image = (await madeLog(3)).image();
    const disk = changed(image, `${DIRECTORY}/anchor`, () => undefined);
    const { wal } = await open(disk);
    expect(wal.recovery.damages).toMatchObject([{ cause: 'anchor' }]);
    await wal.close();
    const torn = changed(image, segmentsOf(image)[0] as string, (content) => new Uint8Array([...content, 1]));
    expect(
      await refusal(
        changed(torn.image(), `${DIRECTORY}/anchor`, () => undefined),
        'tail',
      ),
    ).toMatchObject({ code: 'WAL_CORRUPT' });
  });

  it('a version that is not known is refused by name, never guessed at', async () => {
    const image = (await madeLog(1)).image();
    const [path] = segmentsOf(image) as [string];
    const { crc32c } = await import('../../src/core/crc32c.js');
    const disk = changed(image, path, (content) => {
      for (const copy of [0, 512]) {
        const view = new DataView(content.buffer, copy, 64);
        view.setUint16(8, 9, true);
        view.setUint32(60, crc32c(content, 0, { from: copy, to: copy + 60 }), true);
      }
      return content;
    });
    expect(await refusal(disk, 'tail')).toMatchObject({ code: 'WAL_FORMAT_UNKNOWN' });
  });

  it('more damaged places than the limit are refused in every mode', async () => {
    const image = (await madeLog(9)).image();
    const disk = changed(image, segmentsOf(image)[0] as string, (content) => {
      for (const record of [2, 4, 6]) content[at(record) + 48] = 0;
      return content;
    });
    await expect(open(disk, { recovery: 'salvage', damagesMax: 2 })).rejects.toMatchObject({ code: 'WAL_CORRUPT' });
    const { wal } = await open(disk, { recovery: 'salvage', damagesMax: 3 });
    expect(wal.recovery.lostAcknowledged).toBe(3);
    await wal.close();
  });

  it('WA-14: looking changes nothing and says what opening would do', async () => {
    const image = (await madeLog(9)).image();
    const disk = changed(image, segmentsOf(image)[0] as string, flipped(at(4) + 48));
    const before = disk.image();
    const inspection = { disk, directory: DIRECTORY, clock: { wallMs: () => 1 as never, monoMs: () => 1 as never } };
    expect(await inspectWal(inspection)).toMatchObject({ wouldDo: 'refuse', lostAcknowledged: 1 });
    expect(await inspectWal({ ...inspection, options: { recovery: 'salvage' } })).toMatchObject({ wouldDo: 'note' });
    expect(disk.image()).toEqual(before);
  });

  it('a directory that is empty, or new, is an empty log', async () => {
    const { wal } = await open(new MemoryDisk(), { recovery: 'strict' });
    expect(wal.recovery).toMatchObject({ records: 0, lastSequence: 0, damages: [] });
    expect(await contents(wal)).toEqual([]);
    await wal.close();
    await expect(
      openWal({
        disk: new MemoryDisk(),
        directory: DIRECTORY,
        clock: undefined as never,
        options: { ...SMALL, readBytes: 1 },
      }),
    ).rejects.toThrow('readBytes');
  });
});
