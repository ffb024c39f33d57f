import { CodedError, type CodedErrorOptions, type ErrorTable } from '@esper/std';

/** Every failure of the ledger. Outcomes (held by another, lost, answered before) come as values, not as these. */
export const RUN_OWNERSHIP_ERRORS = {
  LEDGER_UNAVAILABLE: {
    means: 'Redis is not there, did not answer in time, or answered with an error. Whether it took a write is unknown.',
    next: 'Look at Redis and the network. Ask again: a write that was taken shows in the next answer.',
  },
  LEDGER_OPTION_INVALID: {
    means: 'An option of the ledger is outside its range.',
    next: 'Correct the option the message names.',
  },
} as const satisfies ErrorTable;

/** Stable name of a failure. Codes are API. */
export type RunOwnershipErrorCode = keyof typeof RUN_OWNERSHIP_ERRORS;

/** The ledger or its caller failed. */
export class RunOwnershipError extends CodedError<RunOwnershipErrorCode> {
  override readonly name = 'RunOwnershipError';

  constructor(code: RunOwnershipErrorCode, message: string, options: CodedErrorOptions = {}) {
    super(code, message, RUN_OWNERSHIP_ERRORS[code], options);
  }
}
