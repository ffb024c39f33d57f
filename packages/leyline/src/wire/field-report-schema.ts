import { FIELD_REPORT_OUTCOMES } from '../core/enums.js';
import type { FieldReport } from '../core/field-report.js';
import { LIMITS } from './limits.js';
import { fact, list, mapOf, name, nameOf, record, text, versionOne, whole } from './schema-parts.js';

export const fieldReportSchema = record<FieldReport>({
  version: versionOne,
  reportId: name(),
  commandId: name().optional(),
  trainingRunId: name(),
  seedId: text(LIMITS.nameCharsMax).optional(),
  blueprintId: text(LIMITS.nameCharsMax).optional(),
  outcome: nameOf(FIELD_REPORT_OUTCOMES),
  observationWindowEpochs: whole(),
  policyVersion: text(LIMITS.nameCharsMax),
  notes: text(LIMITS.sentenceCharsMax),
  metrics: mapOf(fact(), LIMITS.metricsMax),
  followUpActions: list(text(LIMITS.nameCharsMax), LIMITS.followUpActionsMax),
  // 0 would read as 1970 and expire at once wherever reports are kept by age.
  issuedAtMs: whole(1),
}).refine(({ metrics }) => metrics['loss_delta'] !== undefined, {
  path: ['metrics', 'loss_delta'],
  error: 'a finite number',
});
