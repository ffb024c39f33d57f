import { DecisionError } from '../errors.js';
import { callDeadline } from './call-deadline.js';
import { guardedCall } from './guarded-call.js';
import type { DecisionParts, DecisionSession } from './parts.js';
import type { Resolved, Validated } from './stages.js';

/** Looks up the blueprints the policy may choose from: one look-up, under the metadata deadline, behind its breaker. */
export async function resolveBlueprints(
  from: Validated,
  session: DecisionSession,
  parts: DecisionParts,
): Promise<Resolved> {
  const candidates = await guardedCall('metadata', { session, parts }, () => lookUp(session, parts));
  const knownBlueprintIds = parts.blueprints.knownIds();
  const scene = parts.scenes?.idOf(candidates, knownBlueprintIds);
  return { ...from, candidates, knownBlueprintIds, ...(scene === undefined ? {} : { scene }) };
}

async function lookUp(session: DecisionSession, parts: DecisionParts) {
  const { ms: deadlineMs, isRest } = callDeadline(parts.settings.metadataDeadlineMs, session);
  const outcome = await parts.worker.submit((signal) => parts.blueprints.candidates(signal), {
    name: 'blueprints',
    deadlineMs,
  }).outcome;
  switch (outcome.kind) {
    case 'completed':
      return outcome.value;
    case 'timed_out':
      if (isRest) throw session.arrows.deadline.expired('resolve');
      throw new DecisionError(
        'TIMEOUT_URZA',
        `the blueprint library did not answer within ${deadlineMs.toFixed(1)} ms`,
        {
          kind: 'timeout_urza',
          reason: 'timeout_urza',
          attributes: { budget_ms: deadlineMs.toFixed(1) },
        },
      );
    default:
      if (outcome.error instanceof DecisionError) throw outcome.error;
      throw new DecisionError('CATALOGUE_FAILED', 'the blueprint library failed', {
        reason: 'urza_failure',
        cause: outcome.error,
      });
  }
}
