import { monoMs } from '@esper/std';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeCleanup,
  describeRejection,
  REFUSAL_LEVELS,
  REFUSAL_REASONS,
  RejectionLedger,
  verifierMetrics,
} from '../../src/index.js';

const identity = {
  commandId: '11111111-2222-4333-8444-555555555555',
  trainingRunId: 'run-1',
  issuerEpoch: 2,
  sequence: 9,
  ageMs: -12,
};

describe('rejection events', () => {
  it('SV-10: one event with reason, key id, run and age', () => {
    expect(describeRejection({ reason: 'nonce_replayed', keyId: 'key-a', identity })).toStrictEqual({
      description: 'command_rejected',
      level: 'CRITICAL',
      attributes: {
        reason: 'nonce_replayed',
        key_id: 'key-a',
        command_id: identity.commandId,
        training_run_id: 'run-1',
        issuer_epoch: '2',
        sequence: '9',
        age_ms: '-12',
      },
    });
    expect(describeRejection({ reason: 'unknown_key' }).attributes).toStrictEqual({ reason: 'unknown_key' });
  });

  it('TL-55: is CRITICAL for everything about signatures, time and replay', () => {
    const errors = REFUSAL_REASONS.filter((reason) => REFUSAL_LEVELS[reason] !== 'CRITICAL');
    expect(errors).toEqual(['command_too_large', 'malformed_envelope', 'malformed_payload']);
  });

  it('a flood of one reason fills neither the lane nor the allowance of another', () => {
    const ledger = new RejectionLedger({ burstMax: 3, refillMs: 1000, summaryMs: 5000 });
    const told = Array.from({ length: 100_000 }, () => ledger.note({ reason: 'invalid_signature' }, monoMs(0)));
    expect(told.filter((event) => event !== undefined)).toHaveLength(3);
    expect(ledger.note({ reason: 'nonce_replayed' }, monoMs(0))?.attributes['reason']).toBe('nonce_replayed');
    expect(ledger.summary(monoMs(0))).toEqual({
      description: 'command_rejected_summary',
      level: 'CRITICAL',
      attributes: { total: '99997', invalid_signature: '99997' },
    });
    expect(ledger.summary(monoMs(9999))).toBeUndefined();
  });

  it('between two summaries there is a pause; what comes meanwhile waits, and is counted', () => {
    const ledger = new RejectionLedger({ burstMax: 0, refillMs: 1000, summaryMs: 5000 });
    const note = () => ledger.note({ reason: 'invalid_signature' }, monoMs(0));
    expect(ledger.untoldCount).toBe(0);
    note();
    expect(ledger.summary(monoMs(0))?.attributes['total']).toBe('1');
    note();
    ledger.note({ reason: 'stale_command' }, monoMs(0));
    expect(ledger.untoldCount).toBe(2);
    expect(ledger.summary(monoMs(4999))).toBeUndefined();
    expect(ledger.summary(monoMs(5000))?.attributes).toEqual({
      total: '2',
      invalid_signature: '1',
      stale_command: '1',
    });
    expect(ledger.untoldCount).toBe(0);
  });

  it('unless told otherwise, five events of a reason at once, then one in 15 s, and a summary in 10 s', () => {
    const ledger = new RejectionLedger();
    const told = (atMs: number) =>
      Array.from({ length: 10 }, () => ledger.note({ reason: 'invalid_signature' }, monoMs(atMs))).filter(Boolean)
        .length;
    expect([told(0), told(14_999), told(15_000)]).toEqual([5, 0, 1]);
    expect(ledger.summary(monoMs(15_000))?.attributes['total']).toBe('24');
    expect(told(15_001)).toBe(0);
    expect(ledger.summary(monoMs(24_999))).toBeUndefined();
    expect(ledger.summary(monoMs(25_000))?.attributes['total']).toBe('10');
  });

  it('a summary of garbage alone is an ERROR', () => {
    const ledger = new RejectionLedger({ burstMax: 0, refillMs: 1000, summaryMs: 0 });
    ledger.note({ reason: 'malformed_envelope' }, monoMs(0));
    expect(ledger.summary(monoMs(0))?.level).toBe('ERROR');
  });

  it('the allowance comes back with time, up to the burst', () => {
    const ledger = new RejectionLedger({ burstMax: 2, refillMs: 1000, summaryMs: 5000 });
    const told = (atMs: number) => ledger.note({ reason: 'unknown_key' }, monoMs(atMs)) !== undefined;
    expect([told(0), told(0), told(0), told(999), told(1000), told(1000)]).toEqual([
      true,
      true,
      false,
      false,
      true,
      false,
    ]);
    expect([told(90_000), told(90_000), told(90_000)]).toEqual([true, true, false]);
  });

  it('every refusal is in exactly one event or summary, or waits for one', () => {
    const noted = fc.record({ reason: fc.constantFrom(...REFUSAL_REASONS), dMs: fc.nat(3000), asks: fc.boolean() });
    fc.assert(
      fc.property(fc.array(noted, { maxLength: 300 }), (steps) => {
        const ledger = new RejectionLedger({ burstMax: 2, refillMs: 2000, summaryMs: 4000 });
        let [atMs, events, summarised] = [0, 0, 0];
        for (const { reason, dMs, asks } of steps) {
          atMs += dMs;
          if (ledger.note({ reason }, monoMs(atMs)) !== undefined) events += 1;
          if (asks) summarised += Number(ledger.summary(monoMs(atMs))?.attributes['total'] ?? 0);
        }
        expect(events + summarised + ledger.untoldCount).toBe(steps.length);
      }),
    );
  });

  it('SV-11: a clean-up is told when the memory had been full, with what was removed', () => {
    expect(describeCleanup({ removed: 4, size: 2, wasFull: true })).toEqual({
      description: 'nonce_ledger_truncated',
      level: 'WARNING',
      attributes: { removed: '4', size: '2' },
    });
    expect(describeCleanup({ removed: 4, size: 2, wasFull: false })).toBeUndefined();
  });
});

describe('metrics', () => {
  it('SV-12: accepted, refused by reason, latency, memory size, evictions and lifetime', () => {
    const points = verifierMetrics({
      counts: {
        accepted: 3,
        refused: new Map([
          ['stale_command', 2],
          ['issued_before_watermark', 5],
        ]),
        lastLatencyMs: 0.25,
      },
      ledger: { size: 7, retentionMs: 300_000, expiredTotal: 1, clockStepsTotal: 0, journalStepsTotal: 4 },
      keys: [
        {
          keyId: 'key-a',
          algorithm: 'ed25519',
          state: 'current',
          signs: true,
          ageMs: 10,
          expiresInMs: -1,
          valid: false,
        },
      ],
    });
    const metric = (name: string, attribute?: string) =>
      points.find(
        (point) =>
          point.name === name && (attribute === undefined || Object.values(point.attributes ?? {}).includes(attribute)),
      )?.value;
    expect(metric('kasmina.command_verifier.accepted_total')).toBe(3);
    expect(metric('kasmina.command_verifier.rejections_total', 'stale_command')).toBe(2);
    expect(metric('kasmina.command_verifier.validation_latency_ms')).toBe(0.25);
    expect(metric('kasmina.nonce_ledger.size')).toBe(7);
    expect(metric('kasmina.nonce_ledger.evictions_total')).toBe(0);
    expect(metric('kasmina.nonce_ledger.ttl_seconds')).toBe(300);
    expect(metric('command_verifier.watermark_refusals_total')).toBe(5);
    expect(metric('command_verifier.journal_steps_total')).toBe(4);
    expect(metric('command_verifier.nonces_expired_total')).toBe(1);
    expect(metric('command_verifier.clock_steps_total')).toBe(0);
    expect(metric('command_verifier.key_age_ms', 'key-a')).toBe(10);
    expect(metric('command_verifier.key_expires_in_ms', 'current')).toBe(-1);
    expect(points).toHaveLength(13);
    expect(points[0]).not.toHaveProperty('attributes');
  });
});
