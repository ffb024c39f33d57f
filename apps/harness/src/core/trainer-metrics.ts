import type { Snapshot } from './snapshot-ring.js';
import type { Tally } from './tally.js';

/** What a trainer measures of rollbacks and emergencies (RB-06, RB-08, RB-10). Names are those of the prototype. */
export const TRAINER_METRICS = {
  'tolaria.rollback.fast_size_bytes': { unit: 'bytes', means: 'Snapshots in memory, together.' },
  'tolaria.rollback.snapshots_total': { unit: 'count', means: 'Snapshots in memory.' },
  'tolaria.rollback.failures_total': { unit: 'count', means: 'Attempts of a tier that did not restore.' },
  'tolaria.rollback.fast_hits_total': { unit: 'count', means: 'Restores from memory.' },
  'tolaria.rollback.fast_misses_total': { unit: 'count', means: 'Restores that memory could not give.' },
  'tolaria.rollback.restore_latency_ms': { unit: 'ms', means: 'The last confirmed restore, all of its parts.' },
  'tolaria.rollback.deadline_exceeded_total': {
    unit: 'count',
    means: 'Restores beyond the limit of their tier. Other failures do not count here.',
  },
  'tolaria.emergency.halts_total': { unit: 'count', means: 'Times training was stopped for good.' },
  'tolaria.emergency.level': { unit: 'level', means: 'The worst emergency level of the run, 0 to 4.' },
  'tolaria.emergency.suppressed_total': {
    unit: 'count',
    means: 'CRITICAL events that were counted but not told, because their rate was over its cap.',
  },
  'tolaria.emergency.late_total': { unit: 'count', means: 'Interventions that were in place after their deadline.' },
} as const satisfies Readonly<Record<string, { readonly unit: string; readonly means: string }>>;

/** The name of a trainer metric. */
export type TrainerMetricName = keyof typeof TRAINER_METRICS;

/** All trainer metrics of one moment; the latency is absent before the first restore. */
export type TrainerMetrics = Readonly<Partial<Record<TrainerMetricName, number>>>;

/** The metrics of a run. Pure. */
export function trainerMetrics(run: {
  readonly tally: Tally;
  readonly snapshots: readonly Snapshot[];
  readonly level: number;
  readonly suppressed: number;
}): TrainerMetrics {
  const { rollback, emergenciesLate, restores } = run.tally;
  const last = restores.at(-1);
  return {
    'tolaria.rollback.fast_size_bytes': run.snapshots.reduce((sum, { bytes }) => sum + bytes.length, 0),
    'tolaria.rollback.snapshots_total': run.snapshots.length,
    'tolaria.rollback.failures_total': rollback['failures'] ?? 0,
    'tolaria.rollback.fast_hits_total': rollback['fastHits'] ?? 0,
    'tolaria.rollback.fast_misses_total': rollback['fastMisses'] ?? 0,
    ...(last === undefined
      ? {}
      : { 'tolaria.rollback.restore_latency_ms': last.prepareMs + last.commitMs + last.confirmMs }),
    'tolaria.rollback.deadline_exceeded_total': rollback['deadlineExceeded'] ?? 0,
    'tolaria.emergency.halts_total': rollback['halts'] ?? 0,
    'tolaria.emergency.level': run.level,
    'tolaria.emergency.suppressed_total': run.suppressed,
    'tolaria.emergency.late_total': Object.values(emergenciesLate).reduce((sum, late) => sum + late, 0),
  };
}
