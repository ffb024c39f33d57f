/** Encoded weights, the step they are from, and their digest as it was when they were stored. */
export interface Snapshot {
  readonly step: number;
  readonly bytes: Uint8Array;
  /** SHA-256, lower-case hex. */
  readonly digest: string;
}

export interface RingLimits {
  readonly snapshotsMax: number;
  /** All snapshots together. */
  readonly bytesMax: number;
}

/** The ring with `snapshot` added. At a bound the oldest are dropped; one that is too large alone is not kept. */
export function addSnapshot(ring: readonly Snapshot[], snapshot: Snapshot, limits: RingLimits): readonly Snapshot[] {
  if (snapshot.bytes.length > limits.bytesMax) return ring;
  const next = [...ring, snapshot];
  let total = next.reduce((sum, { bytes }) => sum + bytes.length, 0);
  let from = 0;
  while (next.length - from > limits.snapshotsMax || total > limits.bytesMax) {
    total -= (next[from] as Snapshot).bytes.length;
    from += 1;
  }
  return next.slice(from);
}

/**
 * The snapshot a rollback at `step` goes to: the newest one at least `marginSteps` old. Harm is seen only after it was
 * done; a snapshot younger than that may hold it.
 */
export const chooseSnapshot = (
  ring: readonly Snapshot[],
  at: { readonly step: number; readonly marginSteps: number },
): Snapshot | undefined => ring.findLast((snapshot) => snapshot.step <= at.step - at.marginSteps);

/** Validation may be above its best smoothed value by this much, in nats, and by this share of it. */
const HEALTHY_RISE = { nats: 0.15, share: 0.25 } as const;

/**
 * Weights worth keeping: validation is finite and not far above its best. The best, not the latest: while a run falls
 * apart, its smoothed loss rises with it and would soon call anything healthy.
 */
export const isHealthy = (validationLoss: number, validationBest: number | undefined): boolean =>
  Number.isFinite(validationLoss) &&
  (validationBest === undefined || validationLoss <= validationBest * (1 + HEALTHY_RISE.share) + HEALTHY_RISE.nats);
