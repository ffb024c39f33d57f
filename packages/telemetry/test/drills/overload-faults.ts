/** Faults that the overload drill must catch. */
export const OVERLOAD_FAULTS = {
  'ack-before-sync': 'the journal answers before it has written, and writes a second later',
  'journal-skipped': 'the journal answers and never writes',
  'sink-lies': 'the bus answers that it took a packet and throws it away',
  'reader-skips': 'the next process does not see every tenth record of the journal',
  'constant-ids': 'every message has the same id, so the bus takes all but one for duplicates',
  'ledger-miscounts': 'one packet that waits is left out of the account',
} as const;

export type OverloadFault = keyof typeof OVERLOAD_FAULTS;
