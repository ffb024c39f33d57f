import { type TrainerEvent, trainerEvent } from '../core/trainer-event.js';
import type { TrainerState } from '../core/trainer-state.js';
import { HarnessError } from '../errors.js';
import type { TrainerPorts } from '../ports.js';
import { learnedStateIn } from '../wire/stored-weights.js';
import { within } from './within.js';

/** A run that goes on. */
export interface Resumed {
  readonly state: TrainerState;
  readonly event: TrainerEvent;
}

const refused = (why: string): HarnessError =>
  new HarnessError('HARNESS_RESUME_FAILED', `the newest checkpoint: ${why}`);

/**
 * `fresh` with what an earlier process of the same run had learned by its newest checkpoint, at that step; `undefined` when
 * there is none. Rejects with `HARNESS_RESUME_FAILED` when there is one that cannot be read in time or trusted: beginning
 * anew would throw away a run, and its older checkpoints with it.
 */
export async function resumeFromCheckpoint(
  ports: TrainerPorts,
  fresh: TrainerState,
  deadlineMs: number,
): Promise<Resumed | undefined> {
  if (ports.checkpoints === undefined) return undefined;
  const read = await within(ports, deadlineMs, ports.checkpoints.latest());
  if (!read.ok) throw refused(read.error.kind === 'late' ? 'rollback_deadline' : 'restore_read_failed');
  const stored = read.value;
  if (stored === undefined) return undefined;
  const learned = learnedStateIn(stored, ports.digest);
  if (!learned.ok) throw refused(`${learned.error} at step ${stored.step}`);
  const event = trainerEvent('tolaria.run_resumed', stored.step, { digest: stored.digest });
  return { state: { ...fresh, ...learned.value, step: stored.step }, event };
}
