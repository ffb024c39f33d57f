import { CodedError, type ErrorTable } from '@esper/std';

/** Every error of the risk engine. */
export const RISK_ERRORS = {
  RISK_COMMAND_UNKNOWN: {
    means: 'The policy proposed a command without a type, which cannot be ranked by care.',
    next: 'Treat it as a failed decision and look for a policy bundle whose action mask lets an unmapped class through.',
  },
  RISK_STATE_INVALID: {
    means: 'A stored risk state has another version than this engine writes.',
    next: 'Start the run with the version that wrote it, or begin with a new state and conservative mode set by hand.',
  },
} as const satisfies ErrorTable;

export type RiskErrorCode = keyof typeof RISK_ERRORS;

/** What the risk engine throws when it cannot assess at all. Everything else is a finding. */
export class RiskError extends CodedError<RiskErrorCode> {
  override readonly name = 'RiskError';

  constructor(code: RiskErrorCode, message: string) {
    super(code, message, RISK_ERRORS[code]);
  }
}
