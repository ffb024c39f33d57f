import { monoMs } from '@esper/std';
import { SeededRandom } from '@esper/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReplayClaim, type ReplayLimits, ReplayMemory } from '../../src/core/replay-memory.js';
import { NaiveLedger } from '../../src/testing.js';

const LIMITS: ReplayLimits = {
  capacity: 8,
  perKeyMax: 8,
  runsMax: 4,
  retentionMs: 100,
  sequence: 'rising',
  hashSeed: 7,
};

const nonceOf = (n: number): Uint8Array =>
  Uint8Array.from({ length: 16 }, (_, index) => (index === 15 ? n & 255 : index === 14 ? n >> 8 : 0));
const claimOf = (n: number, overrides: Partial<ReplayClaim> = {}): ReplayClaim => ({
  nonce: nonceOf(n),
  keyId: 'key-a',
  trainingRunId: 'run-1',
  issuerEpoch: 1,
  sequence: n,
  issuedAtMs: 1000,
  ...overrides,
});
const memoryOf = (limits: Partial<ReplayLimits> = {}, issuedBeforeMs = 0): ReplayMemory =>
  new ReplayMemory({ ...LIMITS, ...limits }, { issuedBeforeMs, runs: [] });
const T0 = monoMs(0);

describe('replay memory', () => {
  it('SV-08: refuses a nonce for its whole retention, whatever else comes', () => {
    const memory = memoryOf({ sequence: 'any' });
    expect(memory.claim(claimOf(1), T0)).toBe('fresh');
    expect(memory.claim(claimOf(1), T0)).toBe('nonce_replayed');
    for (let n = 2; n <= 8; n++) expect(memory.claim(claimOf(n), monoMs(n))).toBe('fresh');
    expect(memory.claim(claimOf(1), monoMs(100))).toBe('nonce_replayed');
  });

  it('SV-14: the capacity is an option; a full memory refuses and evicts nothing', () => {
    for (const capacity of [1, 3, 5]) {
      const memory = memoryOf({ capacity, sequence: 'any' });
      for (let n = 1; n <= capacity; n++) expect(memory.claim(claimOf(n), T0)).toBe('fresh');
      expect(memory.claim(claimOf(9), monoMs(100))).toBe('replay_memory_full');
      for (let n = 1; n <= capacity; n++) expect(memory.claim(claimOf(n), monoMs(100))).toBe('nonce_replayed');
      expect(memory.snapshot()).toMatchObject({ size: capacity, capacity, expiredTotal: 0 });
      expect(memory.claim(claimOf(9, { issuedAtMs: 1101 }), monoMs(101))).toBe('fresh');
    }
  });

  it('what a key may keep counts live entries alone, however many expired ones lie before them', () => {
    const memory = memoryOf({ perKeyMax: 2, sequence: 'any' });
    for (let n = 1; n <= 6; n++) expect(memory.claim(claimOf(n, { keyId: `key-${n}` }), T0)).toBe('fresh');
    for (const n of [7, 8]) expect(memory.claim(claimOf(n), T0)).toBe('fresh');
    expect(memory.claim(claimOf(9, { issuedAtMs: 1101 }), monoMs(101))).toBe('fresh');
    expect(memory.snapshot()).toMatchObject({ size: 1, expiredTotal: 8 });
  });

  it('SV-09: a claim drops four expired entries at most, so that none takes long', () => {
    const memory = memoryOf({ sequence: 'any' });
    for (let n = 1; n <= 7; n++) memory.claim(claimOf(n), T0);
    expect(memory.claim(claimOf(9, { issuedAtMs: 1101 }), monoMs(101))).toBe('fresh');
    expect(memory.snapshot()).toMatchObject({ size: 4, expiredTotal: 4 });
  });

  it('under `any`, no sequence number proves a command new', () => {
    const memory = memoryOf({ sequence: 'any' }, 1000);
    expect(memory.claim(claimOf(1), T0)).toBe('fresh');
    expect(memory.claim(claimOf(2, { issuedAtMs: 999 }), T0)).toBe('issued_before_watermark');
  });

  it('one key cannot take the whole memory', () => {
    const memory = memoryOf({ perKeyMax: 2, sequence: 'any' });
    expect(memory.claim(claimOf(1), T0)).toBe('fresh');
    expect(memory.claim(claimOf(2), T0)).toBe('fresh');
    expect(memory.claim(claimOf(3), T0)).toBe('key_quota_full');
    expect(memory.claim(claimOf(3, { keyId: 'key-b' }), T0)).toBe('fresh');
    expect(memory.claim(claimOf(4, { issuedAtMs: 1101 }), monoMs(101))).toBe('fresh');
  });

  it('demands rising sequence numbers per run, and an epoch that does not fall', () => {
    const memory = memoryOf();
    expect(memory.claim(claimOf(5, { issuerEpoch: 2 }), T0)).toBe('fresh');
    expect(memory.claim(claimOf(4, { issuerEpoch: 2 }), T0)).toBe('sequence_not_rising');
    expect(memory.claim(claimOf(6, { issuerEpoch: 2, sequence: 5 }), T0)).toBe('sequence_not_rising');
    expect(memory.claim(claimOf(9, { issuerEpoch: 1 }), T0)).toBe('issuer_epoch_regressed');
    expect(memory.claim(claimOf(1, { trainingRunId: 'run-2' }), T0)).toBe('fresh');
    expect(memory.claim(claimOf(6, { issuerEpoch: 3 }), T0)).toBe('fresh');
  });

  it('under `any`, only the epoch orders commands', () => {
    const memory = memoryOf({ sequence: 'any' });
    expect(memory.claim(claimOf(5, { issuerEpoch: 2 }), T0)).toBe('fresh');
    expect(memory.claim(claimOf(4, { issuerEpoch: 2 }), T0)).toBe('fresh');
    expect(memory.claim(claimOf(3, { issuerEpoch: 1 }), T0)).toBe('issuer_epoch_regressed');
  });

  it('a refused claim changes nothing', () => {
    const memory = memoryOf({ capacity: 1 });
    memory.claim(claimOf(5), T0);
    const before = memory.snapshot();
    memory.claim(claimOf(9), T0);
    memory.claim(claimOf(4), T0);
    expect(memory.snapshot()).toEqual(before);
    expect(memory.claim(claimOf(6), monoMs(101))).toBe('fresh');
  });

  it('what was issued before the start needs a sequence number that proves it new', () => {
    const runs = [['run-1', { issuerEpoch: 2, sequenceBelow: 10 }]] as const;
    const open = () => new ReplayMemory(LIMITS, { issuedBeforeMs: 2000, runs });
    const verdictOf = (overrides: Partial<ReplayClaim>) =>
      open().claim(claimOf(1, { issuerEpoch: 2, ...overrides }), T0);
    expect(verdictOf({ sequence: 9, issuedAtMs: 1999 })).toBe('issued_before_watermark');
    expect(verdictOf({ sequence: 10, issuedAtMs: 1999 })).toBe('fresh');
    expect(verdictOf({ sequence: 9, issuedAtMs: 2000 })).toBe('fresh');
    expect(verdictOf({ sequence: 10, issuedAtMs: 1999, trainingRunId: 'run-2' })).toBe('issued_before_watermark');
    expect(verdictOf({ sequence: 10, issuedAtMs: 2000, issuerEpoch: 1 })).toBe('issuer_epoch_regressed');
  });

  it('the bound from before the start outlives the first command after it', () => {
    const memory = new ReplayMemory(LIMITS, {
      issuedBeforeMs: 2000,
      runs: [['run-1', { issuerEpoch: 1, sequenceBelow: 10 }]],
    });
    expect(memory.claim(claimOf(5, { issuedAtMs: 2500 }), T0)).toBe('fresh');
    expect(memory.claim(claimOf(8, { issuedAtMs: 1500 }), T0)).toBe('issued_before_watermark');
    expect(memory.claim(claimOf(11, { issuedAtMs: 1500 }), T0)).toBe('fresh');
  });

  it('forgets idle runs only, and a forgotten run proves nothing', () => {
    const memory = memoryOf({ runsMax: 2 });
    memory.claim(claimOf(1, { trainingRunId: 'a' }), T0);
    memory.claim(claimOf(2, { trainingRunId: 'b' }), monoMs(60));
    expect(memory.claim(claimOf(3, { trainingRunId: 'c' }), monoMs(100))).toBe('replay_memory_full');
    expect(memory.claim(claimOf(3, { trainingRunId: 'c', issuedAtMs: 1101 }), monoMs(101))).toBe('fresh');
    expect(memory.claim(claimOf(1, { trainingRunId: 'a', issuedAtMs: 1000 }), monoMs(170))).toBe(
      'issued_before_watermark',
    );
    expect(memory.claim(claimOf(4, { trainingRunId: 'a', issuedAtMs: 999 }), monoMs(170))).toBe(
      'issued_before_watermark',
    );
    expect(memory.snapshot()).toMatchObject({ runs: 2, floorMs: 1001 });
  });

  it('an old command of a known run that is above its sequence stays acceptable after the nonces are forgotten', () => {
    const memory = memoryOf();
    memory.claim(claimOf(1, { issuedAtMs: 5000 }), T0);
    expect(memory.maintain(monoMs(101))).toBe(1);
    expect(memory.claim(claimOf(1, { issuedAtMs: 5000 }), monoMs(101))).toBe('sequence_not_rising');
    expect(memory.claim(claimOf(2, { issuedAtMs: 100 }), monoMs(101))).toBe('fresh');
  });

  it('SV-09: maintenance drops what is over and nothing else; there is no way to empty the memory', () => {
    const memory = memoryOf({ sequence: 'any' });
    memory.claim(claimOf(1), T0);
    memory.claim(claimOf(2), monoMs(50));
    expect(memory.maintain(monoMs(100))).toBe(0);
    expect(memory.maintain(monoMs(101))).toBe(1);
    expect(memory.claim(claimOf(2), monoMs(101))).toBe('nonce_replayed');
    expect(memory.snapshot()).toMatchObject({ size: 1, expiredTotal: 1 });
  });

  it('answers as a list searched from the start would', () => {
    const step = fc.record({ id: fc.nat(30), dMs: fc.nat(60), dIssued: fc.integer({ min: -50, max: 50 }) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.integer({ min: 1, max: 10 }),
        fc.nat(),
        (steps, capacity, hashSeed) => {
          const memory = memoryOf(
            { capacity, perKeyMax: capacity, sequence: 'any', hashSeed },
            Number.MIN_SAFE_INTEGER,
          );
          const naive = new NaiveLedger(capacity, LIMITS.retentionMs);
          let atMs = 0;
          for (const { id, dMs, dIssued } of steps) {
            atMs += dMs;
            const issuedAtMs = 1000 + atMs + dIssued;
            memory.maintain(monoMs(atMs));
            const ours = memory.claim(claimOf(id, { issuedAtMs, sequence: 0 }), monoMs(atMs));
            expect(ours).toBe(naive.claim({ id: String(id), issuedAtMs, atMs }));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('without clock steps the floor never refuses what is fresh', () => {
    const random = new SeededRandom(5);
    const [windowMs, skewMs] = [60, 5];
    const memory = memoryOf({ capacity: 5000, perKeyMax: 5000, retentionMs: windowMs + skewMs, sequence: 'any' });
    for (let n = 1; n < 4000; n++) {
      const wallMs = 10_000 + n;
      const issuedAtMs = wallMs + random.int(-windowMs, skewMs);
      expect(memory.claim(claimOf(n, { issuedAtMs }), monoMs(n))).toBe('fresh');
    }
  });

  it('holds many entries of several keys through many turns of the ring', () => {
    const memory = memoryOf(
      { capacity: 100, perKeyMax: 60, sequence: 'any', retentionMs: 50 },
      Number.MIN_SAFE_INTEGER,
    );
    for (let n = 1; n <= 5000; n++) {
      const claim = claimOf(n, { keyId: `key-${n % 3}`, issuedAtMs: n });
      expect(memory.claim(claim, monoMs(n))).toBe('fresh');
      expect(memory.claim(claim, monoMs(n))).toBe('nonce_replayed');
      if (n > 40) expect(memory.claim(claimOf(n - 40, { issuedAtMs: n }), monoMs(n))).toBe('nonce_replayed');
    }
    expect(memory.snapshot().size).toBe(51);
  });
});
