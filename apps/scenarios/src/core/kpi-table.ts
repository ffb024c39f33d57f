/** What a key figure is and how a later run is judged against an earlier one. */
export interface KpiKind {
  readonly unit: 'ms' | 'count' | 'share' | 'bytes' | 'ratio' | 'per_second';
  readonly means: string;
  readonly better: 'lower' | 'higher';
  /** A change in the bad direction beyond this share of the earlier value is a regression. */
  readonly tolerance: number;
  /** Changes below this, in the unit, are noise whatever their share. */
  readonly noise: number;
}

const ms = (means: string, noise = 2): KpiKind => ({ unit: 'ms', means, better: 'lower', tolerance: 0.5, noise });
const none = (means: string): KpiKind => ({ unit: 'count', means, better: 'lower', tolerance: 0, noise: 0 });

/** Every key figure a scenario may record. */
export const KPIS = {
  trainer_step_ms_p50: ms('One step of the trainer, the wait for its decision included.'),
  trainer_step_ms_p95: ms('One step of the trainer, the wait for its decision included.'),
  trainer_step_uncontrolled_ms_p50: ms('One step of the same trainer with nobody to ask.'),
  control_cost_ms_p50: ms('What being controlled adds to a step.'),
  decision_ms_p50: ms('A whole decision, validate to deliver.'),
  decision_ms_p95: ms('A whole decision, validate to deliver.'),
  decision_ms_p99: ms('A whole decision, validate to deliver.', 10),
  inference_ms_p50: ms('The policy network, transfer and isolation included.'),
  inference_ms_p95: ms('The policy network, transfer and isolation included.'),
  durability_ms_p50: ms('Making the record of a decision durable.'),
  durability_ms_p95: ms('Making the record of a decision durable.'),
  risk_ms_p50: ms('Judging a proposed command.', 0.5),
  risk_ms_p95: ms('Judging a proposed command.', 0.5),
  lookup_ms_p95: ms('Asking the blueprint library.'),
  observe_ms_p95: ms('Building the graph the network sees.'),
  seal_ms_p95: ms('Signing a command.'),
  order_ms_p95: ms('From the order of an operator to its being in force.', 50),
  command_bytes_p95: {
    unit: 'bytes',
    means: 'A sealed command as it leaves.',
    better: 'lower',
    tolerance: 0.1,
    noise: 200,
  },
  telemetry_bytes_p95: {
    unit: 'bytes',
    means: 'A telemetry packet on the bus.',
    better: 'lower',
    tolerance: 0.2,
    noise: 200,
  },
  report_dispatch_ms_p95: ms('From a decision to its field report on the bus.', 500),
  emergency_delivery_ms_p95: ms('From a CRITICAL packet to a reader of the emergency stream.', 100),
  recovery_ms: ms('From the end of a fault to the next good decision.', 500),
  decisions: { unit: 'count', means: 'Commands delivered.', better: 'higher', tolerance: 0.1, noise: 0 },
  decisions_per_second: {
    unit: 'per_second',
    means: 'Commands delivered per second of the run.',
    better: 'higher',
    tolerance: 0.5,
    noise: 1,
  },
  deadline_misses: none('Decisions that failed because a deadline passed.'),
  decision_failures: none('Decisions that failed for any reason.'),
  late_commands: none('Commands that arrived after their deadline.'),
  lost_records: none('Acknowledged decisions that the log does not hold.'),
  reused_sequences: none('Sequence numbers used twice.'),
  rollback_fast_ms_p50: ms('Trigger to confirmed restore, from memory.', 20),
  rollback_fast_ms_p99: ms('Trigger to confirmed restore, from memory.', 50),
  rollback_full_ms_p50: ms('Trigger to confirmed restore, from a checkpoint.', 50),
  rollback_full_ms_p99: ms('Trigger to confirmed restore, from a checkpoint.', 100),
  rollback_budget_used: {
    unit: 'ratio',
    means: 'Share of the error budget of the rollback objective that was used.',
    better: 'lower',
    tolerance: 0,
    noise: 0,
  },
  log_bytes: { unit: 'bytes', means: 'The log at the end.', better: 'lower', tolerance: 0.5, noise: 1e6 },
  telemetry_queued_max: none('Telemetry packets that waited at once, at most.'),
  rss_bytes_max: { unit: 'bytes', means: 'Memory of the host process.', better: 'lower', tolerance: 0.3, noise: 3e7 },
  rss_slope_ratio: {
    unit: 'ratio',
    means: 'Rise of memory over the second half.',
    better: 'lower',
    tolerance: 1,
    noise: 0.05,
  },
  event_loop_delay_ms_p99: ms('Delay of the event loop of the host.', 20),
  final_accuracy: {
    unit: 'share',
    means: 'Accuracy on samples never trained on.',
    better: 'higher',
    tolerance: 0.05,
    noise: 0.01,
  },
} as const satisfies Readonly<Record<string, KpiKind>>;

export type KpiName = keyof typeof KPIS;
/** What a run measured; a figure it has nothing for is absent. */
export type Kpis = Readonly<Partial<Record<KpiName, number>>>;

/** Figures without those that came out as no number. */
export function finiteKpis(given: Readonly<Partial<Record<KpiName, number>>>): Kpis {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => Number.isFinite(value)));
}

/** The worst of each figure over several runs. */
export function worstKpis(runs: readonly Kpis[]): Kpis {
  const worst: Partial<Record<KpiName, number>> = {};
  for (const run of runs) {
    for (const [name, value] of Object.entries(run) as [KpiName, number][]) {
      const before = worst[name] ?? value;
      worst[name] = KPIS[name].better === 'lower' ? Math.max(before, value) : Math.min(before, value);
    }
  }
  return worst;
}
