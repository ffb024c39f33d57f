import { onFailure } from '@esper/risk-engine';
import { err, type Result } from '@esper/std';
import { asDecisionError, type DecisionError } from '../errors.js';
import type { FailureRecord } from '../records/record.js';
import { contextOf, type StageAt } from './parts.js';
import { mayPauseInstead, pauseInstead } from './pause-instead.js';
import type { Delivered } from './stages.js';

/**
 * The one failure boundary. Whatever was thrown becomes a typed error; the run feels it, the log has it, telemetry tells it.
 * There is no command, unless the test-only flag FF-01 asks for a signed pause, and that pause can fail like any decision.
 */
export async function fail(failure: unknown, at: StageAt): Promise<Result<Delivered, DecisionError>> {
  const error = asDecisionError(failure);
  feel(error, at);
  if (!mayPauseInstead(error, at)) return err(conclude(error, at));
  try {
    return await pauseInstead(error, at);
  } catch (cause) {
    return err(conclude(asDecisionError(cause), at));
  }
}

/** What the failure does to the run: its breaker, its mode. Once per decision. */
function feel(error: DecisionError, { session, parts }: StageAt): void {
  const instant = { wallMs: parts.clock.wallMs(), monoMs: parts.clock.monoMs() };
  const component = componentOf(error);
  const step = onFailure(
    session.state.risk,
    { kind: error.facts.kind, code: error.code, at: instant, ...component },
    parts.riskConfig,
  );
  session.state = { ...session.state, risk: step.state };
  session.events.push(...step.events);
}

/** Keeps the run's state, and tells the outside: record, report, telemetry. */
function conclude(error: DecisionError, at: StageAt): DecisionError {
  const { session, parts } = at;
  // What is no packet makes no run known: a caller that sends rubbish under many names fills no table.
  const { trainingRunId } = session.about;
  const isKnown = session.packet !== undefined || parts.runs.has(trainingRunId);
  if (isKnown) {
    parts.runs.set(trainingRunId, session.state, session.atMs);
    const kept = parts.ownership.keep(trainingRunId, session.state);
    kept.catch((cause: unknown) => parts.reporter.recordLost('run', cause));
  } else parts.ownership.leave(trainingRunId);
  // Durable as soon as the log can, and never a reason to keep the caller waiting for its error.
  const record = failureRecord(error, at);
  parts.runs.unrecorded(trainingRunId);
  parts.journal.append(record).then(
    () => {
      parts.runs.recorded(trainingRunId);
      parts.reporter.recorded(record);
    },
    (cause: unknown) => parts.reporter.recordLost('failure', cause),
  );
  parts.reporter.failed(error, contextOf(at));
  return error;
}

/** A host that is not there counts on the inference breaker, a failing library on that of the look-ups. */
function componentOf(error: DecisionError): { readonly component?: string } {
  if (error.code === 'INFERENCE_UNAVAILABLE' || error.code === 'INFERENCE_FAILED') return { component: 'inference' };
  return error.code === 'CATALOGUE_FAILED' ? { component: 'metadata' } : {};
}

function failureRecord(error: DecisionError, { session, parts }: StageAt): FailureRecord {
  const active = parts.policy();
  return {
    kind: 'failure',
    decisionId: session.decisionId,
    ...session.about,
    atMs: session.atMs,
    arrow: session.arrows.current,
    code: error.code,
    reason: error.facts.reason,
    message: error.message,
    ...(session.packet === undefined ? {} : { packet: session.packet }),
    fieldReport: parts.reports.ofFailure(error, session),
    spans: session.arrows.spans,
    digests: { policy: active.ok ? active.value.digest : '', config: parts.settings.configDigest },
    stateAfter: session.state,
  };
}
