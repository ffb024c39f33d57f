import { describe, expect, it } from 'vitest';
import { MemoryDisk } from '../../src/testing.js';
import { bytes, contents, madeLog, open, segmentsOf } from '../support/logs.js';

/** 40 records of 200 bytes, issued at 1,001 … 1,040 ms, in four segments. */
const log = () => madeLog(40, 200);
const NOW = 1_000_000;

describe('retention', () => {
  it('WA-05: whole segments go when every record in them is older than the cut-off; one issued exactly then stays', async () => {
    const disk = await log();
    const { wal, events } = await open(disk);
    const firsts = segmentsOf(disk.image()).map((path) => Number.parseInt(path.slice(-18, -4), 16));
    const boundary = (firsts[1] as number) - 1;
    expect((await wal.retain({ cutoffMs: 1000 + boundary, nowMs: NOW })).deletedSegments).toEqual([]);
    const report = await wal.retain({ cutoffMs: 1000 + boundary + 1, nowMs: NOW });
    expect(report).toMatchObject({
      applied: true,
      deletedRecords: boundary,
      firstSequence: boundary + 1,
      problems: [],
    });
    expect(report.deletedSegments).toHaveLength(1);
    expect(await contents(wal)).toHaveLength(40 - boundary);
    expect(events.map(({ name }) => name)).toContain('wal.segment_deleted');
    await wal.close();
    const again = await open(disk, { recovery: 'strict' });
    expect(again.wal.recovery).toMatchObject({ firstSequence: boundary + 1, damages: [] });
    await again.wal.close();
  });

  it('WA-04: a segment that has partly expired is rewritten without its beginning', async () => {
    const disk = await log();
    const { wal, events } = await open(disk);
    const report = await wal.retain({ cutoffMs: 1030, nowMs: NOW, partial: true });
    expect(report).toMatchObject({ firstSequence: 30, deletedRecords: 29 });
    expect(report.rewrittenSegments).toHaveLength(1);
    expect(events.map(({ name }) => name)).toContain('wal.segment_rewritten');
    expect((await contents(wal))[0]?.startsWith('30 r30')).toBe(true);
    await wal.append(bytes('more'));
    await wal.close();
    const again = await open(disk, { recovery: 'strict' });
    expect(await contents(again.wal)).toHaveLength(12);
    await again.wal.close();
  });

  it('a crash at any step of a rewrite loses nothing that is kept', async () => {
    const { CrashDisk } = await import('../../src/testing.js');
    const { SeededRandom } = await import('@esper/testkit');
    const images: ReturnType<MemoryDisk['image']>[] = [];
    const disk: InstanceType<typeof CrashDisk> = new CrashDisk(
      {
        chance: new SeededRandom(8),
        onChange: () => void images.push(...[0, 0.5, 1].map((keep) => disk.crash(keep))),
      },
      (await log()).image(),
    );
    const { wal } = await open(disk);
    await wal.retain({ cutoffMs: 1030, nowMs: NOW, partial: true });
    expect(images.length).toBeGreaterThan(30);
    for (const image of images) {
      const after = await open(new MemoryDisk(image, 'after'));
      const kept = (await contents(after.wal)).map((line) => Number(line.split(' ')[0]));
      expect(kept.filter((sequence) => sequence >= 30)).toEqual(Array.from({ length: 11 }, (_, at) => 30 + at));
      await after.wal.close();
    }
  });

  it('FF-02: in shadow mode the report says what would go, and nothing goes; off does not even look', async () => {
    const disk = await log();
    const { wal } = await open(disk, { rewrite: 'shadow' });
    const before = segmentsOf(disk.image());
    const report = await wal.retain({ cutoffMs: 1030, nowMs: NOW, partial: true });
    expect(report).toMatchObject({ applied: false, firstSequence: 30 });
    expect(report.deletedSegments.length + report.rewrittenSegments.length).toBeGreaterThan(1);
    expect(segmentsOf(disk.image())).toEqual(before);
    expect(await contents(wal)).toHaveLength(40);
    await wal.close();
    const off = await open(disk, { rewrite: 'off' });
    expect(await off.wal.retain({ cutoffMs: 1025, nowMs: NOW })).toMatchObject({ applied: false, deletedSegments: [] });
    await off.wal.close();
    const on = await open(disk, { rewrite: 'on' });
    expect((await on.wal.retain({ cutoffMs: 1025, nowMs: NOW })).deletedSegments.length).toBeGreaterThan(0);
    await on.wal.close();
  });

  it('WA-06: a record without an issue time keeps its segment, and is reported each time', async () => {
    const { wal, events } = await open(new MemoryDisk());
    await wal.append(new Uint8Array(3000), { issuedAtMs: 1000 });
    await wal.append(new Uint8Array(3000));
    await wal.append(new Uint8Array(3000), { issuedAtMs: 1000 });
    const report = await wal.retain({ cutoffMs: 5000, nowMs: NOW });
    expect(report.deletedSegments).toHaveLength(1);
    expect(report.problems).toMatchObject([{ problem: 'absent', records: 1, firstSequence: 2 }]);
    expect(events.map(({ name }) => name)).toContain('wal.retention_problem');
    await wal.close();
  });

  it('WA-07: a record from the future keeps its segment, and is reported', async () => {
    const { wal } = await open(new MemoryDisk());
    await wal.append(new Uint8Array(3000), { issuedAtMs: NOW + 300_001 });
    await wal.append(new Uint8Array(3000), { issuedAtMs: 1000 });
    expect(await wal.retain({ cutoffMs: 5000, nowMs: NOW })).toMatchObject({
      deletedSegments: [],
      problems: [{ problem: 'future', latestMs: NOW + 300_001 }],
    });
    expect((await wal.retain({ cutoffMs: 5000, nowMs: NOW, futureToleranceMs: 300_001 })).problems).toEqual([]);
    await wal.close();
  });

  it('keeps what the caller still needs, however old', async () => {
    const { wal } = await open(await log());
    const report = await wal.retain({ cutoffMs: 2000, nowMs: NOW, keepFromSequence: 15, partial: true });
    expect(report.firstSequence).toBe(15);
    await wal.close();
  });

  it('refuses a window that ends now, later, or nowhere', async () => {
    const { wal } = await open(await log());
    for (const cutoffMs of [NOW, NOW + 1, Number.NaN, -1]) {
      await expect(wal.retain({ cutoffMs, nowMs: NOW })).rejects.toThrow(RangeError);
    }
    await wal.close();
  });

  it('WA-08: finishes a deletion that a crash interrupted', async () => {
    const image = (await log()).image();
    const disk = new MemoryDisk(image);
    const { wal } = await open(disk);
    await wal.retain({ cutoffMs: 1025, nowMs: NOW });
    await wal.close();
    const [oldest] = segmentsOf(image) as [string];
    const halfway = new MemoryDisk(new Map([...disk.image(), [oldest, image.get(oldest) as Uint8Array]]));
    const again = await open(halfway, { recovery: 'strict' });
    expect(halfway.image().has(oldest)).toBe(false);
    expect(again.wal.stats().firstSequence).toBeGreaterThan(1);
    await again.wal.close();
  });
});
