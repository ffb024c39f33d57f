import { CodedError, type CodedErrorOptions, type ErrorTable } from '@esper/std';

/** Every way in which this package refuses. */
export const FIELD_REPORT_ERRORS = {
  FIELD_REPORT_INVALID: {
    means: 'What was given makes no field report: an id is missing, or the issue time is no time after 1970.',
    next: 'Give the decision its real run, its id and its time; no placeholder is put in their place.',
  },
  FIELD_REPORT_NOTE_DAMAGED: {
    means: 'A note about a field report cannot be read back.',
    next: 'The note was written by another version or changed; restore the log from a backup.',
  },
  FIELD_REPORT_NOT_RESTORED: {
    means: 'New decisions were reported before the restored ones were complete.',
    next: 'Feed the whole log first, then call `restored()`.',
  },
} as const satisfies ErrorTable;

/** The closed set of codes of {@link FieldReportError}. */
export type FieldReportErrorCode = keyof typeof FIELD_REPORT_ERRORS;

/** The one error class of this package. */
export class FieldReportError extends CodedError<FieldReportErrorCode> {
  override readonly name = 'FieldReportError';

  constructor(code: FieldReportErrorCode, message: string, options: CodedErrorOptions = {}) {
    super(code, message, FIELD_REPORT_ERRORS[code], options);
  }
}
