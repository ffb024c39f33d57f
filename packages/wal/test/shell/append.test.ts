import { describe, expect, it } from 'vitest';
import type { DiskFile } from '../../src/ports.js';
import { MemoryDisk } from '../../src/testing.js';
import { bytes, contents, open } from '../support/logs.js';

/** A disk on which the syncs of segments wait until the test lets them go. */
class GatedDisk extends MemoryDisk {
  syncs = 0;
  #waiting: (() => void)[] = [];

  release(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  override async open(path: string, how: 'read' | 'write' | 'create'): Promise<DiskFile> {
    const file = await super.open(path, how);
    if (!path.endsWith('.wal')) return file;
    const sync = () =>
      new Promise<void>((resolve) => {
        this.syncs += 1;
        this.#waiting.push(resolve);
      });
    return {
      sizeBytes: () => file.sizeBytes(),
      read: (into, position) => file.read(into, position),
      write: (piece, position) => file.write(piece, position),
      truncate: (size) => file.truncate(size),
      close: () => file.close(),
      sync,
    };
  }
}

const turns = async (count = 60): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await undefined;
};

describe('append', () => {
  it('resolves only after the sync, and those that arrive meanwhile share the next one', async () => {
    const disk = new GatedDisk();
    const { wal } = await open(disk);
    const done: number[] = [];
    const append = (name: string) => wal.append(bytes(name)).then(({ sequence }) => void done.push(sequence));
    const appends = [append('a'), append('b')];
    await turns();
    appends.push(append('c'), append('d'), append('e'));
    await turns();
    expect([disk.syncs, done]).toEqual([1, []]);
    disk.release();
    await turns();
    expect([disk.syncs, done]).toEqual([2, [1, 2]]);
    disk.release();
    await Promise.all(appends);
    expect(done).toEqual([1, 2, 3, 4, 5]);
    expect(wal.stats()).toMatchObject({ commitsTotal: 2, appendedTotal: 5 });
  });

  it('owns the payload from the call on', async () => {
    const { wal } = await open(new MemoryDisk());
    const payload = bytes('before');
    const appended = wal.append(payload);
    payload.fill(0);
    await appended;
    expect(await contents(wal)).toEqual(['1 before']);
  });

  it('WA-03: a record over the limit, a bad issue time and a full queue are refused with nothing written', async () => {
    const { wal } = await open(new MemoryDisk(), { recordBytesMax: 10, queueRecordsMax: 2 });
    await expect(wal.append(new Uint8Array(11))).rejects.toMatchObject({ code: 'WAL_RECORD_TOO_LARGE' });
    for (const issuedAtMs of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(wal.append(new Uint8Array(1), { issuedAtMs })).rejects.toMatchObject({
        code: 'WAL_ISSUE_TIME_INVALID',
      });
    }
    const outcomes = await Promise.allSettled([1, 2, 3].map((at) => wal.append(new Uint8Array(at))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes[2]).toMatchObject({ reason: { code: 'WAL_QUEUE_FULL' } });
    expect(wal.stats()).toMatchObject({ appendedTotal: 2, rejectedTotal: 7, lastSequence: 2 });
    await wal.append(new Uint8Array(10));
    await wal.close();
  });

  it('the queue is bounded in bytes too, but a single record always fits', async () => {
    const { wal } = await open(new MemoryDisk(), { queueBytesMax: 10 });
    const outcomes = await Promise.allSettled([wal.append(new Uint8Array(20)), wal.append(new Uint8Array(1))]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('begins a new segment when the next record would not fit, and reads across them from anywhere', async () => {
    const { wal, events } = await open(new MemoryDisk(), { segmentBytesMax: 4096 });
    for (let at = 1; at <= 20; at += 1) await wal.append(bytes(`${at}`.padEnd(500, '.')));
    expect(wal.stats().segments).toBe(4);
    expect(events.filter(({ name }) => name === 'wal.segment_started')).toHaveLength(4);
    expect((await contents(wal, 18)).map((line) => line.split(' ')[0])).toEqual(['18', '19', '20']);
    expect(await contents(wal)).toHaveLength(20);
  });

  it('a record larger than a segment goes into one of its own', async () => {
    const { wal } = await open(new MemoryDisk(), { segmentBytesMax: 4096, batchBytesMax: 4096 });
    await wal.append(bytes('a'));
    await wal.append(new Uint8Array(9000));
    await wal.append(bytes('b'));
    expect(wal.stats().segments).toBe(3);
    expect((await contents(wal)).map((line) => line.length)).toEqual([3, 9002, 3]);
  });

  it('FF-04: written durability is announced, counted, and durable at the latest with close', async () => {
    const disk = new MemoryDisk();
    const { wal, events } = await open(disk, { durability: 'written' });
    expect(events.map(({ name }) => name)).toContain('wal.durability_reduced');
    await wal.append(bytes('a'));
    expect(wal.stats()).toMatchObject({
      durability: 'written',
      acknowledgedNotDurableTotal: 1,
      durableThrough: 0,
      lastSequence: 1,
    });
    await wal.close();
    expect(wal.stats().durableThrough).toBe(1);
  });

  it('close waits for what was appended, may be called twice, and refuses what comes after', async () => {
    const { wal } = await open(new MemoryDisk());
    const appended = wal.append(bytes('a'));
    await Promise.all([wal.close(), wal.close()]);
    expect(await appended).toEqual({ sequence: 1 });
    await expect(wal.append(bytes('b'))).rejects.toMatchObject({ code: 'WAL_CLOSED' });
    await expect(wal.retain({ cutoffMs: 1, nowMs: 2 })).rejects.toMatchObject({ code: 'WAL_CLOSED' });
    expect(wal.stats().state).toBe('closed');
  });

  it('an observer that throws changes nothing and is counted', async () => {
    const { openWal } = await import('../../src/index.js');
    const { FakeClock } = await import('@esper/testkit');
    const observe = () => {
      throw new Error('observer');
    };
    const wal = await openWal({ disk: new MemoryDisk(), directory: '/log', clock: new FakeClock(), observe });
    await wal.append(bytes('a'));
    expect(wal.stats().observerFailuresTotal).toBeGreaterThan(0);
  });
});
