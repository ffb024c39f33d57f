import { riskVector } from '../beyond/multi-signal.js';
import type { RiskContext } from '../context.js';
import { type Evaluation, finding, passing, type RawFinding } from '../finding.js';
import { formatFixed } from '../format/python-number.js';
import type { Adaptation } from '../state.js';
import type { Evaluator } from './evaluator.js';

/** What is critical now: a loss that exploded or cannot be read, or the multi-signal level. */
function criticalCause({ readings, config, state }: RiskContext): string | null {
  const delta = readings.loss_delta;
  if (delta.kind === 'unknown') return `loss_delta ${delta.problem}`;
  if (delta.kind === 'value' && delta.value > config.rollback.lossDeltaMax) {
    return `loss_delta ${formatFixed(delta.value, 3)}`;
  }
  const vector = riskVector(readings, config, state.adaptive);
  return vector.level === 'CRITICAL' ? `risk_combined ${formatFixed(vector.combined, 3)}` : null;
}

/** The latest structural change that is recent enough to be blamed. */
function suspectOf({ state, config }: RiskContext): Adaptation | undefined {
  const oldest = state.decisions - config.rollback.recentDecisions;
  return state.adaptations.findLast((adaptation) => adaptation.decision >= oldest);
}

function directive(cause: string, suspect: Adaptation, context: RiskContext): RawFinding {
  const spent = context.state.rollbacks >= context.config.rollback.directivesMax;
  return finding({
    signal: 'recent_adaptation',
    value: suspect.seedId,
    verdict: 'fail',
    mitigation: spent ? 'pause' : 'rollback',
    reason: spent ? 'rollback_spent' : 'rollback_required',
    level: 'CRITICAL',
    attributes: {
      cause,
      seed_id: suspect.seedId,
      blueprint_id: suspect.blueprintId,
      decisions_ago: String(context.state.decisions - suspect.decision),
    },
    entersMode: true,
    event: spent ? 'rollback_spent' : 'rollback_required',
  });
}

const NOTHING: Evaluation = Object.freeze({ facts: [], findings: [passing('recent_adaptation', null, null)] });

/** Critical risk soon after a structural change asks for a rollback (G-06, RB-12), a bounded number of times per run. */
export const rollback: Evaluator = {
  name: 'rollback',
  worst: { mitigation: 'rollback', entersMode: true },
  evaluate(context): Evaluation {
    const suspect = suspectOf(context);
    if (suspect === undefined) return NOTHING;
    const cause = criticalCause(context);
    return cause === null ? NOTHING : { facts: [], findings: [directive(cause, suspect, context)] };
  },
};
