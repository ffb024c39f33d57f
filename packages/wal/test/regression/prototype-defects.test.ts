import { FakeClock, SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { encodeScars } from '../../src/core/scar.js';
import { soakWal } from '../../src/index.js';
import { putFile } from '../../src/shell/disk-io.js';
import { CrashDisk, type DiskImage, MemoryDisk } from '../../src/testing.js';
import { withFileCalls } from '../support/changed-disk.js';
import { bytes, changed, contents, DIRECTORY, flipped, madeLog, open, SMALL, segmentsOf } from '../support/logs.js';

describe('defects of the prototype', () => {
  it('D-10: an append is one framed write in place; torn anywhere, it harms no record before it', async () => {
    const image = (await madeLog(3)).image();
    const [path] = segmentsOf(image) as [string];
    const whole = image.get(path) as Uint8Array;
    const anchor = (await madeLog(2)).image().get(`${DIRECTORY}/anchor`) as Uint8Array;
    for (let length = whole.length - 55; length < whole.length; length += 1) {
      const torn = new Map([...image, [path, whole.slice(0, length)], [`${DIRECTORY}/anchor`, anchor]]);
      const { wal } = await open(new MemoryDisk(torn, 'after'));
      expect((await contents(wal)).slice(0, 2)).toEqual(['1 r1', '2 r2']);
      expect((await wal.append(bytes('next'))).sequence).toBeLessThanOrEqual(4);
      await wal.close();
    }
  });

  it('D-11, TL-56: what loading finds is told, as events and in the report', async () => {
    const image = (await madeLog(5)).image();
    const { wal, events } = await open(changed(image, segmentsOf(image)[0] as string, flipped(1024 + 48)), {
      recovery: 'salvage',
    });
    const told = events.find(({ name }) => name === 'wal.damage');
    expect(told?.attributes).toMatchObject({ cause: 'payload', firstSequence: 1 });
    expect(wal.recovery.lostAcknowledged).toBe(1);
    await wal.close();
  });

  it('FF-03: how strictly a log is validated is a setting, and each setting differs', async () => {
    const image = (await madeLog(5)).image();
    const damaged = () => changed(image, segmentsOf(image)[0] as string, flipped(1024 + 48));
    const outcomes = await Promise.all(
      (['strict', 'tail', 'point-in-time', 'salvage'] as const).map(async (recovery) => {
        const opened = await open(damaged(), { recovery }).catch(() => undefined);
        return opened === undefined ? 'refused' : (await contents(opened.wal)).length;
      }),
    );
    expect(outcomes).toEqual(['refused', 'refused', 0, 4]);
  });

  it('D-15, PF-29: an append costs the same calls and bytes, whatever is retained', async () => {
    const costAfter = async (records: number): Promise<{ readonly calls: string; readonly bytes: number }> => {
      const calls: string[] = [];
      let written = 0;
      const plain = await madeLog(records, 100);
      const disk = withFileCalls(plain, (file, path) => ({
        write: (piece, at) => {
          calls.push(`write ${path.includes('anchor') ? 'anchor' : 'segment'}`);
          written += piece.length;
          return file.write(piece, at);
        },
        sync: () => {
          calls.push('sync');
          return file.sync();
        },
      }));
      const { wal } = await open(disk, { segmentBytesMax: 1 << 20 });
      calls.length = 0;
      written = 0;
      await wal.append(bytes('one more'));
      await wal.retain({ cutoffMs: 1, nowMs: 1e6 });
      return { calls: calls.join(', '), bytes: written };
    };
    const few = await costAfter(10);
    expect(few.calls).toContain('write segment, sync');
    expect(await costAfter(3000)).toEqual(few);
  });

  it('WA-17: what a sync costs is measured, and only a development setting avoids it', async () => {
    const clock = new FakeClock();
    const disk = new CrashDisk({
      chance: new SeededRandom(1),
      onChange: (call, path) => {
        if (call === 'sync' && path.endsWith('.wal')) clock.advance(7);
      },
    });
    const { openWal } = await import('../../src/index.js');
    const durable = await openWal({ disk, directory: '/a', clock, options: SMALL });
    await durable.append(bytes('a'));
    expect(durable.stats()).toMatchObject({ syncsTotal: 1, syncLastMs: 7, syncMaxMs: 7 });
    const written = await openWal({ disk, directory: '/b', clock, options: { ...SMALL, durability: 'written' } });
    await written.append(bytes('a'));
    expect(written.stats()).toMatchObject({ syncsTotal: 0, acknowledgedNotDurableTotal: 1 });
  });

  it('WA-18: reading holds one window, however long the log', async () => {
    const disk = await madeLog(400, 100);
    let largest = 0;
    const watched = Object.assign(Object.create(disk) as MemoryDisk, {
      open: async (path: string, how: 'read' | 'write' | 'create') => {
        const file = await disk.open(path, how);
        const read = (into: Uint8Array, position: number) => {
          largest = Math.max(largest, into.length);
          return file.read(into, position);
        };
        return Object.assign(Object.create(file) as typeof file, {
          read,
          sizeBytes: () => file.sizeBytes(),
          write: (piece: Uint8Array, at: number) => file.write(piece, at),
          sync: () => file.sync(),
          close: () => file.close(),
          truncate: (size: number) => file.truncate(size),
        });
      },
    });
    for (const call of [
      'list',
      'makeDirectory',
      'rename',
      'remove',
      'syncDirectory',
      'identity',
      'holderState',
    ] as const) {
      Object.assign(watched, { [call]: (disk[call] as (...args: unknown[]) => unknown).bind(disk) });
    }
    const { wal } = await open(watched, { segmentBytesMax: 1 << 20 });
    largest = 0;
    expect(await contents(wal)).toHaveLength(400);
    expect(largest).toBeLessThanOrEqual(4096);
  });

  it('RI-10: bookkeeping files are replaced atomically: after any crash the old or the new one is there, whole', async () => {
    const [before, after] = [1, 2].map((first) =>
      encodeScars([{ first, last: first, file: 'f', offset: 0, cause: 'payload', acknowledged: true, notedAtMs: 1 }]),
    ) as [Uint8Array, Uint8Array];
    const images: DiskImage[] = [];
    const disk: CrashDisk = new CrashDisk(
      { chance: new SeededRandom(6), onChange: () => images.push(...[0, 0.3, 0.6, 1].map((keep) => disk.crash(keep))) },
      new Map([['/log/scars', before]]),
    );
    await putFile(disk, { directory: '/log', name: 'scars' }, after);
    expect(images.length).toBeGreaterThan(15);
    for (const image of images) {
      const content = Buffer.from(image.get('/log/scars') ?? []).toString();
      expect([before, after].map((one) => Buffer.from(one).toString())).toContain(content);
    }
  });

  it('D-38: the soak compares what it reads back, so a disk that changes a bit is caught', async () => {
    class Liar extends MemoryDisk {
      override async open(path: string, how: 'read' | 'write' | 'create') {
        const file = await super.open(path, how);
        if (!path.endsWith('.wal') || how !== 'write') return file;
        const write = (piece: Uint8Array, at: number) =>
          file.write(piece.length > 900 ? piece.map((byte, i) => (i === 700 ? byte ^ 1 : byte)) : piece, at);
        return {
          sizeBytes: () => file.sizeBytes(),
          read: (into: Uint8Array, at: number) => file.read(into, at),
          write,
          truncate: (size: number) => file.truncate(size),
          sync: () => file.sync(),
          close: () => file.close(),
        };
      }
    }
    const random = new SeededRandom(4);
    const clock = new FakeClock();
    const soak = soakWal({
      setup: { disk: new Liar(), directory: '/s', clock, options: SMALL },
      random: () => random.fraction(),
      budgetMs: 1,
    });
    await expect(soak).rejects.toMatchObject({ code: 'WAL_CORRUPT' });
  });
});
