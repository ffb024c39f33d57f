import type { Delivery } from '../core/delivery.js';
import type { PublishPacing } from './publish-pacing.js';

/** How one round of publishing goes. */
export interface PublishRound {
  readonly pacing: PublishPacing;
  /** Publishes under way at once, to a bus that was quick the last time. */
  readonly concurrencyMax: number;
  /** True when the bus has taken the report. Does not reject. */
  readonly publish: (delivery: Delivery) => Promise<boolean>;
}

/**
 * Publishes `due` in order, several at a time so that they share a sync, and stops when the bus is given a rest. A bus that is
 * not known to be quick gets one at a time. Gives how many were taken.
 */
export async function publishRound(due: readonly Delivery[], round: PublishRound): Promise<number> {
  const { pacing, concurrencyMax, publish } = round;
  let taken = 0;
  for (let at = 0; at < due.length; ) {
    const batch = due.slice(at, at + (pacing.quick ? concurrencyMax : 1));
    at += batch.length;
    const outcomes = await Promise.all(batch.map((one) => pacing.timed(() => publish(one))));
    taken += outcomes.filter(Boolean).length;
    if (pacing.rests) break;
  }
  return taken;
}
