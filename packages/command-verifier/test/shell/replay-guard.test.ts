import { FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import {
  createKeyRing,
  createReplayGuard,
  createSealer,
  createVerifier,
  type OpenedJournal,
  type ReplayOptions,
} from '../../src/index.js';
import { makeBench, makeKey, pauseDraft, START_MS, seededIds, verdict } from '../support/fixtures.js';
import { MemoryJournal } from '../support/memory-journal.js';

/** An issuer that outlives its consumer, and a consumer that can be restarted. */
function makeRestartable() {
  const clock = new FakeClock(START_MS);
  const keyRing = createKeyRing([makeKey('key-a')]);
  const sealer = createSealer({ keyRing, clock, ids: seededIds() });
  let sequence = 0;
  const seal = (trainingRunId = 'run-1') => {
    sequence += 1;
    const request = { trainingRunId, consumer: 'kasmina', issuerEpoch: 1, sequence, expiresInMs: 60_000 };
    return sealer.seal(pauseDraft, request).bytes;
  };
  const start = (opened?: OpenedJournal, options: ReplayOptions = {}) =>
    createVerifier({
      keyRing,
      clock,
      replay: createReplayGuard({
        clock,
        options: { capacity: 1000, ...options },
        ...(opened === undefined ? {} : { opened }),
      }),
      audience: { trainingRunId: 'any', consumer: 'kasmina' },
    });
  return { clock, seal, start };
}

describe('replay guard', () => {
  it('without a journal, a restart refuses everything from before it', async () => {
    const { clock, seal, start } = makeRestartable();
    const old = seal();
    expect(await verdict(start(), old)).toBe('ok');
    clock.advance(10);
    const restarted = start();
    expect(await verdict(restarted, old)).toBe('issued_before_watermark');
    expect(await verdict(restarted, seal())).toBe('ok');
  });

  it('a journal that was never written refuses what is from before it too', async () => {
    const { clock, seal, start } = makeRestartable();
    const old = seal();
    clock.advance(1);
    expect(await verdict(start(new MemoryJournal().opened()), old)).toBe('issued_before_watermark');
  });

  it('D-32: with a journal, nothing is accepted twice across a restart, and the cost is one lead', async () => {
    const { clock, seal, start } = makeRestartable();
    const journal = new MemoryJournal();
    const first = start(journal.opened());
    const sent: Uint8Array[] = [];
    for (let n = 0; n < 300; n++) {
      clock.advance(20);
      const bytes = seal();
      sent.push(bytes);
      expect(await verdict(first, bytes)).toBe('ok');
    }
    const second = start(journal.opened());
    for (const bytes of sent) expect(await verdict(second, bytes)).not.toBe('ok');
    let refusedGoodMs = 0;
    clock.advance(1);
    while ((await verdict(second, seal())) !== 'ok') {
      clock.advance(20);
      refusedGoodMs += 20;
    }
    expect(refusedGoodMs).toBeLessThanOrEqual(1000);
  });

  it('after a clock that went back an hour and a restart, the sequence number lets good commands through', async () => {
    const { clock, seal, start } = makeRestartable();
    const journal = new MemoryJournal();
    const first = start(journal.opened());
    const before = seal();
    expect(await verdict(first, before)).toBe('ok');
    clock.jumpWall(-3_600_000);
    const second = start(journal.opened());
    let refusedGood = 0;
    while ((await verdict(second, seal())) !== 'ok') refusedGood += 1;
    expect(refusedGood).toBeLessThanOrEqual(3);
    clock.jumpWall(3_600_000);
    expect(await verdict(second, before)).toBe('sequence_not_rising');
  });

  it('a clock that goes forth and back inside the process opens nothing and costs nothing', async () => {
    const { clock, seal, start } = makeRestartable();
    const verifier = start();
    const sent: Uint8Array[] = [];
    for (const jumpMs of [0, 3_600_000, -3_600_000, -7_200_000, 7_200_000, 86_400_000 / 2, -86_400_000 / 2]) {
      clock.jumpWall(jumpMs);
      for (let n = 0; n < 5; n++) {
        clock.advance(40_000);
        sent.push(seal());
        expect(await verdict(verifier, sent.at(-1) as Uint8Array)).toBe('ok');
        for (const bytes of sent) expect(await verdict(verifier, bytes)).not.toBe('ok');
      }
    }
  });

  it('counts clock steps', async () => {
    const { clock, seal } = makeRestartable();
    const guard = createReplayGuard({ clock });
    const keyRing = createKeyRing([makeKey('key-a')]);
    const verifier = createVerifier({
      keyRing,
      clock,
      replay: guard,
      audience: { trainingRunId: 'any', consumer: 'kasmina' },
    });
    for (const jumpMs of [0, 1000, -1000, 1001, -5000, 0]) {
      clock.advance(500);
      clock.jumpWall(jumpMs);
      await verifier.verify(seal());
    }
    expect(guard.snapshot().clockStepsTotal).toBe(2);
  });

  it('a journal that fails refuses the command, which stays claimed', async () => {
    const { clock, seal, start } = makeRestartable();
    const journal = new MemoryJournal();
    const verifier = start(journal.opened());
    journal.fail = new Error('disk full');
    const bytes = seal();
    const refused = await verifier.verify(bytes);
    expect(refused).toEqual({
      ok: false,
      error: {
        reason: 'replay_journal_failed',
        keyId: 'key-a',
        identity: expect.objectContaining({ trainingRunId: 'run-1', sequence: 1, ageMs: 0 }),
        cause: journal.fail,
      },
    });
    journal.fail = undefined;
    expect(await verdict(verifier, bytes)).toBe('nonce_replayed');
    clock.advance(1);
    expect(await verdict(verifier, seal())).toBe('ok');
  });

  it('a command is released only after its step is stored', async () => {
    const { seal, start } = makeRestartable();
    let stored = (): void => undefined;
    const append = () =>
      new Promise<void>((resolve) => {
        stored = resolve;
      });
    const verifier = start({ journal: { append }, steps: [] });
    let released = false;
    const pending = verifier.verify(seal()).then((result) => {
      released = true;
      return result.ok;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(released).toBe(false);
    stored();
    expect(await pending).toBe(true);
  });

  it('claims that wait share steps, and their number is bounded', async () => {
    const { seal, start } = makeRestartable();
    let open = (): void => undefined;
    const wait = new Promise<void>((resolve) => {
      open = resolve;
    });
    const steps: unknown[] = [];
    const journal = {
      append: (step: unknown) => {
        steps.push(step);
        return wait;
      },
    };
    const verifier = start({ journal, steps: [] }, { waitingMax: 50 });
    const pending = Array.from({ length: 60 }, () => verdict(verifier, seal()));
    open();
    const verdicts = await Promise.all(pending);
    expect(verdicts.filter((answer) => answer === 'ok')).toHaveLength(50);
    expect(verdicts.filter((answer) => answer === 'replay_journal_failed')).toHaveLength(10);
    expect(steps.length).toBeLessThan(15);
  });

  it('two copies at the same time: one is accepted', async () => {
    const { seal, start } = makeRestartable();
    const verifier = start(new MemoryJournal().opened());
    const bytes = seal();
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => verdict(verifier, bytes)));
    expect(verdicts.filter((answer) => answer === 'ok')).toHaveLength(1);
  });

  it('a full memory refuses and says so, and maintenance tells that it was full', async () => {
    const { clock, seal } = makeRestartable();
    const guard = createReplayGuard({ clock, options: { capacity: 2 } });
    const keyRing = createKeyRing([makeKey('key-a')]);
    const verifier = createVerifier({
      keyRing,
      clock,
      replay: guard,
      audience: { trainingRunId: 'any', consumer: 'kasmina' },
    });
    expect(await verdict(verifier, seal())).toBe('ok');
    expect(await verdict(verifier, seal())).toBe('ok');
    expect(await verdict(verifier, seal())).toBe('replay_memory_full');
    clock.advance(300_001);
    expect(guard.maintain()).toEqual({ removed: 2, size: 0, wasFull: true });
    expect(guard.maintain()).toEqual({ removed: 0, size: 0, wasFull: false });
    expect(await verdict(verifier, seal())).toBe('ok');
  });

  it.each([
    [{ capacity: 0 }, 'capacity must be a whole number from 1 to 67108864, got 0'],
    [{ perKeyMax: Number.NaN }, 'perKeyMax'],
    [{ runsMax: -1 }, 'runsMax'],
    [{ retentionMs: 1.5 }, 'retentionMs'],
    [{ hashSeed: 2 ** 32 }, 'hashSeed'],
    [{ leadMs: 2001 }, 'leadMs must be a whole number from 1 to 2000, got 2001'],
    [{ waitingMax: Number.POSITIVE_INFINITY }, 'waitingMax'],
    [{ sequence: 'falling' as never }, "sequence must be 'rising' or 'any', got falling"],
  ])('refuses %o by name', (options, message) => {
    expect(() => createReplayGuard({ clock: new FakeClock(), options })).toThrow(message);
  });

  it('sequence `any` lets commands overtake each other', async () => {
    const { seal, start } = makeRestartable();
    const verifier = start(undefined, { sequence: 'any' });
    const [first, second] = [seal(), seal()];
    expect(await verdict(verifier, second)).toBe('ok');
    expect(await verdict(verifier, first)).toBe('ok');
    expect(await verdict(makeBench().verifier, first)).toBe('ok');
  });
});
