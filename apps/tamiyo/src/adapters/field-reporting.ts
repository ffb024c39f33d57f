import {
  buildDecisionReport,
  buildFailureReport,
  type Evaluation,
  type FieldReportOptions,
  FieldReports,
  type MeasuredValues,
} from '@esper/field-reports';
import { encodeMessage, finiteSignal, type SystemStatePacket, type TelemetryEvent } from '@esper/leyline';
import type { Bus } from '@esper/oona';
import type { MonoClock, WallClock } from '@esper/std';
import type { DecisionRecord, FailureRecord } from '../records/record.js';
import type { ActivePolicy, DecisionJournal, FieldReporting } from '../stages/parts.js';
import type { Judged } from '../stages/stages.js';

export const REPORT_NOTES = 'field-reports';
const SOURCE_ATTRIBUTE = { source: 'tamiyo' };

/** One field report per decision, from the facts of this host. */
export function fieldReporting(policy: Pick<ActivePolicy, 'version'>): FieldReporting {
  return {
    ofDecision: (decision, identity, session) =>
      buildDecisionReport({
        command: { ...decision.assessment.command, ...identity },
        policyVersion: policy.version,
        events: session.events,
        measured: { ...measured(decision.packet), ...lossDeltaOf(decision) },
        mitigations: decision.assessment.changed
          ? [`${decision.proposal.draft.commandType} to ${decision.assessment.command.commandType}`]
          : [],
      }),
    ofFailure: (error, session) =>
      buildFailureReport({
        decisionId: session.decisionId,
        trainingRunId: session.about.trainingRunId,
        reason: error.facts.reason,
        issuedAtMs: session.atMs,
        policyVersion: policy.version,
        events: session.events,
        measured: session.packet === undefined ? {} : measured(session.packet),
      }),
  };
}

function measured({ trainingMetrics }: SystemStatePacket): MeasuredValues {
  const { hook_latency_ms: hookLatencyMs, tamiyo_latency_ms: tamiyoLatencyMs } = trainingMetrics;
  return {
    ...(hookLatencyMs === undefined ? {} : { hookLatencyMs }),
    ...(tamiyoLatencyMs === undefined ? {} : { tamiyoLatencyMs }),
  };
}

function lossDeltaOf({ assessment }: Judged): Pick<MeasuredValues, 'lossDelta'> {
  const value = assessment.findings.find((finding) => finding.signal === 'loss_delta')?.value;
  return typeof value === 'number' || typeof value === 'string' ? { lossDelta: value } : {};
}

/** What the observation windows see of a decision that is in the log. */
export function evaluationOf(record: DecisionRecord | FailureRecord): Evaluation | undefined {
  const { packet } = record;
  if (packet === undefined) return undefined;
  const lossDelta =
    record.kind === 'decision' ? record.findings.find((finding) => finding.signal === 'loss_delta')?.value : undefined;
  return {
    trainingRunId: record.trainingRunId,
    epoch: packet.currentEpoch,
    atMs: record.atMs,
    lossDelta: typeof lossDelta === 'number' ? lossDelta : undefined,
    hookLatencyMs: finiteSignal(packet.trainingMetrics['hook_latency_ms']),
    reason: record.kind === 'decision' ? record.deciding : record.reason,
    critical: record.kind === 'failure' || record.findings.some((finding) => finding.level === 'CRITICAL'),
  };
}

export interface ReportLifeParts {
  readonly journal: DecisionJournal;
  readonly bus: Bus;
  readonly clock: WallClock & MonoClock;
  readonly random: () => number;
  readonly observe: (event: TelemetryEvent) => void;
  readonly options: FieldReportOptions;
}

/** The life of the reports: their notes go into the log, published reports onto the bus. */
export function openFieldReports(parts: ReportLifeParts): FieldReports {
  return new FieldReports({
    journal: { append: (bytes) => parts.journal.append({ kind: 'note', stream: REPORT_NOTES, bytes }) },
    publisher: {
      publish: async (report) => {
        const published = await parts.bus.publish('oona.normal', {
          version: 1,
          messageType: 'FIELD_REPORT',
          messageId: report.reportId,
          priority: 'NORMAL',
          sentAtMs: parts.clock.wallMs(),
          payload: encodeMessage('FieldReport', report),
          attributes: SOURCE_ATTRIBUTE,
        });
        return published.ok;
      },
    },
    clock: parts.clock,
    random: parts.random,
    observe: parts.observe,
    options: parts.options,
  });
}
