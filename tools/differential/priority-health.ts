import type { CommandType, TelemetryEvent, TelemetryLevel } from '../../packages/leyline/src/index.ts';
import { healthStatus, healthSummary, priorityIndicator, priorityOf } from '../../packages/telemetry/src/index.ts';
import type { Deviation, LineRunner, VectorOutcome } from './outcome.ts';

/** `[description, level number]`; levels outside the enumeration occur. */
type RecordedEvent = readonly [string, number];

interface Recorded {
  readonly in: {
    readonly type: string;
    readonly risk_reason: string | null;
    readonly events: readonly RecordedEvent[];
    readonly loss_delta: number | 'NaN' | 'Infinity' | '-Infinity';
    readonly max_loss_spike: number | 'NaN' | 'Infinity' | '-Infinity';
  };
  readonly out: { readonly priority: string; readonly health: readonly [string, string] };
}

type Answer = Recorded['out'];

/** Where priority and health differ from the prototype's on purpose. */
export const priorityHealthDeviations = [
  {
    id: 'DEV-PH-01',
    rule: 'Every event the catalogue marks urgent raises a packet to HIGH from WARNING on; among the recorded ones conservative_entered and degraded_inputs.',
    why: 'The prototype has a list of ten, and leaves these on the normal stream (Q-16, Q-18).',
    recognisedBy: 'An event of the longer list, of level WARNING or ERROR. Expected priority: HIGH, unless CRITICAL.',
  },
  {
    id: 'DEV-PH-02',
    rule: 'An event of level ERROR degrades health.',
    why: 'In the prototype errors alone leave it healthy (TL-03).',
    recognisedBy: 'An event of level ERROR, and none of WARNING or CRITICAL. Expected status: DEGRADED.',
  },
  {
    id: 'DEV-PH-03',
    rule: 'The summary is the most severe event from WARNING on, the last of equals; INFO says nothing about health.',
    why: 'The prototype shows whatever event came last (D-40).',
    recognisedBy: 'The command is no PAUSE and there are events. Expected summary: computed from their levels.',
  },
] as const satisfies readonly Deviation[];

type Rule = (typeof priorityHealthDeviations)[number]['id'];
const ALL = priorityHealthDeviations.map(({ id }) => id);

const LISTED = [
  'timeout_inference',
  'timeout_urza',
  'step_latency_high',
  'loss_spike',
  'isolation_violations',
  'hook_budget',
  'policy_risk_critical',
  'bp_quarantine',
  'device_pressure_high',
  'cpu_pressure_high',
];
/** The events our catalogue marks urgent beyond the prototype's ten. */
const ADDED = [
  'deadline_decision',
  'inference_unavailable',
  'no_seed_candidates',
  'policy_failure',
  'seed command missing target_seed_id',
  'seed command missing blueprint_id',
  'normalizer_persistence_failure',
  'dependency_guard.violation',
  'conservative_entered',
  'evaluator_error',
  'bsds_handling_quarantine',
  'bsds_hazard_critical',
  'bsds_hazard_high',
  'bsds_signature_failed',
  'degraded_inputs',
  'tamiyo_fallback_seed',
  'tamiyo_fallback_blueprint',
  'tamiyo_synthetic_pause',
  'tamiyo_runtime_fallback',
  'field_report_drop',
  'command_rejected',
  'blend_validation_failed',
  'command_validation_failed',
  'confidence_gate_missing_logits',
  'wal_damage',
  'wal_full',
  'wal_poisoned',
  'record_lost',
  'telemetry_summary',
  'telemetry_critical_lost',
];

const isLoud = (level: number): boolean => level === 2 || level === 3;

function naivePriority(events: readonly RecordedEvent[], rules: ReadonlySet<Rule>): string {
  if (events.some(([, level]) => level === 4)) return 'MESSAGE_PRIORITY_CRITICAL';
  const listed = rules.has('DEV-PH-01') ? [...LISTED, ...ADDED] : LISTED;
  const high = events.some(([name, level]) => isLoud(level) && listed.includes(name));
  return high ? 'MESSAGE_PRIORITY_HIGH' : 'MESSAGE_PRIORITY_NORMAL';
}

function naiveStatus(type: string, events: readonly RecordedEvent[], rules: ReadonlySet<Rule>): string {
  if (events.some(([, level]) => level === 4)) return 'HEALTH_STATUS_CRITICAL';
  const degrades = (level: number): boolean => level === 2 || (level === 3 && rules.has('DEV-PH-02'));
  const degraded = type === 'COMMAND_PAUSE' || events.some(([, level]) => degrades(level));
  return degraded ? 'HEALTH_STATUS_DEGRADED' : 'HEALTH_STATUS_HEALTHY';
}

function naiveEvent(events: readonly RecordedEvent[], rules: ReadonlySet<Rule>): RecordedEvent | undefined {
  if (!rules.has('DEV-PH-03')) return events.at(-1);
  const worst = Math.max(...events.map(([, level]) => (level >= 2 && level <= 4 ? level : 0)));
  return worst < 2 ? undefined : events.findLast(([, level]) => level === worst);
}

function naiveSummary(given: Recorded['in'], rules: ReadonlySet<Rule>): string {
  if (given.type === 'COMMAND_PAUSE') {
    if (given.risk_reason === 'blueprint_high_risk') return 'bp_high_risk';
    return given.risk_reason ?? 'pause';
  }
  const event = naiveEvent(given.events, rules);
  if (event !== undefined) return event[0];
  return Number(given.loss_delta) > Number(given.max_loss_spike) ? 'loss_spike' : 'stable';
}

const naive = (given: Recorded['in'], rules: ReadonlySet<Rule>): Answer => ({
  priority: naivePriority(given.events, rules),
  health: [naiveStatus(given.type, given.events, rules), naiveSummary(given, rules)],
});

const LEVELS: readonly TelemetryLevel[] = ['UNSPECIFIED', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'];

function product(given: Recorded['in']): Answer {
  const events: readonly TelemetryEvent[] = given.events.map(([description, level]) => ({
    description,
    level: LEVELS[level] ?? 'UNSPECIFIED',
    attributes: {},
  }));
  const facts = {
    commandType: given.type.replace('COMMAND_', '') as CommandType,
    ...(given.risk_reason === null ? {} : { reason: given.risk_reason }),
    events,
    lossDelta: Number(given.loss_delta),
    lossSpikeMax: Number(given.max_loss_spike),
  };
  return {
    priority: priorityIndicator(priorityOf(events)),
    health: [`HEALTH_STATUS_${healthStatus(facts)}`, healthSummary(facts)],
  };
}

const same = (a: Answer, b: Answer): boolean =>
  JSON.stringify([a.priority, a.health]) === JSON.stringify([b.priority, b.health]);

const unexplained = (what: string, wanted: Answer, got: Answer): VectorOutcome => ({
  kind: 'unexplained',
  detail: `${what}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`,
});

/** A line of `priority-health`: the recording must be the prototype, and ours the prototype with the deviations made. */
export const runPriorityHealth: LineRunner = (line) => {
  const { in: given, out } = line as Recorded;
  const theirs = naive(given, new Set());
  if (!same(theirs, out)) return unexplained('not the prototype', theirs, out);
  const wanted = naive(given, new Set(ALL));
  const ours = product(given);
  if (!same(wanted, ours)) return unexplained('ours', wanted, ours);
  if (same(ours, out)) return { kind: 'equal' };
  const shown = ALL.filter((id) => !same(naive(given, new Set(ALL.filter((other) => other !== id))), wanted));
  return { kind: 'explained', deviation: shown.join('+') };
};
