import type { FieldReports } from '@esper/field-reports';
import { evaluationOf, REPORT_NOTES } from '../adapters/field-reporting.js';
import type { HostRecord } from './record.js';

/** The parts of a host that keep a fold of their own over the log. */
export interface Restorable {
  readonly fieldReports: Pick<FieldReports, 'restoreDecision' | 'restoreNote'>;
}

/** Shows one record of the log to the parts that go on from it. */
export function restoreFrom(record: HostRecord, { fieldReports }: Restorable): void {
  switch (record.kind) {
    case 'decision':
    case 'failure':
      fieldReports.restoreDecision(record.fieldReport, evaluationOf(record));
      return;
    case 'note':
      if (record.stream === REPORT_NOTES) fieldReports.restoreNote(record.bytes);
      return;
    default:
      return;
  }
}
