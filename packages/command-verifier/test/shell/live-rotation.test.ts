import type { UnixMs } from '@esper/std';
import { FakeClock, tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import {
  createKeyRing,
  createReplayGuard,
  createSealer,
  createVerifier,
  type KeyRingHolder,
  promoteKey,
  type TrustedKey,
  type Verifier,
} from '../../src/index.js';
import { createKeyFolder, loadKeyFolder, promoteKeyInFolder, stageKey } from '../../src/node.js';
import { DAY_MS, makeKey, pauseDraft, START_MS, seededIds } from '../support/fixtures.js';
import { MemoryJournal } from '../support/memory-journal.js';

const OVERLAP_MS = 70_000;
const STEP_MS = 100;
/** Steps a command spends on its way. */
const FLIGHT_STEPS = 20;

/** Keys on their way through rotations: first the consumer learns the next key, then the issuer uses it. */
class Rotation {
  #keys: readonly TrustedKey[] = [makeKey('key-0')];
  readonly issuer = createKeyRing(this.#keys);
  readonly consumer = createKeyRing(this.#keys);

  /** One step of a thousand; each thousand is one rotation. */
  step(step: number, at: UnixMs): void {
    const next = `key-${Math.floor(step / 1000) + 1}`;
    switch (step % 1000) {
      case 100:
        this.#keys = [...this.#keys, makeKey(next, { state: 'next' })];
        this.consumer.replace(this.#keys);
        return;
      case 200:
        this.#keys = promoteKey(this.#keys, next, { at, overlapMs: OVERLAP_MS }) ?? [];
        this.issuer.replace(this.#keys);
        return;
      case 500:
        // The consumer learns of the promotion late: it verifies with next, current and retired keys alike.
        this.consumer.replace(this.#keys);
        return;
      default:
    }
  }
}

interface LoadParts {
  readonly clock: FakeClock;
  readonly issuer: KeyRingHolder;
  readonly consumer: KeyRingHolder;
}

/** Seals and verifies without a pause while something else happens; commands arrive some time after they were sealed. */
function startLoad({ clock, issuer, consumer }: LoadParts) {
  const audience = { trainingRunId: 'run-1', consumer: 'kasmina' };
  const sealer = createSealer({ keyRing: issuer, clock, ids: seededIds() });
  const opened = new MemoryJournal().opened();
  const verifier = createVerifier({
    keyRing: consumer,
    clock,
    replay: createReplayGuard({ clock, opened }),
    audience,
  });
  const inFlight: Uint8Array[] = [];
  const verdicts: Awaited<ReturnType<Verifier['verify']>>[] = [];
  const usedKeys = new Set<string>();
  let sequence = 0;
  const deliver = async (): Promise<void> => {
    const bytes = inFlight.shift();
    if (bytes !== undefined) verdicts.push(await verifier.verify(bytes));
  };
  const sendOne = (): void => {
    sequence += 1;
    clock.advance(STEP_MS);
    const sealed = sealer.seal(pauseDraft, { ...audience, issuerEpoch: 1, sequence, expiresInMs: 60_000 });
    for (const keyId of sealed.keyIds) usedKeys.add(keyId);
    inFlight.push(sealed.bytes);
  };
  const during = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    do {
      for (let n = 0; n < 5; n++) sendOne();
      while (inFlight.length > FLIGHT_STEPS) await deliver();
      await new Promise((resolve) => setImmediate(resolve));
    } while (!isDone && sequence < 100_000);
    return done;
  };
  const stop = async () => {
    while (inFlight.length > 0) await deliver();
    return { verdicts, usedKeys };
  };
  return { during, stop };
}

describe('live rotation under load', () => {
  it('refuses no good command, through ten rotations', async () => {
    const clock = new FakeClock(START_MS);
    const rotation = new Rotation();
    const sealer = createSealer({ keyRing: rotation.issuer, clock, ids: seededIds() });
    const verifier = createVerifier({
      keyRing: rotation.consumer,
      clock,
      replay: createReplayGuard({ clock }),
      audience: { trainingRunId: 'run-1', consumer: 'kasmina' },
    });
    const inFlight: Uint8Array[] = [];
    const usedKeys = new Set<string>();
    for (let sequence = 1; sequence <= 10_000; sequence++) {
      clock.advance(STEP_MS);
      rotation.step(sequence, clock.wallMs());
      const request = { trainingRunId: 'run-1', consumer: 'kasmina', issuerEpoch: 1, sequence, expiresInMs: 60_000 };
      const sealed = sealer.seal(pauseDraft, request);
      usedKeys.add(sealed.keyIds.join());
      inFlight.push(sealed.bytes);
      if (inFlight.length > FLIGHT_STEPS) await verifier.verify(inFlight.shift() as Uint8Array);
    }
    expect(verifier.counts()).toMatchObject({ accepted: 10_000 - FLIGHT_STEPS, refused: new Map() });
    expect(usedKeys.size).toBe(11);
  });

  it('refuses no good command while key folders are written, loaded and reloaded under it', async () => {
    const clock = new FakeClock(START_MS);
    const { path: folder, remove } = await tempFolder('rotation-');
    const stage = (index: number) => {
      const algorithm = index % 2 === 0 ? 'ed25519' : 'hmac-sha256';
      return stageKey(folder, { keyId: `key-${index}`, algorithm, at: clock.wallMs(), validForMs: DAY_MS });
    };
    const promote = (index: number) =>
      promoteKeyInFolder(folder, `key-${index}`, { at: clock.wallMs(), overlapMs: DAY_MS / 24 });
    await createKeyFolder(folder);
    await stage(0);
    await promote(0);
    const issuer = createKeyRing(await loadKeyFolder(folder));
    const consumer = createKeyRing(await loadKeyFolder(folder));
    const load = startLoad({ clock, issuer, consumer });
    for (let index = 1; index <= 5; index++) {
      await load.during(stage(index));
      consumer.replace(await load.during(loadKeyFolder(folder)));
      await load.during(promote(index));
      issuer.replace(await load.during(loadKeyFolder(folder)));
      await load.during(loadKeyFolder(folder).then((keys) => consumer.replace(keys)));
    }
    const { verdicts, usedKeys } = await load.stop();
    expect([...usedKeys].sort()).toEqual(['key-0', 'key-1', 'key-2', 'key-3', 'key-4', 'key-5']);
    expect(verdicts.length).toBeGreaterThan(100);
    expect(verdicts.filter((verdict) => !verdict.ok)).toEqual([]);
    await remove();
  });

  it('refuses the old key once its overlap is over', async () => {
    const clock = new FakeClock(START_MS);
    const keys = [makeKey('old'), makeKey('new', { state: 'next' })];
    const old = createSealer({ keyRing: createKeyRing(keys), clock, ids: seededIds() });
    const ring = createKeyRing(promoteKey(keys, 'new', { at: clock.wallMs(), overlapMs: OVERLAP_MS }) ?? []);
    const verifier = createVerifier({
      keyRing: ring,
      clock,
      replay: createReplayGuard({ clock }),
      audience: { trainingRunId: 'run-1', consumer: 'kasmina' },
    });
    const seal = (sequence: number) =>
      old.seal(pauseDraft, {
        trainingRunId: 'run-1',
        consumer: 'kasmina',
        issuerEpoch: 1,
        sequence,
        expiresInMs: 60_000,
      }).bytes;
    clock.advance(OVERLAP_MS);
    expect((await verifier.verify(seal(1))).ok).toBe(true);
    clock.advance(1);
    expect(await verifier.verify(seal(2))).toEqual({ ok: false, error: { reason: 'key_not_valid', keyId: 'old' } });
  });
});
