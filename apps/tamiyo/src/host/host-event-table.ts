/**
 * What the host itself reports, besides what its packages do. Names as on the wire; `level` is the usual one. Everything here
 * is read by people and alerts, so a name changes only with a major version.
 */
export const HOST_EVENTS = {
  run_held: {
    level: 'WARNING',
    means: 'An operator holds a run: it gets no command until released, or until the end named.',
  },
  run_released: { level: 'INFO', means: 'An operator released a run that was held.' },
  run_taken_over: {
    level: 'WARNING',
    means:
      'A run came from a host whose lease ran out while it was deciding: killed, frozen or cut off. Says from which.',
  },
  operator_order: { level: 'WARNING', means: 'An operator ordered something: who, why, what, and until when.' },
  decision_refused: {
    level: 'WARNING or CRITICAL',
    means: 'Packets were turned away before a decision began; says why and how many since the last such event.',
  },
  flag_active: {
    level: 'CRITICAL, WARNING or INFO',
    means: 'A feature flag is on; says which, what it means and when it ends.',
  },
  flag_expired: { level: 'WARNING', means: 'The time of a feature flag is over; it is off.' },
  guard_bypassed: { level: 'WARNING', means: 'The relaxed guard let an unknown blueprint pass (FF-05).' },
  listener_failed: {
    level: 'WARNING',
    means: 'Somebody who listened to the events of the host broke, and is told no more.',
  },
  blueprint_refused: {
    level: 'WARNING',
    means: 'A blueprint of Urza cannot be read and is not offered; says which and why.',
  },
  catalogue_stale: {
    level: 'WARNING',
    means: 'Urza’s database cannot be read again; the blueprints read before stay in force.',
  },
  wal_torn_tail_repaired: {
    level: 'WARNING',
    means: 'A write that never finished was cut off when the log was opened.',
  },
  wal_segment_poisoned: { level: 'CRITICAL', means: 'A write or sync of the log failed; a new segment takes over.' },
  wal_durability_reduced: { level: 'WARNING', means: 'Records are acknowledged before they are durable (FF-04).' },
} as const;

/** The name of an event of the host. */
export type HostEventName = keyof typeof HOST_EVENTS;
