import { createKeyRing, createReplayGuard, createVerifier, type TrustedKey } from '@esper/command-verifier';
import { ed25519PublicKey, hmacKey } from '@esper/command-verifier/node';
import { systemClock } from '@esper/std/node';
import type { CommandGate } from '../ports.js';
import type { HostMessage } from '../wire/trainer-channel.js';

type Start = Extract<HostMessage, { type: 'start' }>;

const YEAR_MS = 365 * 86_400_000;

function trusted({ keyId, algorithm, key }: Start['keys'][number], nowMs: number): TrustedKey {
  return {
    keyId,
    state: 'current',
    createdAtMs: nowMs,
    // A trainer lives as long as its run; rotation is the host's business.
    notBeforeMs: 0,
    notAfterMs: nowMs + YEAR_MS,
    material: algorithm === 'ed25519' ? ed25519PublicKey(new TextDecoder().decode(key)) : hmacKey(key),
  };
}

/**
 * The gate of a trainer process: commands for this run and consumer, from these keys, each once and in order. The replay
 * memory is as old as the process, which is as old as the run. Throws `VerifierError` for keys or names it cannot take.
 */
export function verifierGate(start: Pick<Start, 'keys' | 'consumer' | 'options'>): CommandGate {
  const nowMs = systemClock.wallMs();
  const verifier = createVerifier({
    keyRing: createKeyRing(start.keys.map((key) => trusted(key, nowMs))),
    clock: systemClock,
    replay: createReplayGuard({ clock: systemClock }),
    audience: { trainingRunId: start.options.trainingRunId, consumer: start.consumer },
  });
  return (bytes) => verifier.verify(bytes);
}
