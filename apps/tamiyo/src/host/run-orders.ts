import { err, ok, type Result } from '@esper/std';
import { DecisionError, TamiyoError, type TamiyoErrorCode } from '../errors.js';
import type { OperatorRecord, RunRecord } from '../records/record.js';
import type { RunState } from '../runs/run-state.js';
import type { DecisionParts } from '../stages/parts.js';
import { applyOrder } from './apply-order.js';
import type { OperatorAction } from './operator-action.js';

type WriteParts = Pick<DecisionParts, 'clock' | 'runs' | 'journal'>;
type OrderParts = WriteParts & Pick<DecisionParts, 'riskConfig' | 'reporter' | 'ownership'>;

/**
 * Carries out an order: judged, recorded durably, where hosts share their runs also for the others, then in force, then told. To be
 * called in the run's lane.
 */
export async function carryOut(action: OperatorAction, parts: OrderParts): Promise<Result<RunState, TamiyoError>> {
  const { runs, ownership } = parts;
  const { trainingRunId } = action;
  if (!runs.mayKnow(trainingRunId)) {
    return err(new TamiyoError('TOO_MANY_RUNS', `run ${trainingRunId} would be one more than may be known`));
  }
  try {
    await ownership.enter(trainingRunId);
    return ok(await ordered(action, parts));
  } catch (cause) {
    ownership.leave(trainingRunId);
    const message = cause instanceof Error ? cause.message : String(cause);
    return err(new TamiyoError(codeOf(cause), `${action.kind} for run ${trainingRunId}: ${message}`, { cause }));
  }
}

async function ordered(action: OperatorAction, parts: OrderParts): Promise<RunState> {
  const { clock, runs, riskConfig, journal, reporter, ownership } = parts;
  const { trainingRunId } = action;
  const at = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
  const opened = runs.open(trainingRunId, at);
  const step = applyOrder(opened.state, action, { at, riskConfig });
  const record: OperatorRecord = {
    kind: 'operator',
    trainingRunId,
    atMs: at.wallMs,
    action,
    events: [...opened.events, ...step.events],
    stateAfter: step.state,
  };
  await journal.append(record);
  await ownership.keep(trainingRunId, step.state);
  runs.set(trainingRunId, step.state, at.wallMs);
  reporter.ordered(record);
  return step.state;
}

function codeOf(cause: unknown): TamiyoErrorCode {
  if (cause instanceof DecisionError) return cause.code;
  return cause instanceof RangeError ? 'OPERATOR_REFUSED' : 'RECORD_FAILED';
}

/** Writes a run's state down as it stands. Rejects when the log does not take it. To be called in the run's lane. */
export async function writeDown(trainingRunId: string, { clock, runs, journal }: WriteParts): Promise<void> {
  const atMs = clock.wallMs();
  const record: RunRecord = {
    kind: 'run',
    trainingRunId,
    atMs,
    activeMs: runs.activeMs(trainingRunId),
    stateAfter: runs.get(trainingRunId),
  };
  await journal.append(record);
  runs.checkpointed(trainingRunId, atMs);
}
