import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import type { Wal, WalEvent } from '../../src/index.js';
import type { Disk } from '../../src/ports.js';
import { CrashDisk, type DiskCall, type Fault, MemoryDisk, systemError } from '../../src/testing.js';
import { withFileCalls } from '../support/changed-disk.js';
import { bytes, changed, contents, DIRECTORY, madeLog, open, segmentsOf } from '../support/logs.js';

describe('a disk that fails', () => {
  /** A log on a disk whose segment calls fail as the test says. */
  async function failing(
    fault: (call: DiskCall) => Fault | undefined,
    options = {},
  ): Promise<{ wal: Wal; disk: CrashDisk; events: readonly WalEvent[] }> {
    let armed = false;
    const disk = new CrashDisk({
      chance: new SeededRandom(3),
      fault: (call, path) => (armed && (path.endsWith('.wal') || path.endsWith('.tmp')) ? fault(call) : undefined),
    });
    const { wal, events } = await open(disk, options);
    armed = true;
    return { wal, disk, events };
  }

  it('a failed sync gives up the segment at once, and the batch is acknowledged from a fresh one', async () => {
    let syncs = 0;
    const { wal, events } = await failing((call) => (call === 'sync' && syncs++ === 0 ? 'EIO' : undefined));
    expect(await wal.append(bytes('a'))).toEqual({ sequence: 1 });
    expect(events.filter(({ name }) => name === 'wal.segment_poisoned')).toHaveLength(1);
    expect(wal.stats()).toMatchObject({ segments: 2, segmentsPoisonedTotal: 1, state: 'open' });
    expect(await contents(wal)).toEqual(['1 a']);
    await wal.close();
  });

  it('when the fresh segment fails too the log is poisoned: nothing is acknowledged until it is reopened', async () => {
    const { wal, disk } = await failing((call) => (call === 'sync' ? 'EIO' : undefined));
    const outcomes = await Promise.allSettled([wal.append(bytes('a')), wal.append(bytes('b'))]);
    expect(outcomes).toMatchObject([{ reason: { code: 'WAL_POISONED' } }, { reason: { code: 'WAL_POISONED' } }]);
    await expect(wal.append(bytes('c'))).rejects.toMatchObject({ code: 'WAL_POISONED' });
    expect(wal.stats().state).toBe('poisoned');
    await wal.close();
    const { wal: again } = await open(new MemoryDisk(disk.crash(0), 'after'));
    // What became of the unacknowledged two is open; that nothing was acknowledged is not.
    expect((await again.append(bytes('d'))).sequence).toBeLessThanOrEqual(3);
  });

  it('a full disk refuses the batch, takes back what was written of it, and the log goes on when there is room', async () => {
    let full = true;
    const { wal, disk } = await failing((call) => (full && call === 'write' ? 'ENOSPC' : undefined));
    await expect(wal.append(bytes('a'))).rejects.toMatchObject({ code: 'WAL_FULL' });
    expect(wal.stats()).toMatchObject({ state: 'open', lastSequence: 0 });
    full = false;
    expect(await wal.append(bytes('b'))).toEqual({ sequence: 1 });
    await wal.close();
    const { wal: again } = await open(new MemoryDisk(disk.kill(), 'after'), { recovery: 'strict' });
    expect(await contents(again)).toEqual(['1 b']);
  });

  it('with the disk full, one record may use the reserve to say so', async () => {
    const full = { now: false };
    let reserveThere = true;
    const disk = new CrashDisk({
      chance: new SeededRandom(4),
      onChange: (call, path) => {
        if (call === 'remove' && path.endsWith('reserve')) reserveThere = false;
      },
      fault: (call, path) =>
        full.now && reserveThere && call === 'write' && path.endsWith('.wal') ? 'ENOSPC' : undefined,
    });
    const { wal, events } = await open(disk, { reserveBytes: 4096 });
    expect(wal.stats().reserveThere).toBe(true);
    full.now = true;
    const outcomes = await Promise.allSettled([
      wal.append(bytes('work')),
      wal.append(bytes('disk full'), { useReserve: true }),
    ]);
    expect(outcomes).toMatchObject([{ reason: { code: 'WAL_FULL' } }, { value: { sequence: 1 } }]);
    expect(await contents(wal)).toEqual(['1 disk full']);
    expect(events.map(({ name }) => name)).toEqual(expect.arrayContaining(['wal.full', 'wal.reserve_used']));
    expect(wal.stats().reserveThere).toBe(false);
    await wal.close();
  });

  it.each<[DiskCall, Fault]>([
    ['remove', 'EIO'],
    ['syncDirectory', 'EINTR'],
  ])(
    'a full disk that does not let go of the reserve (%s fails) refuses with WAL_FULL, and may be asked again',
    async (hit, how) => {
      const now = { full: false, broken: false };
      let reserveThere = true;
      const disk = new CrashDisk({
        chance: new SeededRandom(4),
        onChange: (call, path) => {
          if (call === 'remove' && path.endsWith('reserve')) reserveThere = false;
        },
        fault: (call, path) => {
          if (now.broken && call === hit && (path.endsWith('reserve') || path === DIRECTORY)) return how;
          return now.full && (reserveThere || now.broken) && call === 'write' && path.endsWith('.wal')
            ? 'ENOSPC'
            : undefined;
        },
      });
      const { wal } = await open(disk, { reserveBytes: 4096 });
      now.full = true;
      now.broken = true;
      await expect(wal.append(bytes('disk full'), { useReserve: true })).rejects.toMatchObject({ code: 'WAL_FULL' });
      now.broken = false;
      await expect(wal.append(bytes('disk full'), { useReserve: true })).resolves.toEqual({ sequence: 1 });
      await wal.close();
    },
  );

  it('a write that is interrupted or short is carried on', async () => {
    let writes = 0;
    const faults: readonly (Fault | undefined)[] = ['EINTR', 'short', 'EAGAIN', 'short'];
    const { wal } = await failing((call) => (call === 'write' ? faults[writes++] : undefined));
    await wal.append(bytes('whole'.repeat(100)));
    expect(wal.stats().segments).toBe(1);
    expect(await contents(wal)).toEqual([`1 ${'whole'.repeat(100)}`]);
  });

  /** Eight records of 700 bytes; from byte `offset` on, the second segment cannot be read while `failing.now`. */
  async function unreadable(
    failing: { now: boolean },
    offset: number,
    anchor: ReadonlyMap<string, Uint8Array> = new Map(),
  ): Promise<Disk> {
    const disk = new MemoryDisk(new Map([...(await madeLog(8, 700)).image(), ...anchor]), 'after');
    return withFileCalls(disk, (file, path) => ({
      read: (into, position) =>
        failing.now && path.includes('/00000000000002-') && position + into.length > offset
          ? Promise.reject(systemError('EIO', path))
          : file.read(into, position),
    }));
  }

  it('a header that cannot be read refuses to open; nothing is taken for empty', async () => {
    const disk = await unreadable({ now: true }, 0);
    await expect(open(disk, { recovery: 'salvage' })).rejects.toMatchObject({ code: 'WAL_IO' });
  });

  it('records that cannot be read are reported by sequence, and the others are there', async () => {
    const disk = await unreadable({ now: true }, 1024);
    const { wal } = await open(disk, { recovery: 'salvage' });
    expect(wal.recovery.damages).toMatchObject([{ cause: 'unreadable', firstSequence: 5, lastSequence: 8 }]);
    const found: number[] = [];
    for await (const { sequence } of wal.read({ onDamage: () => undefined })) found.push(sequence);
    expect(found).toEqual([1, 2, 3, 4]);
    expect(await wal.append(bytes('next'))).toEqual({ sequence: 9 });
  });

  it('records that salvage has noted as unreadable, and that can be read again, refuse nobody', async () => {
    const failing = { now: true };
    const disk = await unreadable(failing, 1024);
    const { wal } = await open(disk, { recovery: 'salvage' });
    expect(await wal.append(bytes('next'))).toEqual({ sequence: 9 });
    await wal.close();
    failing.now = false;
    const { wal: again } = await open(disk, { recovery: 'tail' });
    expect((await contents(again)).map((line) => Number(line.split(' ')[0]))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await again.close();
  });

  it('retention keeps a segment that it could not read: nobody has dated what lies there, and the next opening may read it', async () => {
    const failing = { now: true };
    const disk = await unreadable(failing, 1024);
    const { wal } = await open(disk, { recovery: 'salvage' });
    await wal.append(bytes('next'), { issuedAtMs: 2000 });
    const report = await wal.retain({ cutoffMs: 1007, nowMs: 1_000_000, partial: true });
    expect(report).toMatchObject({ firstSequence: 5, problems: [{ problem: 'unreadable', firstSequence: 5 }] });
    await wal.close();
    failing.now = false;
    const { wal: again } = await open(disk, { recovery: 'tail' });
    expect((await contents(again)).map((line) => Number(line.split(' ')[0]))).toEqual([5, 6, 7, 8, 9]);
    expect(await again.retain({ cutoffMs: 1007, nowMs: 1_000_000, partial: true })).toMatchObject({ firstSequence: 7 });
    await again.close();
  });

  it('a tail that cannot be read is never cut off: it may have been acknowledged, and the next attempt may read it', async () => {
    const anchorBefore = (await madeLog(1)).image().get(`${DIRECTORY}/anchor`) as Uint8Array;
    const failing = { now: true };
    const disk = await unreadable(failing, 1024, new Map([[`${DIRECTORY}/anchor`, anchorBefore]]));
    await expect(open(disk)).rejects.toMatchObject({ code: 'WAL_CORRUPT' });
    failing.now = false;
    const { wal } = await open(disk);
    expect(await contents(wal)).toHaveLength(8);
    expect(wal.recovery.repairs).toEqual([]);
  });

  it('D-11b: what cannot be read is never rewound over: the next attempt may read it', async () => {
    const failing = { now: true };
    const disk = await unreadable(failing, 1024);
    await expect(open(disk, { recovery: 'point-in-time' })).rejects.toMatchObject({
      code: 'WAL_CORRUPT',
      message: expect.stringContaining('not rewound over'),
      report: { damages: [{ cause: 'unreadable', firstSequence: 5 }], repairs: [] },
    });
    failing.now = false;
    const { wal } = await open(disk, { recovery: 'point-in-time' });
    expect(await contents(wal)).toHaveLength(8);
    expect(wal.recovery.repairs).toEqual([]);
  });

  it('a place that could be read before a repair and cannot be read after it stops the opening', async () => {
    const image = (await madeLog(3)).image();
    const newest = segmentsOf(image).at(-1) as string;
    const torn = changed(image, newest, (content) => new Uint8Array([...content, 1, 2, 3]));
    let cut = false;
    const disk = withFileCalls(torn, (file, path) => ({
      truncate: async (size) => {
        cut = true;
        await file.truncate(size);
      },
      read: (into, position) =>
        cut && path === newest && position + into.length > 1024
          ? Promise.reject(systemError('EIO', path))
          : file.read(into, position),
    }));
    await expect(open(disk)).rejects.toMatchObject({ code: 'WAL_IO' });
  });
});
