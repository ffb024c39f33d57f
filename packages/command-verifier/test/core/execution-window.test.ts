import { monoMs, unixMs } from '@esper/std';
import { describe, expect, it } from 'vitest';
import { mayStillExecute } from '../../src/index.js';
import { makeBench, pauseDraft, START_MS } from '../support/fixtures.js';

describe('the right moment to execute', () => {
  it('SV-16: ends with the expiry, and with the execution deadline after delivery', async () => {
    const verified = async (executionDeadlineMs?: number) => {
      const { sealer, verifier } = makeBench();
      const draft = executionDeadlineMs === undefined ? pauseDraft : { ...pauseDraft, executionDeadlineMs };
      const request = { trainingRunId: 'run-1', consumer: 'kasmina', issuerEpoch: 1, sequence: 1, expiresInMs: 500 };
      const result = await verifier.verify(sealer.seal(draft, request).bytes);
      if (!result.ok) throw new Error(result.error.reason);
      return result.value;
    };
    const at = (afterMs: number, nowMs: number) => ({
      deliveredAt: monoMs(10),
      at: monoMs(10 + afterMs),
      now: unixMs(START_MS + nowMs),
    });
    expect(mayStillExecute(await verified(), at(9999, 500))).toBe(true);
    expect(mayStillExecute(await verified(), at(0, 501))).toBe(false);
    expect(mayStillExecute(await verified(20), at(20, 0))).toBe(true);
    expect(mayStillExecute(await verified(20), at(20.5, 0))).toBe(false);
  });
});
