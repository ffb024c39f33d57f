/** Every event this package describes. Attributes are text. */
export const VERIFIER_EVENTS = {
  command_rejected: {
    level: 'CRITICAL',
    means: 'A command was refused; `reason` says why. ERROR for bytes that are no command at all.',
  },
  command_rejected_summary: {
    level: 'CRITICAL',
    means: 'Refusals that were counted but not told one by one since the last summary, per reason.',
  },
  nonce_ledger_truncated: {
    level: 'WARNING',
    means: 'The replay memory had refused commands because it was full; expired nonces were removed. Never live ones.',
  },
} as const;
