import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, type FaultKind, faultsAt, parseFault, trainingFaults } from '../../src/core/fault-schedule.js';
import { addSnapshot, chooseSnapshot, isHealthy } from '../../src/core/snapshot-ring.js';
import { altered, forged, STALE_AFTER, tamper } from '../../src/core/tamper.js';
import { faults } from '../support/small-run.js';

describe('the schedule', () => {
  it.each([
    ['lr_spike@120+8=100', { kind: 'lr_spike', atStep: 120, steps: 8, value: 100 }],
    ['lr_spike@1', { kind: 'lr_spike', atStep: 1, steps: 1, value: FAULT_KINDS.lr_spike.usual }],
    ['slow_step@3=12.5', { kind: 'slow_step', atStep: 3, steps: 1, value: 12.5 }],
    ['forged_command@9+2', { kind: 'forged_command', atStep: 9, steps: 2, value: 0 }],
  ])('%s', (text, fault) => {
    expect(parseFault(text)).toEqual({ ok: true, value: fault });
  });

  it.each([
    '',
    'lr_spike',
    'lr_spike@0',
    'lr_spike@-1',
    'meteor@3',
    'lr_spike@3+0',
    'lr_spike@3=0.5',
    'nan_gradients@3=2',
    'slow_step@3=1e9',
    'constructor@3',
  ])('refuses %s and says why', (text) => {
    expect(parseFault(text)).toMatchObject({ ok: false, error: expect.stringMatching(/\w/) });
  });

  it('acts from its first step for as many steps as it says', () => {
    const schedule = faults('slow_step@4+3=10');
    expect([3, 4, 6, 7].map((step) => faultsAt(schedule, step).length)).toEqual([0, 1, 1, 0]);
  });

  it('a rollback ends a spike that had begun, and no later one', () => {
    const active = faults('lr_spike@10+5=7', 'lr_spike@13+5=3');
    expect(trainingFaults(active, undefined).learningRateFactor).toBe(21);
    expect(trainingFaults(active, 11).learningRateFactor).toBe(3);
    expect(trainingFaults(active, 13).learningRateFactor).toBe(1);
  });
});

describe('a man in the middle', () => {
  const bytes = Uint8Array.from({ length: 60 }, (_, at) => (at === 5 ? 32 : at));
  const only = (kind: FaultKind) => faults(`${kind}@1`);

  it('alters one bit and leaves the original alone', () => {
    const before = Uint8Array.from(bytes);
    const changed = altered(bytes);
    expect(bytes).toEqual(before);
    expect(changed.filter((value, at) => value !== bytes[at])).toHaveLength(1);
  });

  it('forges the signature and nothing else', () => {
    const changed = forged(bytes);
    expect(changed.slice(0, 6)).toEqual(bytes.slice(0, 6));
    expect(changed.slice(6, 38)).not.toEqual(bytes.slice(6, 38));
    expect(changed.slice(38)).toEqual(bytes.slice(38));
  });

  it('replays what went through before, after the genuine command', () => {
    const first = tamper(Uint8Array.of(1), [], { held: [] });
    const second = tamper(Uint8Array.of(2), only('replayed_command'), first.memory);
    expect(second.deliveries).toEqual([Uint8Array.of(2), Uint8Array.of(1)]);
    expect(second.done).toEqual(['replayed_command']);
  });

  it('with nothing seen there is nothing to replay, and nothing is claimed', () => {
    expect(tamper(bytes, only('replayed_command'), { held: [] })).toMatchObject({ deliveries: [bytes], done: [] });
  });

  it(`holds a command back and delivers it after ${STALE_AFTER} later ones`, () => {
    let { memory, deliveries } = tamper(Uint8Array.of(9), only('stale_command'), { held: [] });
    expect(deliveries).toEqual([]);
    const seen: number[][] = [];
    for (let step = 0; step < 5; step += 1) {
      ({ memory, deliveries } = tamper(Uint8Array.of(step), [], memory));
      seen.push(deliveries.map(([value]) => value as number));
    }
    expect(seen).toEqual([[0], [1], [2, 9], [3], [4]]);
  });
});

describe('snapshots', () => {
  const snapshot = (step: number, size = 10) => ({ step, bytes: new Uint8Array(size), digest: '' });
  const limits = { snapshotsMax: 3, bytesMax: 100 };

  it('RB-02: keeps the newest within count and size', () => {
    const many = [1, 2, 3, 4, 5].reduce<readonly ReturnType<typeof snapshot>[]>(
      (ring, step) => addSnapshot(ring, snapshot(step), limits) as never,
      [],
    );
    expect(many.map(({ step }) => step)).toEqual([3, 4, 5]);
    expect(addSnapshot(many, snapshot(6, 85), limits).map(({ step }) => step)).toEqual([5, 6]);
    expect(addSnapshot(many, snapshot(6, 101), limits)).toBe(many);
  });

  it('RB-02: a rollback takes the newest that is old enough', () => {
    const ring = [10, 15, 20].map((step) => snapshot(step));
    expect(chooseSnapshot(ring, { step: 22, marginSteps: 3 })?.step).toBe(15);
    expect(chooseSnapshot(ring, { step: 23, marginSteps: 3 })?.step).toBe(20);
    expect(chooseSnapshot(ring, { step: 12, marginSteps: 3 })).toBeUndefined();
  });

  it.each([
    [Number.NaN, 1, false],
    [Number.POSITIVE_INFINITY, undefined, false],
    [2.3, undefined, true],
    [1.35, 1, true],
    [1.45, 1, false],
  ])('validation at %d with a best of %s is healthy: %s', (loss, best, healthy) => {
    expect(isHealthy(loss, best)).toBe(healthy);
  });
});
