import { FakeClock, SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { backupWal, dumpWal, inspectWal, openWal, restoreWal, soakWal } from '../../src/index.js';
import type { Disk } from '../../src/ports.js';
import { MemoryDisk, systemError } from '../../src/testing.js';
import { withCalls } from '../support/changed-disk.js';
import { bytes, changed, contents, flipped, madeLog, open, SMALL, segmentsOf } from '../support/logs.js';

const clock = new FakeClock();

describe('backup and restore', () => {
  it('copies what was acknowledged when it began, while appends go on, and reads it back', async () => {
    const disk = await madeLog(30, 300);
    const { wal } = await open(disk);
    const progress: number[] = [];
    const backup = wal.backup('/backup', (done, total) => void progress.push(done / total));
    const later = Promise.all(Array.from({ length: 20 }, (_, at) => wal.append(bytes(`later ${at}`))));
    const report = await backup;
    await later;
    expect(report.verified).toMatchObject({ records: 30, lastSequence: 30, damages: [], mode: 'strict' });
    expect(progress.at(-1)).toBe(1);
    await wal.close();

    const restored = await restoreWal({ disk, clock, from: '/backup', to: '/restored' });
    expect(restored.verified.records).toBe(30);
    const again = await openWal({ disk, directory: '/restored', clock, options: { ...SMALL, recovery: 'strict' } });
    expect(await contents(again)).toHaveLength(30);
    expect(await again.append(bytes('on'))).toEqual({ sequence: 31 });
    await again.close();
  });

  it('never writes over anything, and never restores a damaged backup', async () => {
    const disk = await madeLog(5);
    const { wal } = await open(disk);
    await wal.backup('/backup');
    await expect(wal.backup('/backup')).rejects.toMatchObject({ code: 'WAL_NOT_EMPTY' });
    await wal.close();
    const [path] = [...disk.image().keys()].filter((one) => one.startsWith('/backup/') && one.endsWith('.wal')) as [
      string,
    ];
    const damaged = changed(disk.image(), path, flipped(1024 + 49));
    await expect(restoreWal({ disk: damaged, clock, from: '/backup', to: '/new' })).rejects.toMatchObject({
      code: 'WAL_CORRUPT',
    });
    expect([...damaged.image().keys()].some((one) => one.startsWith('/new'))).toBe(false);
  });

  it('an interrupted copy leaves the target absent, and the next one starts over', async () => {
    const disk = await madeLog(5);
    const half = new MemoryDisk(new Map([...disk.image(), ['/backup.partial/junk', new Uint8Array(3)]]));
    const { wal } = await open(half);
    await wal.backup('/backup');
    expect([...half.image().keys()].filter((one) => one.includes('junk') || one.includes('partial'))).toEqual([]);
    await wal.close();
  });
});

describe('backup from outside, without the lock', () => {
  const backup = (disk: Disk, to = '/copy') => backupWal({ disk, clock, from: '/log', to });

  it('has every record that was acknowledged before the call, whatever the owner does meanwhile', async () => {
    const disk = await madeLog(20, 300);
    const { wal } = await open(disk);
    let on = true;
    const writer = (async () => {
      while (on) await wal.append(bytes('meanwhile'.padEnd(200, '.')), { issuedAtMs: 5000 });
    })();
    for (let copy = 0; copy < 8; copy += 1) {
      const before = wal.stats().lastSequence;
      const { verified } = await backup(disk, `/copy-${copy}`);
      expect(verified).toMatchObject({ damages: [], mode: 'strict', firstSequence: 1 });
      expect(verified.lastSequence).toBeGreaterThanOrEqual(before);
    }
    on = false;
    await writer;
    expect(wal.stats().segments).toBeGreaterThan(4);
    await wal.close();
  });

  it('leaves out a write that is under way', async () => {
    const image = (await madeLog(3)).image();
    const torn = changed(image, segmentsOf(image)[0] as string, (content) => new Uint8Array([...content, 1, 2, 3]));
    expect((await backup(torn)).verified).toMatchObject({ records: 3, tornBytes: 0 });
  });

  it('starts over when retention deletes a segment under it, and when a fresh one was begun meanwhile', async () => {
    const disk = await madeLog(40, 300);
    const { wal } = await open(disk);
    let calls = 0;
    const moving = withCalls(disk, {
      open: async (path, how) => {
        calls += 1;
        if (calls === 2) await wal.retain({ cutoffMs: 1020, nowMs: 1e6 });
        if (calls === 3) await wal.append(new Uint8Array(4000));
        return disk.open(path, how);
      },
    });
    const { verified } = await backup(moving);
    expect(verified).toMatchObject({ damages: [], lastSequence: 41 });
    expect(verified.firstSequence).toBeGreaterThan(1);
    await wal.close();
  });

  it('refuses a log whose acknowledged records are damaged, and names them', async () => {
    const image = (await madeLog(5)).image();
    const damaged = changed(image, segmentsOf(image)[0] as string, flipped(1024 + 48));
    await expect(backup(damaged)).rejects.toMatchObject({ code: 'WAL_CORRUPT', report: { lostAcknowledged: 1 } });
    await expect(backup(new MemoryDisk())).rejects.toMatchObject({ code: 'WAL_CORRUPT' });
  });
});

describe('looking and trying', () => {
  it('dumps every whole record without opening the log, and tells of the damage', async () => {
    const disk = await madeLog(6);
    const damaged = changed(
      disk.image(),
      [...disk.image().keys()].find((one) => one.endsWith('.wal')) as string,
      flipped(1024 + 48),
    );
    const inspection = { disk: damaged, directory: '/log', clock };
    const sequences: number[] = [];
    const damages: number[] = [];
    for await (const { sequence } of dumpWal(inspection, { onDamage: (one) => void damages.push(one.firstSequence) }))
      sequences.push(sequence);
    expect([sequences, damages]).toEqual([[2, 3, 4, 5, 6], [1]]);
    await expect(async () => {
      for await (const _ of dumpWal(inspection)) expect(_.sequence).toBe(1);
    }).rejects.toMatchObject({ code: 'WAL_CORRUPT' });
  });

  it('tells how far it has come, up to the whole', async () => {
    const disk = await madeLog(60, 300);
    const seen: (readonly [number, number])[] = [];
    const onProgress = (done: number, total: number) => void seen.push([done, total]);
    const { bytesScanned } = await inspectWal({ disk, directory: '/log', clock, onProgress, options: SMALL });
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.at(-1)).toEqual([bytesScanned, bytesScanned]);
    expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).sort((a, b) => a - b));
  });

  it('a log that is not there is an error with a code', async () => {
    const missing = withCalls(new MemoryDisk(), { list: () => Promise.reject(systemError('ENOENT', '/none')) });
    await expect(dumpWal({ disk: missing, directory: '/none', clock }).next()).rejects.toMatchObject({
      code: 'WAL_ABSENT',
    });
  });

  it('soaks a disk: everything read back is what was written', async () => {
    const random = new SeededRandom(5);
    const ticking = new FakeClock();
    const tick = () => {
      ticking.advance(1);
      return ticking.monoMs();
    };
    const clock = { wallMs: () => ticking.wallMs(), monoMs: tick };
    const soak = (disk: MemoryDisk) =>
      soakWal({
        setup: {
          disk,
          directory: '/soak',
          clock,
          options: SMALL,
        },
        random: () => random.fraction(),
        budgetMs: 4000,
        payloadBytesMax: 64,
        injectEvery: 2,
      });
    const report = await soak(new MemoryDisk());
    expect(report).toMatchObject({ mismatches: 0, verified: report.appended });
    expect(report.reopened).toBeGreaterThan(1);
    expect(report.injections).toBe(Math.floor(report.reopened / 2));
    expect(report.repaired).toBe(report.injections);
  });
});
