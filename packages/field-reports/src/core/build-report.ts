import type { AdaptationCommand, FieldReport, TelemetryEvent } from '@esper/leyline';
import { FieldReportError } from '../errors.js';
import { outcomeOfDecision, outcomeOfFailure } from './outcome.js';
import { collectMetrics, type MeasuredValues } from './report-metrics.js';
import { noteOf } from './report-note.js';

/** What a report of either kind is made from. */
interface ReportInput {
  readonly policyVersion: string;
  /** Telemetry events of the decision, in order. */
  readonly events: readonly TelemetryEvent[];
  /** Values by metric name; absent, non-finite and textual ones are left out and counted. See {@link MeasuredValues}. */
  readonly measured: MeasuredValues;
  /** What was done about the findings, for example `downgrade_to_sgd`; at most 32 are kept. */
  readonly mitigations?: readonly string[];
}

export interface DecisionReportInput extends ReportInput {
  /** The command as sealed. Its decision metadata gives policy, risk, blend and selection. */
  readonly command: AdaptationCommand;
  readonly timedOut?: boolean;
}

export interface FailureReportInput extends ReportInput {
  readonly decisionId: string;
  readonly trainingRunId: string;
  /** The typed reason of the failure, for example `timeout_inference`, `dependency_violation`. */
  readonly reason: string;
  /** Wall time of the decision, milliseconds since 1970. */
  readonly issuedAtMs: number;
}

/** Limits of one report; what is over them is cut. */
const NOTES_CHARS_MAX = 256;
const FOLLOW_UPS_MAX = 32;

/**
 * The report of a decision that gave a command, with the id `fr-<commandId>`: unique for ever, known before the decision
 * is recorded, and the same after any restart. Throws `FIELD_REPORT_INVALID` when run, id or time are missing.
 */
export function buildDecisionReport(input: DecisionReportInput): FieldReport {
  const { command } = input;
  const risk = command.decision?.risk;
  const outcome = outcomeOfDecision({
    commandType: command.commandType,
    reason: risk?.reason ?? command.annotations['risk_reason'] ?? '',
    reasons: risk?.reasons ?? [],
    changed: risk?.changed ?? false,
    timedOut: input.timedOut ?? false,
  });
  const blueprintId = command.seedOperation?.blueprintId;
  return {
    ...common(input, command),
    reportId: `fr-${present(command.commandId, 'command id')}`,
    commandId: command.commandId,
    ...(command.targetSeedId === undefined ? {} : { seedId: command.targetSeedId }),
    ...(blueprintId === undefined || blueprintId === '' ? {} : { blueprintId }),
    outcome,
    notes: noteOf(input.events, command.decision?.blend?.shape).slice(0, NOTES_CHARS_MAX),
    metrics: collectMetrics(input.measured, command.decision),
  };
}

/** The report of a decision that failed, with the id `fr-<decisionId>`. Throws `FIELD_REPORT_INVALID` like the other. */
export function buildFailureReport(input: FailureReportInput): FieldReport {
  const note = noteOf(input.events, undefined);
  const notes = input.reason.startsWith('timeout') || note === '' ? input.reason : note;
  return {
    ...common(input, input),
    reportId: `fr-${present(input.decisionId, 'decision id')}`,
    outcome: outcomeOfFailure(input.reason),
    notes: notes.slice(0, NOTES_CHARS_MAX),
    metrics: collectMetrics(input.measured, undefined),
  };
}

function common(
  input: ReportInput,
  from: { readonly trainingRunId: string; readonly issuedAtMs: number },
): Pick<
  FieldReport,
  'version' | 'trainingRunId' | 'observationWindowEpochs' | 'policyVersion' | 'followUpActions' | 'issuedAtMs'
> {
  const { issuedAtMs } = from;
  if (!(Number.isSafeInteger(issuedAtMs) && issuedAtMs > 0)) {
    throw new FieldReportError(
      'FIELD_REPORT_INVALID',
      `issuedAtMs must be whole milliseconds above 0, got ${issuedAtMs}`,
    );
  }
  return {
    version: 1,
    trainingRunId: present(from.trainingRunId, 'training run id'),
    observationWindowEpochs: 1,
    policyVersion: input.policyVersion,
    followUpActions: (input.mitigations ?? []).slice(0, FOLLOW_UPS_MAX),
    issuedAtMs,
  };
}

function present(id: string, what: string): string {
  if (id === '') throw new FieldReportError('FIELD_REPORT_INVALID', `a field report needs a ${what}`);
  return id;
}
