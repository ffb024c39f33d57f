import type { TelemetryEvent } from '@esper/leyline';
import type { RiskContext } from '../context.js';
import type { Evaluator } from '../evaluators/evaluator.js';
import { EVALUATOR_NAMES } from '../evaluators/names.js';
import { type Evaluation, type Finding, finding, type RawFinding } from '../finding.js';

/** One finding with its place and whether it counts. */
export interface Judged {
  readonly evaluator: Finding['evaluator'];
  readonly raw: RawFinding;
  readonly enforced: boolean;
  /** Place in the table, whatever the order of evaluation; ties between equals go to the lower one. */
  readonly index: number;
}

/** What all evaluators in force said, in table order. */
export interface Judgement {
  readonly judged: readonly Judged[];
  /** Facts and findings in order, for the events. */
  readonly sequence: readonly (TelemetryEvent | Judged)[];
}

/** More findings than one evaluator ever gives, so that places of different evaluators cannot meet. */
const FINDINGS_MAX = 100;

/** An evaluator that throws has found something it cannot name: it counts as the gravest it could have said. */
function broken(evaluator: Evaluator, error: unknown): Evaluation {
  const message = error instanceof Error ? error.message : String(error);
  return {
    facts: [],
    findings: [
      finding({
        signal: `evaluator.${evaluator.name}`,
        verdict: 'error',
        mitigation: evaluator.worst.mitigation,
        reason: 'evaluator_error',
        level: 'CRITICAL',
        attributes: { evaluator: evaluator.name, error: message.slice(0, 200) },
        entersMode: evaluator.worst.entersMode,
        event: 'evaluator_error',
      }),
    ],
  };
}

function evaluateSafely(evaluator: Evaluator, context: RiskContext): Evaluation {
  try {
    return evaluator.evaluate(context);
  } catch (error) {
    return broken(evaluator, error);
  }
}

/** Runs the evaluators that are not off. Their order here orders events and settles ties; it decides nothing else. */
export function judgeAll(table: readonly Evaluator[], context: RiskContext): Judgement {
  const judged: Judged[] = [];
  const sequence: (TelemetryEvent | Judged)[] = [];
  for (const evaluator of table) {
    const mode = context.config.evaluators[evaluator.name];
    if (mode === 'off') continue;
    const enforced = mode === 'enforce';
    const { facts, findings } = evaluateSafely(evaluator, context);
    if (enforced) sequence.push(...facts);
    const place = EVALUATOR_NAMES.indexOf(evaluator.name) * FINDINGS_MAX;
    for (let at = 0; at < findings.length; at += 1) {
      const entry: Judged = { evaluator: evaluator.name, raw: findings[at] as RawFinding, enforced, index: place + at };
      judged.push(entry);
      sequence.push(entry);
    }
  }
  return { judged, sequence };
}
