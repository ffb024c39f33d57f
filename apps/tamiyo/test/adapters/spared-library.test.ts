import { createWorker } from '@esper/async-worker';
import { nodeWorkerPorts } from '@esper/async-worker/node';
import { monoMs } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { buildPacket } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { librarySettings } from '../../src/adapters/library-settings.js';
import { SparedLibrary, type SparedLibraryLimits } from '../../src/adapters/spared-library.js';
import { engineFixture, FakeLibrary } from '../support/engine-fixture.js';
import { configOf } from '../support/told-fixture.js';

const FEW: SparedLibraryLimits = { abandonedMax: 2, forgetAfterMs: 1_000 };

/** A spared library under a clock by hand, and look-ups that are given up at once. */
function bench(limits: SparedLibraryLimits = FEW) {
  const library = new FakeLibrary();
  let now = 0;
  const spared = new SparedLibrary(library, { monoMs: () => monoMs(now) }, limits);
  const giveUp = async () => {
    const caller = new AbortController();
    const answer = spared.candidates(caller.signal);
    caller.abort(new Error('too late'));
    await expect(answer).rejects.toThrow('too late');
  };
  return { library, spared, giveUp, pass: (ms: number) => (now += ms) };
}

describe('a library that does not answer', () => {
  it('a look-up that hangs for good keeps no place: with one place, the packet after it is decided (regression)', async () => {
    const worker = createWorker({ ...nodeWorkerPorts(), concurrencyMax: 1, shutdownGraceMs: 0 });
    const library = new FakeLibrary();
    const spared = new SparedLibrary(library, systemClock, FEW);
    const fixture = engineFixture({ ports: { worker, blueprints: spared }, settings: { metadataDeadlineMs: 200 } });
    // The short deadline of the engine is for the library that hangs.
    fixture.library.hanging = true;
    library.hanging = true;
    const hung = await fixture.engine.decide('run-1', buildPacket({ packetId: 'p-1' }));
    expect(hung).toMatchObject({ ok: false, error: { code: 'TIMEOUT_URZA' } });
    library.hanging = false;
    fixture.library.hanging = false;
    expect(
      await fixture.engine.decide('run-2', buildPacket({ packetId: 'p-2', trainingRunId: 'run-2' })),
    ).toMatchObject({ ok: true });
    expect(worker.stats()).toMatchObject({ running: 0, lingering: 0, queued: 0 });
    expect(spared.stats()).toEqual({ abandoned: 1, abandonedTotal: 1, refusedTotal: 0 });
  });

  it('is asked nothing more once too many hang, says so, and is tried again after a while', async () => {
    const { library, spared, giveUp, pass } = bench();
    library.hanging = true;
    await giveUp();
    await giveUp();
    await expect(spared.candidates()).rejects.toMatchObject({
      code: 'CATALOGUE_FAILED',
      message: expect.stringContaining('2 look-ups'),
      facts: { reason: 'urza_failure' },
    });
    expect(library.lookups).toBe(2);
    expect(spared.stats()).toEqual({ abandoned: 2, abandonedTotal: 2, refusedTotal: 1 });
    pass(FEW.forgetAfterMs);
    library.hanging = false;
    expect(await spared.candidates()).toHaveLength(1);
    expect(spared.stats()).toEqual({ abandoned: 0, abandonedTotal: 2, refusedTotal: 1 });
  });

  it.each([
    [{}, 64, 10_000],
    [{ TAMIYO_LIBRARY_ABANDONED_MAX: '3' }, 3, 10_000],
    [{ TAMIYO_LIBRARY_ABANDONED_MAX: '1', TAMIYO_LIBRARY_FORGET_AFTER_MS: '500' }, 1, 500],
  ])('under %j it is left alone from %i hanging look-ups on, for %i ms', async (environment, most, afterMs) => {
    const { library, spared, giveUp, pass } = bench(librarySettings(configOf({ environment }).values));
    library.hanging = true;
    for (let hung = 0; hung < most; hung += 1) await giveUp();
    const isRefused = () =>
      spared.candidates(AbortSignal.abort(new Error('asked'))).then(
        () => false,
        (cause: Error) => cause.message !== 'asked',
      );
    expect(await isRefused()).toBe(true);
    pass(afterMs - 1);
    expect(await isRefused()).toBe(true);
    pass(1);
    expect(await isRefused()).toBe(false);
  });

  it('a late answer, and a late failure, give their count back', async () => {
    const { library, spared, giveUp } = bench();
    const late: ((failure?: Error) => void)[] = [];
    library.candidates = () =>
      new Promise((resolve, reject) => late.push((failure) => (failure ? reject(failure) : resolve([]))));
    await giveUp();
    await giveUp();
    late[0]?.();
    late[1]?.(new Error('gone'));
    await new Promise(setImmediate);
    expect(spared.stats()).toEqual({ abandoned: 0, abandonedTotal: 2, refusedTotal: 0 });
  });
});
