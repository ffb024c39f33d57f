import { CodedError, type CodedErrorOptions, type ErrorTable } from '@esper/std';

/** Every failure of this package. Emitting never fails; opening may. */
export const TELEMETRY_ERRORS = {
  TELEMETRY_OPTION_INVALID: {
    means: 'An option of telemetry is outside its range.',
    next: 'Correct the option the message names.',
  },
  TELEMETRY_JOURNAL_UNREADABLE: {
    means: 'A record of the telemetry journal is not one this version wrote.',
    next: 'Start with the version that wrote it, or move the journal away; nothing was changed.',
  },
} as const satisfies ErrorTable;

/** Stable name of a failure. Codes are API. */
export type TelemetryErrorCode = keyof typeof TELEMETRY_ERRORS;

/** Opening telemetry failed. */
export class TelemetryError extends CodedError<TelemetryErrorCode> {
  override readonly name = 'TelemetryError';

  constructor(code: TelemetryErrorCode, message: string, options: CodedErrorOptions = {}) {
    super(code, message, TELEMETRY_ERRORS[code], options);
  }
}
