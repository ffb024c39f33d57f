/** Counters and gauges of one open log, by metric name. Names are API. */
export const WAL_METRICS = {
  'wal.appended_total': { field: 'appendedTotal', unit: 'count' },
  'wal.appended_bytes_total': { field: 'appendedBytesTotal', unit: 'bytes' },
  'wal.commits_total': { field: 'commitsTotal', unit: 'count' },
  'wal.syncs_total': { field: 'syncsTotal', unit: 'count' },
  'wal.sync_last': { field: 'syncLastMs', unit: 'ms' },
  'wal.sync_max': { field: 'syncMaxMs', unit: 'ms' },
  'wal.rejected_total': { field: 'rejectedTotal', unit: 'count' },
  'wal.acknowledged_not_durable_total': { field: 'acknowledgedNotDurableTotal', unit: 'count' },
  'wal.queued': { field: 'queuedRecords', unit: 'count' },
  'wal.queued_bytes': { field: 'queuedBytes', unit: 'bytes' },
  'wal.segments': { field: 'segments', unit: 'count' },
  'wal.retained_bytes': { field: 'retainedBytes', unit: 'bytes' },
  'wal.segments_poisoned_total': { field: 'segmentsPoisonedTotal', unit: 'count' },
  'wal.note_failures_total': { field: 'noteFailuresTotal', unit: 'count' },
  'wal.observer_failures_total': { field: 'observerFailuresTotal', unit: 'count' },
} as const satisfies Readonly<Record<string, { readonly field: keyof WalStats; readonly unit: string }>>;

/** A snapshot; counters start at zero with each opening. */
export interface WalStats {
  readonly appendedTotal: number;
  /** Bytes of frames, headers and padding included. */
  readonly appendedBytesTotal: number;
  /** Batches written. */
  readonly commitsTotal: number;
  readonly syncsTotal: number;
  readonly syncLastMs: number;
  readonly syncMaxMs: number;
  readonly rejectedTotal: number;
  /** Appends that resolved before they were durable (`durability: 'written'`). */
  readonly acknowledgedNotDurableTotal: number;
  readonly queuedRecords: number;
  readonly queuedBytes: number;
  readonly segments: number;
  readonly retainedBytes: number;
  readonly segmentsPoisonedTotal: number;
  readonly noteFailuresTotal: number;
  readonly observerFailuresTotal: number;
  readonly firstSequence: number;
  /** The highest acknowledged sequence; 0 before the first. */
  readonly lastSequence: number;
  readonly durableThrough: number;
  readonly durability: 'durable' | 'written';
  readonly rewrite: 'on' | 'shadow' | 'off';
  readonly state: 'open' | 'poisoned' | 'closed';
  /** True while the reserved disk space is there. */
  readonly reserveThere: boolean;
}
