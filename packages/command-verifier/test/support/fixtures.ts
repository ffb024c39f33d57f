import type { CommandDraft } from '@esper/leyline';
import { FakeClock, SeededRandom } from '@esper/testkit';
import {
  type Audience,
  createKeyRing,
  createReplayGuard,
  createSealer,
  createVerifier,
  type KeyRingHolder,
  type OpenedJournal,
  type ReplayOptions,
  type Sealer,
  type SealRequest,
  type TrustedKey,
  type Verifier,
  type VerifierOptions,
} from '../../src/index.js';
import { hmacKey } from '../../src/node.js';

export const DAY_MS = 86_400_000;
/** The FakeClock's first wall time. */
export const START_MS = 1_700_000_000_000;

export const pauseDraft: CommandDraft = {
  version: 1,
  commandType: 'PAUSE',
  issuedBy: 'tamiyo',
  annotations: { risk_reason: 'loss_spike' },
};

export const seedDraft: CommandDraft = {
  version: 1,
  commandType: 'SEED',
  targetSeedId: 'seed-1',
  seedOperation: { operation: 'GERMINATE', blueprintId: 'BP001', parameters: { alpha: 0.1 } },
  issuedBy: 'tamiyo',
  annotations: { training_run_id: 'run-1', mesh_host_layers: '["weight","bias"]' },
};

/** A key valid for a day around the start, with a secret made of one byte. */
export function makeKey(keyId: string, overrides: Partial<TrustedKey> = {}): TrustedKey {
  return {
    keyId,
    state: 'current',
    createdAtMs: START_MS - DAY_MS,
    notBeforeMs: START_MS - DAY_MS,
    notAfterMs: START_MS + DAY_MS,
    material: hmacKey(new Uint8Array(32).fill(keyId.charCodeAt(keyId.length - 1))),
    ...overrides,
  };
}

/** Reproducible UUIDs version 4. */
export function seededIds(seed = 1): { commandId(): string } {
  const random = new SeededRandom(seed);
  return {
    commandId: () => {
      const bytes = random.bytes(16);
      bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
      bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
      const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    },
  };
}

export interface Bench {
  readonly clock: FakeClock;
  readonly ring: KeyRingHolder;
  readonly sealer: Sealer;
  readonly verifier: Verifier;
  /** Seals a PAUSE for the bench's audience with the next sequence number. */
  sealNext(overrides?: Partial<SealRequest>): Uint8Array;
}

export interface BenchSetup {
  readonly keys?: readonly TrustedKey[];
  readonly audience?: Audience;
  readonly options?: VerifierOptions;
  readonly replay?: ReplayOptions;
  readonly opened?: OpenedJournal;
}

/** An issuer and a consumer that share a clock and a ring. */
export function makeBench(setup: BenchSetup = {}): Bench {
  const clock = new FakeClock(START_MS);
  const ring = createKeyRing(setup.keys ?? [makeKey('key-a')]);
  const sealer = createSealer({ keyRing: ring, clock, ids: seededIds() });
  const verifier = createVerifier({
    keyRing: ring,
    clock,
    replay: createReplayGuard({
      clock,
      options: { capacity: 1000, ...setup.replay },
      ...(setup.opened === undefined ? {} : { opened: setup.opened }),
    }),
    audience: setup.audience ?? { trainingRunId: 'run-1', consumer: 'kasmina' },
    ...(setup.options === undefined ? {} : { options: setup.options }),
  });
  let sequence = 0;
  const sealNext = (overrides: Partial<SealRequest> = {}): Uint8Array => {
    sequence += 1;
    const request = { trainingRunId: 'run-1', consumer: 'kasmina', issuerEpoch: 1, sequence, expiresInMs: 30_000 };
    return sealer.seal(pauseDraft, { ...request, ...overrides }).bytes;
  };
  return { clock, ring, sealer, verifier, sealNext };
}

/** `ok`, or the reason of the refusal. */
export async function verdict(verifier: Verifier, bytes: Uint8Array): Promise<string> {
  const result = await verifier.verify(bytes);
  return result.ok ? 'ok' : result.error.reason;
}
