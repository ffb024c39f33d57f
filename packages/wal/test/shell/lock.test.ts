import { describe, expect, it } from 'vitest';
import { lockName } from '../../src/core/layout.js';
import type { HolderState } from '../../src/ports.js';
import { lockHolder, WalLock } from '../../src/shell/wal-lock.js';
import { MemoryDisk } from '../../src/testing.js';
import { bytes, DIRECTORY } from '../support/logs.js';

const lockFile = (generation: number): string => `${DIRECTORY}/${lockName(generation)}`;

class Machine extends MemoryDisk {
  state: HolderState = 'dead';
  override async holderState(_identity: string): Promise<HolderState> {
    return this.state;
  }
}

describe('the lock', () => {
  it('WA-15: is refused while its holder lives or may live, and taken when he is dead', async () => {
    for (const [state, code] of [
      ['alive', 'WAL_LOCKED'],
      ['unknown', 'WAL_LOCKED'],
      ['dead', undefined],
    ] as const) {
      const disk = new Machine(new Map([[lockFile(7), bytes('somebody\n')]]), 'me');
      disk.state = state;
      const outcome = await WalLock.take(disk, DIRECTORY).catch((error: { code: string; holder: string }) => error);
      expect(outcome instanceof WalLock ? undefined : [outcome.code, outcome.holder]).toEqual(
        code && [code, 'somebody'],
      );
    }
  });

  it('a crash between creating and writing the file holds nobody up', async () => {
    const disk = new Machine(new Map([[lockFile(3), bytes('half an iden')]]), 'me');
    disk.state = 'alive';
    await WalLock.take(disk, DIRECTORY);
    expect([...disk.image().keys()]).toEqual([lockFile(4)]);
  });

  it('of many that take over a dead lock at once, exactly one wins, whatever the order of their steps', async () => {
    for (let round = 0; round < 50; round += 1) {
      const disk = new Machine(new Map([[lockFile(1), bytes('dead\n')]]), 'x');
      disk.holderState = async (identity) => (identity === 'dead' ? 'dead' : 'alive');
      const contenders = Array.from({ length: 5 }, async (_, at) => {
        for (let turn = 0; turn < (round * (at + 1)) % 17; turn += 1) await undefined;
        return WalLock.take(disk, DIRECTORY);
      });
      const outcomes = await Promise.allSettled(contenders);
      const held = outcomes.filter(({ status }) => status === 'fulfilled').length;
      expect([round, held]).toEqual([round, 1]);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'WAL_LOCKED' });
    }
  });

  it('tells who holds it without taking it: the highest generation counts, a torn file is nobody', async () => {
    const disk = new Machine(
      new Map([
        [lockFile(2), bytes('old\n')],
        [lockFile(3), bytes('somebody\n')],
      ]),
      'me',
    );
    const before = [...disk.image().keys()];
    for (const state of ['alive', 'unknown', 'dead'] as const) {
      disk.state = state;
      expect(await lockHolder(disk, DIRECTORY)).toEqual({ identity: 'somebody', state });
    }
    expect([...disk.image().keys()]).toEqual(before);
    expect(
      await lockHolder(new Machine(new Map([[lockFile(3), bytes('half an iden')]]), 'me'), DIRECTORY),
    ).toBeUndefined();
    const free = new Machine();
    await (await WalLock.take(free, DIRECTORY)).release();
    expect(await lockHolder(free, DIRECTORY)).toBeUndefined();
  });

  it('is gone after release', async () => {
    const disk = new Machine();
    const lock = await WalLock.take(disk, DIRECTORY);
    await lock.release();
    await lock.release();
    expect(disk.image().size).toBe(0);
  });
});
