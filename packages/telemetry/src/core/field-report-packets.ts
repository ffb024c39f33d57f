import type { TelemetryEvent, TelemetryPacket } from '@esper/leyline';
import type { FieldReportFacts } from './decision-facts.js';
import { fieldReportMetrics } from './decision-metrics.js';
import { buildNoticePacket } from './notice-packet.js';

/** One attempt to deliver a field report that did not succeed. */
export interface FieldReportFateFacts {
  readonly fate: 'field_report_retry' | 'field_report_drop';
  readonly reportId: string;
  readonly retryCount: number;
  readonly timestampMs: number;
}

/** TL-50. */
export function buildFieldReportFatePacket(facts: FieldReportFateFacts): TelemetryPacket {
  const attributes = { report_id: facts.reportId, retry_count: `${facts.retryCount}` };
  return buildNoticePacket({
    packetId: `tamiyo-fr-retry-${facts.reportId}`,
    timestampMs: facts.timestampMs,
    events: [{ description: facts.fate, level: 'WARNING', attributes }],
    status: 'DEGRADED',
  });
}

/** An observation window that ended in a report. */
export interface FieldReportSynthesisFacts {
  readonly reportId: string;
  readonly commandId: string;
  readonly targetEpochs: number;
  readonly timestampMs: number;
}

/** TL-49. */
export function buildFieldReportSynthesisPacket(facts: FieldReportSynthesisFacts): TelemetryPacket {
  const { reportId, commandId, targetEpochs } = facts;
  const attributes = { report_id: reportId, command_id: commandId, target_epochs: `${targetEpochs}` };
  return buildNoticePacket({
    packetId: `tamiyo-field-report-synth-${commandId}`,
    timestampMs: facts.timestampMs,
    events: [{ description: 'field_report_synthesised', level: 'INFO', attributes }],
  });
}

/** A flush of field reports: where they stand now, and where they stood at the summary before. */
export interface FieldReportSummaryFacts {
  readonly now: FieldReportFacts;
  readonly before?: FieldReportFacts;
  readonly timestampMs: number;
}

/**
 * RI-08: the summary of a flush, or `undefined` when nothing has happened since the one before. Totals are totals since the process
 * started, and load errors are told once, when they are new (D-12d).
 */
export function buildFieldReportSummaryPacket(facts: FieldReportSummaryFacts): TelemetryPacket | undefined {
  const { now, before, timestampMs } = facts;
  if (before !== undefined && isSame(now, before)) return undefined;
  return buildNoticePacket({
    packetId: 'tamiyo-field-report-summary',
    timestampMs,
    events: newLoadErrors(now, before),
    metrics: fieldReportMetrics(now),
    status: now.pending > 0 ? 'DEGRADED' : 'HEALTHY',
    summary: 'field_report_publish_summary',
  });
}

function newLoadErrors(now: FieldReportFacts, before: FieldReportFacts | undefined): readonly TelemetryEvent[] {
  const index = now.retryIndexLoadErrors - (before?.retryIndexLoadErrors ?? 0);
  const windows = now.windowLoadErrors - (before?.windowLoadErrors ?? 0);
  if (index <= 0 && windows <= 0) return [];
  const attributes = { retry_index: `${Math.max(0, index)}`, windows: `${Math.max(0, windows)}` };
  return [{ description: 'field_report_sidecar_validation_warning', level: 'WARNING', attributes }];
}

const isSame = (a: FieldReportFacts, b: FieldReportFacts): boolean =>
  (Object.keys(a) as (keyof FieldReportFacts)[]).every((field) => a[field] === b[field]);
