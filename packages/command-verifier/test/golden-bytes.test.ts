import { FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { createKeyRing, createSealer } from '../src/index.js';
import { makeBench, pauseDraft, START_MS, verdict } from './support/fixtures.js';
import { GOLDEN, GOLDEN_KEY } from './support/golden.js';

describe('envelope version 1', () => {
  it('SV-05: the bytes are defined by this package alone, and are these', () => {
    const sealer = createSealer({
      keyRing: createKeyRing([GOLDEN_KEY]),
      clock: new FakeClock(START_MS),
      ids: { commandId: () => '11111111-2222-4333-8444-555555555555' },
    });
    const request = { trainingRunId: 'run-1', consumer: 'kasmina', issuerEpoch: 1, sequence: 7, expiresInMs: 30_000 };
    expect(Buffer.from(sealer.seal(pauseDraft, request).bytes).toString('hex')).toBe(GOLDEN);
  });

  it('the frozen bytes verify', async () => {
    const { verifier } = makeBench({ keys: [GOLDEN_KEY] });
    expect(await verdict(verifier, new Uint8Array(Buffer.from(GOLDEN, 'hex')))).toBe('ok');
  });
});
