import { FakeClock, SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { openWal, type Wal, WalError, type WalEvent } from '../../src/index.js';
import { CrashDisk, type DiskCall, type Fault, MemoryDisk } from '../../src/testing.js';
import { bytes, contents, DIRECTORY, open, SMALL } from '../support/logs.js';

const FAULTS: readonly Fault[] = ['EIO', 'ENOSPC', 'EINTR', 'short'];

interface Outcome {
  readonly disk: CrashDisk;
  readonly calls: readonly DiskCall[];
  readonly acked: ReadonlyMap<number, string>;
}

/** One small life of a log, with the given calls failing. Anything but a typed error ends the test. */
async function life(faults: ReadonlyMap<number, Fault>, seed = 1): Promise<Outcome> {
  const calls: DiskCall[] = [];
  const acked = new Map<number, string>();
  const disk = new CrashDisk({
    chance: new SeededRandom(seed),
    fault: (call, _, index) => {
      calls.push(call);
      return faults.get(index);
    },
  });
  const typed = async <T>(outcome: Promise<T>): Promise<T | undefined> => {
    try {
      return await outcome;
    } catch (error) {
      if (!(error instanceof WalError)) throw error;
      expect(error.code).not.toBe('WAL_CORRUPT');
      return undefined;
    }
  };
  const wal = await typed(openWal({ disk, directory: DIRECTORY, clock: new FakeClock(), options: SMALL }));
  if (wal === undefined) return { disk, calls, acked };
  for (let at = 1; at <= 8; at += 1) {
    const name = `r${at}`.padEnd(700, '.');
    const appended = await typed(wal.append(bytes(name), { issuedAtMs: 1000 + at }));
    if (appended !== undefined) acked.set(appended.sequence, name);
  }
  await typed(wal.close());
  return { disk, calls, acked };
}

/** Nothing acknowledged may be gone, neither after a crash nor when the process just ended. */
async function check({ disk, acked }: Outcome, what: string): Promise<void> {
  for (const image of [disk.crash(0), disk.crash(0.5), disk.kill()]) {
    const { wal } = await open(new MemoryDisk(image, 'after'));
    const found = new Set(await contents(wal));
    for (const [sequence, name] of acked) expect([what, found.has(`${sequence} ${name}`)]).toEqual([what, true]);
    await wal.close();
  }
}

describe('a disk that fails', () => {
  it('at every call, with every fault: what was acknowledged stays, and every error has a code', async () => {
    const { calls } = await life(new Map());
    expect(calls.length).toBeGreaterThan(40);
    for (const [index, call] of calls.entries()) {
      for (const fault of FAULTS)
        await check(await life(new Map([[index, fault]])), `${fault} at call ${index} (${call})`);
    }
  });

  it('D-11b: in pairs, near and far apart, the same holds', async () => {
    const { calls } = await life(new Map());
    const random = new SeededRandom(2);
    for (let pair = 0; pair < 600; pair += 1) {
      const first = random.int(0, calls.length - 1);
      const second = random.chance(0.5) ? first + random.int(1, 4) : random.int(0, calls.length + 10);
      const faults = new Map([
        [first, random.pick(FAULTS)],
        [second, random.pick(FAULTS)],
      ]);
      await check(await life(faults, pair), `pair ${pair}: ${JSON.stringify([...faults])}`);
    }
  });

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

  it('a write that is interrupted or short is carried on', async () => {
    let writes = 0;
    const faults: readonly (Fault | undefined)[] = ['EINTR', 'short', 'EAGAIN', 'short'];
    const { wal } = await failing((call) => (call === 'write' ? faults[writes++] : undefined));
    await wal.append(bytes('whole'.repeat(100)));
    expect(wal.stats().segments).toBe(1);
    expect(await contents(wal)).toEqual([`1 ${'whole'.repeat(100)}`]);
  });

  it('a read that fails while a log is opened counts as damage in that piece alone', async () => {
    const { disk } = await life(new Map());
    let reads = 0;
    const failingRead = new CrashDisk(
      {
        chance: new SeededRandom(5),
        fault: (call, path) => (call === 'read' && path.endsWith('2.wal') && reads++ >= 1 ? 'EIO' : undefined),
      },
      disk.kill(),
    );
    const { wal } = await open(failingRead, { recovery: 'salvage' }).catch(() => ({ wal: undefined }));
    expect(wal?.recovery.damages.every(({ cause }) => cause === 'unreadable') ?? true).toBe(true);
  });
});
