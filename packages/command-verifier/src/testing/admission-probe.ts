import type { MonoMs, UnixMs } from '@esper/std';
import { admit } from '../core/admission.js';
import { type Audience, expectAudience } from '../core/audience.js';
import { isRefusal } from '../core/authenticate.js';
import type { KeyRing } from '../core/key-ring.js';
import type { RefusalReason } from '../core/refusal.js';
import { ReplayMemory, type ReplaySnapshot } from '../core/replay-memory.js';
import { resolveReplayOptions, resolveVerifierOptions } from '../options.js';

/** What a probe is made of. */
export interface ProbeSetup {
  readonly ring: KeyRing;
  readonly audience: Audience;
  readonly now: UnixMs;
  /** Nonces that are live all the time: one runs out for each that is claimed. */
  readonly liveNonces: number;
  /** 16 bytes each, all different. */
  readonly nextNonce: () => Uint8Array;
}

/** The synchronous part of a verifier, from the size limit to the claim in memory, without payload and journal. */
export interface AdmissionProbe {
  /** Time moves on by one claim. */
  admit(bytes: Uint8Array): 'ok' | RefusalReason;
  snapshot(): ReplaySnapshot;
}

/** A probe with a memory that is in its steady state. For benchmarks. Throws `TypeError` for a bad audience. */
export function createAdmissionProbe(setup: ProbeSetup): AdmissionProbe {
  const { retentionMs } = resolveReplayOptions().memory;
  const audience = expectAudience(setup.audience);
  if (typeof audience === 'string') throw new TypeError(audience);
  const capacity = setup.liveNonces + 8;
  const limits = { ...resolveReplayOptions({ capacity, hashSeed: 0x5eed }).memory };
  const replay = new ReplayMemory(limits, { issuedBeforeMs: 0, runs: [] });
  const perClaimMs = retentionMs / setup.liveNonces;
  let claims = 0;
  const tick = (): MonoMs => {
    claims += 1;
    return (claims * perClaimMs) as MonoMs; // checking a clock is not what is measured
  };
  const filler = { keyId: 'filler', trainingRunId: 'filler', issuerEpoch: 0, issuedAtMs: 1 };
  for (let n = 1; n <= setup.liveNonces; n++)
    replay.claim({ ...filler, nonce: setup.nextNonce(), sequence: n }, tick());
  const { ring, now } = setup;
  const { commandBytesMax, windowMs, futureSkewMs } = resolveVerifierOptions();
  return {
    admit: (bytes) => {
      const admitted = admit(bytes, {
        ring,
        now,
        at: tick(),
        commandBytesMax,
        windowMs,
        futureSkewMs,
        audience,
        replay,
      });
      return isRefusal(admitted) ? admitted.reason : 'ok';
    },
    snapshot: () => replay.snapshot(),
  };
}
