import { err, ok, type Result } from '@esper/std';
import { TamiyoError } from '../errors.js';
import type { OperatorRecord, RunRecord } from '../records/record.js';
import type { RunState } from '../runs/run-state.js';
import type { DecisionParts } from '../stages/parts.js';
import { applyOrder } from './apply-order.js';
import type { OperatorAction } from './operator-action.js';

type OrderParts = Pick<DecisionParts, 'clock' | 'runs' | 'riskConfig' | 'journal' | 'reporter'>;

/** Carries out an order: judged, recorded durably, then in force, then told. To be called in the run's lane. */
export async function carryOut(action: OperatorAction, parts: OrderParts): Promise<Result<RunState, TamiyoError>> {
  const { clock, runs, riskConfig, journal, reporter } = parts;
  const { trainingRunId } = action;
  if (!runs.mayKnow(trainingRunId)) {
    return err(new TamiyoError('TOO_MANY_RUNS', `run ${trainingRunId} would be one more than may be known`));
  }
  const at = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
  const opened = runs.open(trainingRunId, at);
  try {
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
    runs.set(trainingRunId, step.state, at.wallMs);
    reporter.ordered(record);
    return ok(step.state);
  } catch (cause) {
    const code = cause instanceof RangeError ? 'OPERATOR_REFUSED' : 'RECORD_FAILED';
    const message = cause instanceof Error ? cause.message : String(cause);
    return err(new TamiyoError(code, `${action.kind} for run ${trainingRunId}: ${message}`, { cause }));
  }
}

/** Writes a run's state down as it stands. Rejects when the log does not take it. To be called in the run's lane. */
export async function writeDown(trainingRunId: string, { clock, runs, journal }: OrderParts): Promise<void> {
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
