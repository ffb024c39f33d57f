import { count, type Tally } from './tally.js';
import type { TrainerEvent } from './trainer-event.js';

/** The tally with what an event says counted in it. Pure; a told event and a counted one are the same thing. */
export function countEvent(tally: Tally, { name, attributes }: TrainerEvent): Tally {
  switch (name) {
    case 'kasmina.seed_stage':
      return attributes['to'] === undefined ? tally : count(tally, 'seedStages', attributes['to']);
    case 'tolaria.emergency.late':
      return count(tally, 'emergenciesLate', attributes['grade'] ?? 'unknown');
    case 'tolaria.emergency.halt':
      return count(tally, 'rollback', 'halts');
    case 'tolaria.rollback.restored':
      return afterRestored(tally, attributes);
    case 'tolaria.rollback.restore_failed':
      return afterFailure(tally, attributes);
    default:
      return tally;
  }
}

type Attributes = TrainerEvent['attributes'];

function afterRestored(tally: Tally, attributes: Attributes): Tally {
  const hit = attributes['tier'] === 'fast' ? count(tally, 'rollback', 'fastHits') : tally;
  return Number(attributes['total_ms']) > Number(attributes['limit_ms'])
    ? count(hit, 'rollback', 'deadlineExceeded')
    : hit;
}

/** A deadline counts as missed only where one was: no checkpoint, for example, is another failure (D-37c). */
function afterFailure(tally: Tally, attributes: Attributes): Tally {
  const missed = attributes['tier'] === 'fast' ? count(tally, 'rollback', 'fastMisses') : tally;
  const failed = count(missed, 'rollback', 'failures');
  return attributes['reason'] === 'rollback_deadline' ? count(failed, 'rollback', 'deadlineExceeded') : failed;
}
