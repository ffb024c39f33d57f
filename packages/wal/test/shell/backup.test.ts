import { FakeClock, SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { dumpWal, openWal, restoreWal, soakWal } from '../../src/index.js';
import { MemoryDisk } from '../../src/testing.js';
import { bytes, changed, contents, flipped, madeLog, open, SMALL } from '../support/logs.js';

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
      });
    const report = await soak(new MemoryDisk());
    expect(report).toMatchObject({ mismatches: 0, verified: report.appended });
    expect(report.reopened).toBeGreaterThan(0);
  });
});
