import type { MetricPoint } from '@esper/leyline';
import type { KeyAge } from './key-ring.js';
import type { RefusalReason } from './refusal.js';

/** Every metric this package reports. The names of the prototype are kept. */
export const VERIFIER_METRICS = {
  'kasmina.command_verifier.accepted_total': { unit: 'count', means: 'Commands accepted.' },
  'kasmina.command_verifier.rejections_total': { unit: 'count', means: 'Commands refused, by `reason`.' },
  'kasmina.command_verifier.validation_latency_ms': { unit: 'ms', means: 'Time the last verification took.' },
  'kasmina.nonce_ledger.size': { unit: 'count', means: 'Nonces in the replay memory.' },
  'kasmina.nonce_ledger.evictions_total': { unit: 'count', means: 'Live nonces given up for room: always 0.' },
  'kasmina.nonce_ledger.ttl_seconds': { unit: 's', means: 'How long a nonce is kept.' },
  'command_verifier.nonces_expired_total': { unit: 'count', means: 'Nonces dropped because their time was over.' },
  'command_verifier.clock_steps_total': { unit: 'count', means: 'Steps of the wall clock over one second.' },
  'command_verifier.watermark_refusals_total': {
    unit: 'count',
    means: 'Commands refused because they may be from before a restart or clock step; most of them are good.',
  },
  'command_verifier.journal_steps_total': { unit: 'count', means: 'Watermark steps written ahead.' },
  'command_verifier.key_age_ms': { unit: 'ms', means: 'Age of a key, by `key_id` and `state`.' },
  'command_verifier.key_expires_in_ms': { unit: 'ms', means: 'Time until a key runs out; negative afterwards.' },
} as const;

type MetricName = keyof typeof VERIFIER_METRICS;

/** What a verifier counted since it was made. */
export interface VerifierCounts {
  readonly accepted: number;
  /** Only reasons that occurred. */
  readonly refused: ReadonlyMap<RefusalReason, number>;
  readonly lastLatencyMs: number;
}

/** What is read from a replay guard. */
export interface LedgerFacts {
  readonly size: number;
  readonly retentionMs: number;
  readonly expiredTotal: number;
  readonly clockStepsTotal: number;
  readonly journalStepsTotal: number;
}

/** Everything that is reported together. */
export interface VerifierState {
  readonly counts: VerifierCounts;
  readonly ledger: LedgerFacts;
  readonly keys: readonly KeyAge[];
}

/** The metrics of a verifier as points; bounded by the number of reasons and keys. */
export function verifierMetrics({ counts, ledger, keys }: VerifierState): readonly MetricPoint[] {
  const refused = [...counts.refused].map(([reason, total]) =>
    point('kasmina.command_verifier.rejections_total', total, { reason }),
  );
  const ages = keys.flatMap((key) => [
    point('command_verifier.key_age_ms', key.ageMs, { key_id: key.keyId, state: key.state }),
    point('command_verifier.key_expires_in_ms', key.expiresInMs, { key_id: key.keyId, state: key.state }),
  ]);
  return [
    point('kasmina.command_verifier.accepted_total', counts.accepted),
    ...refused,
    point('kasmina.command_verifier.validation_latency_ms', counts.lastLatencyMs),
    point('kasmina.nonce_ledger.size', ledger.size),
    point('kasmina.nonce_ledger.evictions_total', 0),
    point('kasmina.nonce_ledger.ttl_seconds', ledger.retentionMs / 1000),
    point('command_verifier.nonces_expired_total', ledger.expiredTotal),
    point('command_verifier.clock_steps_total', ledger.clockStepsTotal),
    point('command_verifier.watermark_refusals_total', counts.refused.get('issued_before_watermark') ?? 0),
    point('command_verifier.journal_steps_total', ledger.journalStepsTotal),
    ...ages,
  ];
}

const point = (name: MetricName, value: number, attributes?: Readonly<Record<string, string>>): MetricPoint => ({
  name,
  value,
  unit: VERIFIER_METRICS[name].unit,
  ...(attributes === undefined ? {} : { attributes }),
});
