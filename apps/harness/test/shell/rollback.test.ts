import { describe, expect, it } from 'vitest';
import { learnedStateOf } from '../../src/core/restore.js';
import type { CheckpointStore, StoredCheckpoint } from '../../src/ports.js';
import { encodeLearnedState } from '../../src/wire/learned-state-codec.js';
import { draft, germinateDraft } from '../support/commands.js';
import { faults, type SmallRun, sha256, smallRun } from '../support/small-run.js';

const rollback = (tier: 'fast' | 'full') => draft({ commandType: 'ROLLBACK', rollback: { tier, reason: 'test' } });

class MemoryStore implements CheckpointStore {
  readonly kept: StoredCheckpoint[] = [];
  async write(checkpoint: StoredCheckpoint): Promise<void> {
    this.kept.push(checkpoint);
  }
  async latest(): Promise<StoredCheckpoint | undefined> {
    return this.kept.at(-1);
  }
}

describe('the fast tier', () => {
  it('RB-02: restores the newest snapshot that is old enough, to the bit, and the step goes on counting', async () => {
    const run = smallRun({ script: { 12: rollback('fast') } });
    await run.steps(5);
    const at5 = sha256(encodeLearnedState(learnedStateOf(run.trainer.state)));
    const untouched = smallRun();
    await untouched.steps(5);
    expect(sha256(encodeLearnedState(learnedStateOf(untouched.trainer.state)))).toBe(at5);
    await run.steps(7);
    expect(run.trainer.state.step).toBe(12);
    expect(run.trainer.tally.restores).toMatchObject([{ atStep: 12, toStep: 5, tier: 'fast' }]);
    const restored = run.named('tolaria.rollback.restored')[0]?.attributes;
    expect(restored).toMatchObject({ tier: 'fast', to_step: '5', limit_ms: '500' });
    // Weights after the restore, read before the next update, are those of step 5.
    expect(run.trainer.state.host).toEqual(untouched.trainer.state.host);
    expect(run.trainer.state.velocity).toEqual(untouched.trainer.state.velocity);
  });

  it('a seed that germinated after the snapshot is gone with it; alpha goes on from where the snapshot had it', async () => {
    const germinate = germinateDraft();
    const run = smallRun({ script: { 7: germinate, 9: rollback('fast') } });
    await run.steps(8);
    expect(run.trainer.state.seeds[0]?.module).toBeDefined();
    await run.steps(1);
    expect(run.trainer.state.seeds[0]).toMatchObject({ stage: 'DORMANT' });
    const blending = smallRun({ script: { 2: germinate, 33: rollback('fast') } });
    await blending.steps(30);
    const at30 = blending.trainer.state.seeds[0]?.module?.alpha as number;
    await blending.steps(3);
    expect(at30).toBeGreaterThan(0);
    expect(blending.trainer.state.seeds[0]?.module?.alpha).toBeLessThan(at30 + 2 / 60);
  });

  it('weights that went bad are never remembered, so that the last good ones are restored', async () => {
    const options = { faults: faults('lr_spike@11+30=200') };
    const run = smallRun({ options, script: { 30: rollback('fast') } });
    await run.steps(30);
    expect(run.trainer.tally.restores[0]?.toStep).toBe(10);
  });

  it('the option snapshotMarginSteps makes a difference', async () => {
    const run = smallRun({ script: { 12: rollback('fast') }, options: { snapshotMarginSteps: 0 } });
    await run.steps(12);
    expect(run.trainer.tally.restores[0]?.toStep).toBe(10);
  });
});

describe('a restore that is too slow', () => {
  it('RB-08: worked, missed its limit, and halts the run; the limit is the tier’s own', async () => {
    const options = { faults: faults('slow_restore@12=40'), fastRestoreDeadlineMs: 30 };
    const run: SmallRun = smallRun({
      script: { 12: rollback('fast') },
      options,
      ports: {
        startTimer: (ms, fire) => {
          if (ms === 40) run.clock.advance(ms);
          const timer = setTimeout(fire, ms === 40 ? 0 : ms);
          return () => clearTimeout(timer);
        },
      },
    });
    await run.steps(12);
    expect(run.named('tolaria.rollback.restored')).toHaveLength(1);
    expect(run.trainer.state.halted).toEqual({ reason: 'rollback_deadline' });
    expect(run.named('tolaria.emergency.halt')).toMatchObject([{ level: 'CRITICAL', attributes: { level: 'HALT' } }]);
  });
});

describe('the full tier', () => {
  it('RB-03: a fast restore whose digest is wrong goes on to the full one', async () => {
    const checkpoints = new MemoryStore();
    const options = { faults: faults('snapshot_rot@12'), checkpointEverySteps: 5 };
    const run = smallRun({ script: { 12: rollback('fast') }, options, ports: { checkpoints } });
    await run.steps(12);
    expect(run.named('tolaria.rollback.restore_failed')).toMatchObject([
      { level: 'CRITICAL', attributes: { tier: 'fast', reason: 'digest_mismatch' } },
    ]);
    expect(run.trainer.tally.restores).toMatchObject([{ tier: 'full', toStep: 10 }]);
    expect(run.trainer.state.halted).toBeUndefined();
  });

  it('rot that goes on for two steps is rot all the same, not undone by the second', async () => {
    const checkpoints = new MemoryStore();
    const options = { faults: faults('snapshot_rot@11+2'), checkpointEverySteps: 5 };
    const run = smallRun({ script: { 12: rollback('fast') }, options, ports: { checkpoints } });
    await run.steps(12);
    expect(run.trainer.tally.restores).toMatchObject([{ tier: 'full' }]);
  });

  it('with no snapshot and no checkpoint the run halts rather than go on with bad weights', async () => {
    const run = smallRun({ script: { 2: rollback('fast') } });
    await run.steps(2);
    expect(run.named('tolaria.rollback.restore_failed').map(({ attributes }) => attributes['reason'])).toEqual([
      'snapshot_missing',
      'checkpoint_missing',
    ]);
    expect(run.trainer.summary().halted).toBe('rollback_failed');
  });

  it.each([
    ['digest_mismatch', (stored: StoredCheckpoint) => ({ ...stored, digest: sha256(new Uint8Array(1)) })],
    ['checkpoint_malformed', () => ({ step: 3, bytes: Uint8Array.of(1), digest: sha256(Uint8Array.of(1)) })],
  ])('a stored checkpoint that is wrong is refused: %s', async (reason, change) => {
    const checkpoints = new MemoryStore();
    const run = smallRun({
      script: { 8: rollback('full') },
      options: { checkpointEverySteps: 5 },
      ports: { checkpoints },
    });
    await run.steps(7);
    checkpoints.kept[0] = change(checkpoints.kept[0] as StoredCheckpoint);
    await run.steps(1);
    expect(run.named('tolaria.rollback.restore_failed')).toMatchObject([{ attributes: { tier: 'full', reason } }]);
  });

  it('RB-05: a checkpoint that never comes is not waited for beyond its deadline', async () => {
    const checkpoints: CheckpointStore = { write: async () => undefined, latest: () => new Promise(() => undefined) };
    const run = smallRun({
      script: { 3: rollback('full') },
      options: { fullRestoreDeadlineMs: 10 },
      ports: { checkpoints },
    });
    await run.steps(3);
    expect(run.named('tolaria.rollback.restore_failed')).toMatchObject([
      { attributes: { reason: 'rollback_deadline' } },
    ]);
    expect(run.trainer.state.halted).toBeDefined();
  });

  it('a store that can not read or write is told, and only a restore halts for it', async () => {
    const broken = async () => {
      throw new Error('disk');
    };
    const checkpoints = { write: broken, latest: broken } as unknown as CheckpointStore;
    const run = smallRun({
      script: { 8: rollback('full') },
      options: { checkpointEverySteps: 5 },
      ports: { checkpoints },
    });
    await run.steps(7);
    expect(run.named('tolaria.checkpoint_failed')).toHaveLength(1);
    expect(run.trainer.finished).toBe(false);
    await run.steps(1);
    expect(run.named('tolaria.rollback.restore_failed')).toMatchObject([
      { attributes: { reason: 'restore_read_failed' } },
    ]);
  });

  it('RB-08: a restore beyond the deadline of its tier halts the run, although it worked', async () => {
    const run = smallRun({ script: { 12: rollback('fast') }, ports: { digest: (bytes) => slowDigest(bytes) } });
    const slowDigest = (bytes: Uint8Array) => {
      run.clock.advance(300);
      return sha256(bytes);
    };
    await run.steps(12);
    expect(run.named('tolaria.emergency.halt')).toMatchObject([{ attributes: { reason: 'rollback_deadline' } }]);
    expect(run.trainer.tally.restores).toMatchObject([{ tier: 'fast', prepareMs: 300, confirmMs: 300 }]);
  });
});

describe('what is told and counted of rollbacks', () => {
  it('RB-04: the full tier reads under a deadline; what comes after it is not used, and the run halts for the deadline', async () => {
    let deliver: ((stored: StoredCheckpoint) => void) | undefined;
    const checkpoints: CheckpointStore = {
      write: async () => undefined,
      latest: () =>
        new Promise((resolve) => {
          deliver = resolve;
        }),
    };
    const deadlines: number[] = [];
    const run = smallRun({
      script: { 3: rollback('full') },
      options: { fullRestoreDeadlineMs: 12_000 },
      ports: {
        checkpoints,
        startTimer: (ms, fire) => {
          deadlines.push(ms);
          const timer = setTimeout(fire, ms === 12_000 ? 0 : ms);
          return () => clearTimeout(timer);
        },
      },
    });
    await run.steps(3);
    expect(deadlines).toContain(12_000);
    const before = run.trainer.state;
    deliver?.({ step: 1, bytes: new Uint8Array(1), digest: '' });
    await Promise.resolve();
    expect(run.trainer.state).toBe(before);
    expect(run.trainer.tally.restores).toEqual([]);
    expect(run.trainer.state.halted).toEqual({ reason: 'rollback_deadline' });
    expect(run.trainer.metrics()['tolaria.rollback.deadline_exceeded_total']).toBe(1);
  });

  it('RB-06: size, hits, misses, failures, latency and halts are measured', async () => {
    const checkpoints = new MemoryStore();
    const options = { faults: faults('snapshot_rot@20'), checkpointEverySteps: 5 };
    const script = { 12: rollback('fast'), 20: rollback('fast'), 24: draft({ commandType: 'EMERGENCY' }) } as const;
    const run = smallRun({ script, options, ports: { checkpoints } });
    await run.steps(11);
    const before = run.trainer.metrics();
    expect(before).toMatchObject({ 'tolaria.rollback.snapshots_total': 2, 'tolaria.rollback.fast_hits_total': 0 });
    expect(before['tolaria.rollback.fast_size_bytes']).toBeGreaterThan(1_000);
    expect(before).not.toHaveProperty('tolaria.rollback.restore_latency_ms');
    await run.steps(13);
    expect(run.trainer.summary().metrics).toMatchObject({
      'tolaria.rollback.fast_hits_total': 1,
      'tolaria.rollback.fast_misses_total': 1,
      'tolaria.rollback.failures_total': 1,
      'tolaria.rollback.deadline_exceeded_total': 0,
      'tolaria.rollback.restore_latency_ms': expect.any(Number),
      'tolaria.emergency.halts_total': 1,
      'tolaria.emergency.level': 4,
    });
  });

  it('D-37: only a missed deadline counts as one; a checkpoint that is not there is another failure', async () => {
    const run = smallRun({ script: { 2: rollback('full') } });
    await run.steps(2);
    expect(run.trainer.metrics()).toMatchObject({
      'tolaria.rollback.failures_total': 1,
      'tolaria.rollback.deadline_exceeded_total': 0,
    });
  });

  it('RB-07: each tier that cannot restore is a CRITICAL event with its reason and what that means', async () => {
    const run = smallRun({ script: { 2: rollback('fast') } });
    await run.steps(2);
    expect(run.named('tolaria.rollback.restore_failed')).toMatchObject([
      {
        level: 'CRITICAL',
        attributes: { tier: 'fast', reason: 'snapshot_missing', detail: 'No healthy snapshot is old enough.' },
      },
      {
        level: 'CRITICAL',
        attributes: { tier: 'full', reason: 'checkpoint_missing', detail: 'No full checkpoint exists.' },
      },
    ]);
  });

  it('RB-09: steps that keep failing escalate level by level until the run halts', async () => {
    const run = smallRun({ options: { faults: faults('nan_gradients@5+40') } });
    await run.steps(30);
    expect(run.named('tolaria.emergency.level').map(({ step, attributes }) => [step, attributes['level']])).toEqual([
      [7, 'L1'],
      [10, 'L2'],
      [13, 'L3'],
      [16, 'L4'],
    ]);
    expect(run.trainer.state).toMatchObject({ step: 16, halted: { reason: 'failed_steps' } });
    expect(run.named('tolaria.emergency.halt')).toHaveLength(1);
  });

  it('the options failedStepsPerLevel, restoresInVainMax and emergenciesPerMinuteMax make a difference', async () => {
    const patient = smallRun({ options: { faults: faults('nan_gradients@5+40'), failedStepsPerLevel: 10 } });
    await patient.steps(30);
    expect(patient.trainer.state.halted).toBeUndefined();
    const strict = smallRun({ script: { 12: rollback('fast') }, options: { restoresInVainMax: 1 } });
    await strict.steps(13);
    expect(strict.trainer.tally.restores).toHaveLength(1);
    expect(strict.trainer.state.halted).toEqual({ reason: 'restores_in_vain' });
    const quiet = smallRun({ script: { 2: rollback('fast') }, options: { emergenciesPerMinuteMax: 1 } });
    await quiet.steps(2);
    expect(quiet.named('tolaria.rollback.restore_failed')).toHaveLength(1);
    expect(quiet.named('tolaria.emergency.halt')).toHaveLength(1);
    // The second failed tier, and the rise to the last level.
    expect(quiet.trainer.metrics()['tolaria.emergency.suppressed_total']).toBe(2);
  });

  it('RB-15: an intervention that is in place too late is told and counted by its grade', async () => {
    const run: SmallRun = smallRun({
      script: { 4: draft({ commandType: 'PAUSE' }), 6: draft({ commandType: 'PAUSE' }) },
      ports: {
        gate: async (bytes) => {
          if (run.trainer.state.step === 6) run.clock.advance(150);
          return run.sealer.gate(bytes);
        },
      },
    });
    await run.steps(7);
    expect(run.trainer.tally.emergencies).toMatchObject({ freeze: 2 });
    expect(run.named('tolaria.emergency.late')).toMatchObject([
      { step: 6, attributes: { grade: 'freeze', took_ms: '150.000', deadline_ms: '100' } },
    ]);
    expect(run.trainer.metrics()['tolaria.emergency.late_total']).toBe(1);
  });
});
