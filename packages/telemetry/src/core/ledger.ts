/** Why a packet was dropped. */
export const DROP_REASONS = [
  'invalid',
  'shed',
  'lane_full',
  'journal_failed',
  'disk_full',
  'refused',
  'closed',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** The account of one lane. `emitted + recovered = deliveredAlone + deliveredInSummary + Σ dropped + queued`, at every moment. */
export interface LaneAccount {
  readonly emitted: number;
  /** Packets a process before this one had left on disk. */
  readonly recovered: number;
  readonly deliveredAlone: number;
  readonly deliveredInSummary: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Counted where they are, not computed: waiting in memory, on disk alone, being written, handed to the bus. */
  readonly queued: {
    readonly memory: number;
    readonly disk: number;
    readonly writing: number;
    readonly inFlight: number;
  };
  readonly queuedBytes: number;
  /** Summaries sent; they are carriers, not packets, and stand outside the account. */
  readonly summaries: number;
  /** CRITICAL packets that are or were in memory alone because the journal failed. */
  readonly undurable: number;
  /** Time in which there was something to say and nobody took it. */
  readonly blindMs: number;
}

/** Whether an account balances. */
export function isExact(account: LaneAccount): boolean {
  const { memory, disk, writing, inFlight } = account.queued;
  const out = account.deliveredAlone + account.deliveredInSummary + droppedTotal(account.dropped);
  return account.emitted + account.recovered === out + memory + disk + writing + inFlight;
}

/** Packets dropped for any reason. */
const droppedTotal = (dropped: Readonly<Record<DropReason, number>>): number =>
  Object.values(dropped).reduce((sum, count) => sum + count, 0);

/** Counters of one lane that only ever rise. */
export class Ledger {
  emitted = 0;
  recovered = 0;
  deliveredAlone = 0;
  deliveredInSummary = 0;
  summaries = 0;
  undurable = 0;
  readonly dropped: Record<DropReason, number> = {
    invalid: 0,
    shed: 0,
    lane_full: 0,
    journal_failed: 0,
    disk_full: 0,
    refused: 0,
    closed: 0,
  };
}
