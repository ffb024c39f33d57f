import type { UnixMs } from '@esper/std';
import { FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import {
  createKeyRing,
  createReplayGuard,
  createSealer,
  createVerifier,
  promoteKey,
  type TrustedKey,
} from '../../src/index.js';
import { makeKey, pauseDraft, START_MS, seededIds } from '../support/fixtures.js';

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
