import { elapsedMs, err, type MonoClock, type Result } from '@esper/std';
import type { Refusal } from '../core/refusal.js';
import type { VerdictTally } from '../core/verdict-tally.js';

/** Runs one verification, turns whatever fails inside it into a refusal, and counts the verdict. Never rejects. */
export async function tallied<Command>(
  tally: VerdictTally,
  clock: MonoClock,
  verify: () => Promise<Result<Command, Refusal>>,
): Promise<Result<Command, Refusal>> {
  let latencyMs = 0;
  let verdict: Result<Command, Refusal>;
  try {
    const startedAt = clock.monoMs();
    verdict = await verify();
    latencyMs = elapsedMs(startedAt, clock.monoMs());
  } catch (cause) {
    verdict = err({ reason: 'verifier_unavailable', cause });
  }
  tally.note(verdict.ok ? 'accepted' : verdict.error.reason, latencyMs);
  return verdict;
}
