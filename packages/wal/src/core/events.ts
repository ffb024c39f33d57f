/** What the log tells its observer, by name. Names are API. */
export const WAL_EVENTS = {
  'wal.recovered': 'The log was opened; says how many records, and what was repaired.',
  'wal.damage': 'An acknowledged record is damaged or lost, or a damaged place was met while reading.',
  'wal.torn_tail_repaired': 'A write that never finished was cut off or fenced off before the first append.',
  'wal.segment_started': 'A new segment was begun.',
  'wal.segment_poisoned': 'A write or sync failed; nothing more is written to that segment.',
  'wal.poisoned': 'The log as a whole can make nothing more durable.',
  'wal.full': 'The disk is full; records were refused.',
  'wal.reserve_used': 'The reserved space was given up so that a last record could be written.',
  'wal.reserve_missing': 'There is no room to keep reserved space.',
  'wal.note_failed': 'The note of the last acknowledgement could not be written; costs a proof, no record.',
  'wal.durability_reduced': 'Appends resolve before they are durable, as configured.',
  'wal.retention_problem': 'Retention met records without a trustworthy issue time; they are kept.',
  'wal.segment_deleted': 'Retention deleted a segment.',
  'wal.segment_rewritten': 'Retention rewrote a segment without its expired records.',
} as const;

export type WalEventName = keyof typeof WAL_EVENTS;

/** One event: its name and a few numbers or names. Never payloads. */
export interface WalEvent {
  readonly name: WalEventName;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** Called for each event. What it throws changes nothing and is counted. */
export type WalObserver = (event: WalEvent) => void;
