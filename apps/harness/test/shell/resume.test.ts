import { describe, expect, it } from 'vitest';
import type { CheckpointStore, StoredCheckpoint } from '../../src/ports.js';
import { germinateDraft } from '../support/commands.js';
import { sha256, smallRun } from '../support/small-run.js';

/** A store in memory that a second process of the run finds as the first left it. */
class SharedStore implements CheckpointStore {
  readonly kept: StoredCheckpoint[] = [];
  async write(checkpoint: StoredCheckpoint): Promise<void> {
    this.kept.push(checkpoint);
  }
  async latest(): Promise<StoredCheckpoint | undefined> {
    return this.kept.at(-1);
  }
}

const options = { checkpointEverySteps: 10 };
const runOn = (checkpoints: CheckpointStore, script = {}) => smallRun({ options, script, ports: { checkpoints } });

describe('a trainer that was killed', () => {
  it('goes on from its newest checkpoint, and learns to the bit what it would have learned', async () => {
    const whole = smallRun({ options });
    await whole.steps(30);

    const checkpoints = new SharedStore();
    const first = runOn(checkpoints);
    await first.trainer.begin();
    await first.steps(27);
    const second = runOn(checkpoints);
    await second.trainer.begin();
    expect(second.trainer.state.step).toBe(20);
    expect(second.named('tolaria.run_resumed')).toMatchObject([{ step: 20, level: 'WARNING' }]);
    await second.steps(10);
    const { host, velocity, learningRate, smoothed } = whole.trainer.state;
    expect(second.trainer.state).toMatchObject({ step: 30, host, velocity, learningRate, smoothed });
  });

  it('its grafts go on with it, as trained as they were', async () => {
    const checkpoints = new SharedStore();
    const first = runOn(checkpoints, { 4: germinateDraft() });
    await first.trainer.begin();
    await first.steps(12);
    const second = runOn(checkpoints);
    await second.trainer.begin();
    const { module } = second.trainer.state.seeds[0] ?? {};
    expect(module?.blueprintId).toBe(first.trainer.state.seeds[0]?.module?.blueprintId);
    expect(module?.weights).not.toEqual(undefined);
    await second.steps(1);
    expect(second.trainer.state.seeds[0]?.module?.weights).not.toEqual(module?.weights);
  });

  it('a run that never was begins at 0 and has a first checkpoint before its first step', async () => {
    const checkpoints = new SharedStore();
    const run = runOn(checkpoints);
    await run.trainer.begin();
    expect(checkpoints.kept.map(({ step }) => step)).toEqual([0]);
    expect(run.named('tolaria.run_resumed')).toEqual([]);
    expect(run.trainer.state.step).toBe(0);
  });

  it.each([
    ['digest_mismatch', async () => ({ step: 7, bytes: Uint8Array.of(1), digest: sha256(Uint8Array.of(2)) })],
    ['checkpoint_malformed', async () => ({ step: 7, bytes: Uint8Array.of(1), digest: sha256(Uint8Array.of(1)) })],
    ['restore_read_failed', () => Promise.reject(new Error('EIO'))],
  ])('a checkpoint that cannot be trusted stops the start and is left where it is: %s', async (reason, latest) => {
    const written: StoredCheckpoint[] = [];
    const run = runOn({ write: async (checkpoint) => void written.push(checkpoint), latest });
    await expect(run.trainer.begin()).rejects.toMatchObject({
      code: 'HARNESS_RESUME_FAILED',
      message: expect.stringContaining(reason),
    });
    expect(written).toEqual([]);
  });
});
