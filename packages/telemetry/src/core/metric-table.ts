/**
 * Every metric, under its name. `kind`: a `gauge` is a state, a `total` a count since the process started, an `increment` what
 * this packet adds to a count. `attributes` are the only keys a point of that metric may carry.
 */
export const TAMIYO_METRICS = {
  'tamiyo.validation_loss': { unit: 'loss', kind: 'gauge', attributes: [], means: 'Validation loss in the packet.' },
  'tamiyo.loss_delta': {
    unit: 'loss',
    kind: 'gauge',
    attributes: [],
    means: 'Change of the loss since the step before.',
  },
  'tamiyo.conservative_mode': {
    unit: 'bool',
    kind: 'gauge',
    attributes: [],
    means: '1 while the run is in conservative mode.',
  },
  'tamiyo.inference.latency_ms': {
    unit: 'ms',
    kind: 'gauge',
    attributes: [],
    means: 'Inference as the decision saw it, queueing included.',
  },
  'tamiyo.gnn.inference.latency_ms': {
    unit: 'ms',
    kind: 'gauge',
    attributes: [],
    means: 'The same, under its older name.',
  },
  'tamiyo.decision.latency_ms': {
    unit: 'ms',
    kind: 'gauge',
    attributes: [],
    means: 'The whole decision, validate to record.',
  },
  'tamiyo.gnn.compile_enabled': {
    unit: 'bool',
    kind: 'gauge',
    attributes: [],
    means: '1 when the compiled graph is in use.',
  },
  'tamiyo.gnn.compile_warm_ms': { unit: 'ms', kind: 'gauge', attributes: [], means: 'What warming up took.' },
  'tamiyo.gnn.compile_fallback_total': {
    unit: 'count',
    kind: 'total',
    attributes: [],
    means: 'Falls back to the uncompiled graph.',
  },
  'tamiyo.fallback.seed': {
    unit: 'bool',
    kind: 'gauge',
    attributes: [],
    means: '1 when the seed was chosen by fallback.',
  },
  'tamiyo.fallback.blueprint': {
    unit: 'bool',
    kind: 'gauge',
    attributes: [],
    means: '1 when the blueprint was chosen by fallback.',
  },
  'tamiyo.fallback.synthetic_pause': {
    unit: 'bool',
    kind: 'gauge',
    attributes: [],
    means: '1 when a pause stands in for a failed decision.',
  },
  'tamiyo.fallback.runtime': {
    unit: 'bool',
    kind: 'gauge',
    attributes: [],
    means: '1 when the policy ran on its fallback.',
  },
  'tamiyo.policy.value_estimate': { unit: 'score', kind: 'gauge', attributes: [], means: 'Value the policy expects.' },
  'tamiyo.policy.risk_index': { unit: 'index', kind: 'gauge', attributes: [], means: 'Most probable risk class.' },
  'tamiyo.policy.risk_score': { unit: 'score', kind: 'gauge', attributes: [], means: 'Expected severity, 0 to 1.' },
  'tamiyo.gnn.feature_coverage': {
    unit: 'ratio',
    kind: 'gauge',
    attributes: [],
    means: 'Present over expected features, missing ones counted as 0.',
  },
  'tamiyo.gnn.feature_coverage.<type>': {
    unit: 'ratio',
    kind: 'gauge',
    attributes: [],
    means: 'The same for one node or edge type, for example node.seed.',
  },
  'tamiyo.gnn.feature_coverage_min': {
    unit: 'ratio',
    kind: 'gauge',
    attributes: ['type'],
    means: 'The least covered type.',
  },
  'tamiyo.gnn.feature_coverage_max': {
    unit: 'ratio',
    kind: 'gauge',
    attributes: ['type'],
    means: 'The best covered type.',
  },
  'tamiyo.gnn.feature_coverage_group': {
    unit: 'ratio',
    kind: 'gauge',
    attributes: ['group'],
    means: 'Average over the types of a group: node, edges.',
  },
  'tamiyo.gnn.bsds_missing': {
    unit: 'bool',
    kind: 'gauge',
    attributes: [],
    means: '1 when the blueprint in question has no safety sheet.',
  },
  'tamiyo.bsds.hazard_critical_signal': {
    unit: 'bool',
    kind: 'gauge',
    attributes: [],
    means: '1 when the safety sheet says critical hazard.',
  },
  'tamiyo.bsds.hazard_high_signal': {
    unit: 'bool',
    kind: 'gauge',
    attributes: [],
    means: '1 when the safety sheet says high hazard.',
  },
  'tamiyo.bsds.elevated_risk_flag': {
    unit: 'bool',
    kind: 'gauge',
    attributes: [],
    means: '1 when the risk of the blueprint is 0.8 or more.',
  },
  'tamiyo.blending.method_index': {
    unit: 'enum',
    kind: 'gauge',
    attributes: ['method'],
    means: 'Schedule shape of the blend.',
  },
  'tamiyo.blending.mode': {
    unit: 'bool',
    kind: 'gauge',
    attributes: ['mode', 'source'],
    means: 'How host and seed are mixed, and who chose it.',
  },
  'tamiyo.blending.schedule_start': {
    unit: 'fraction',
    kind: 'gauge',
    attributes: [],
    means: 'Where the blend begins.',
  },
  'tamiyo.blending.schedule_end': { unit: 'fraction', kind: 'gauge', attributes: [], means: 'Where the blend ends.' },
  'tamiyo.selection.seed_index': { unit: 'index', kind: 'gauge', attributes: [], means: 'Which seed was chosen.' },
  'tamiyo.selection.seed_score': { unit: 'score', kind: 'gauge', attributes: [], means: 'Its score.' },
  'tamiyo.selection.blueprint_index': {
    unit: 'index',
    kind: 'gauge',
    attributes: [],
    means: 'Which blueprint was chosen.',
  },
  'tamiyo.selection.blueprint_score': { unit: 'score', kind: 'gauge', attributes: [], means: 'Its score.' },
  'tamiyo.breaker.inference_state': {
    unit: 'state',
    kind: 'gauge',
    attributes: [],
    means: '1 closed, 2 open, 3 half open.',
  },
  'tamiyo.breaker.metadata_state': {
    unit: 'state',
    kind: 'gauge',
    attributes: [],
    means: '1 closed, 2 open, 3 half open.',
  },
  'tamiyo.breaker.inference_failures': { unit: 'count', kind: 'gauge', attributes: [], means: 'Failures it counts.' },
  'tamiyo.breaker.metadata_failures': { unit: 'count', kind: 'gauge', attributes: [], means: 'Failures it counts.' },
  'tamiyo.blueprint.risk': {
    unit: 'score',
    kind: 'gauge',
    attributes: [],
    means: 'Risk of the blueprint in question.',
  },
  'tamiyo.decisions_total': {
    unit: 'count',
    kind: 'increment',
    attributes: ['command', 'changed'],
    means: 'Decisions by kind of the final command, and whether risk changed it.',
  },
  'tamiyo.risk.reasons_total': {
    unit: 'count',
    kind: 'increment',
    attributes: ['reason'],
    means: 'Decisions in which this reason was found.',
  },
  'tamiyo.timeouts_total': {
    unit: 'count',
    kind: 'total',
    attributes: ['kind'],
    means: 'Deadlines passed: inference, metadata, decision.',
  },
  'tamiyo.verifier.failures_total': {
    unit: 'count',
    kind: 'total',
    attributes: [],
    means: 'Commands refused by a verifier, as reported back.',
  },
  'tamiyo.field_reports.published_total': {
    unit: 'count',
    kind: 'total',
    attributes: [],
    means: 'Field reports delivered.',
  },
  'tamiyo.field_reports.retries_total': {
    unit: 'count',
    kind: 'total',
    attributes: [],
    means: 'Field reports sent again.',
  },
  'tamiyo.field_reports.dropped_total': {
    unit: 'count',
    kind: 'total',
    attributes: [],
    means: 'Field reports given up.',
  },
  'tamiyo.field_reports.pending_total': {
    unit: 'count',
    kind: 'gauge',
    attributes: [],
    means: 'Field reports waiting. (Its name is older than its meaning.)',
  },
  'tamiyo.field_reports.retry_backlog_total': {
    unit: 'count',
    kind: 'gauge',
    attributes: [],
    means: 'Of these, waiting for another attempt.',
  },
  'tamiyo.field_reports.retry_index_load_errors': {
    unit: 'count',
    kind: 'total',
    attributes: [],
    means: 'Damaged entries of the retry index.',
  },
  'tamiyo.field_reports.window_load_errors': {
    unit: 'count',
    kind: 'total',
    attributes: [],
    means: 'Damaged entries of the observation windows.',
  },
  'tamiyo.telemetry.emitted_total': {
    unit: 'count',
    kind: 'total',
    attributes: ['lane'],
    means: 'Packets handed to the lane, recovered ones included.',
  },
  'tamiyo.telemetry.delivered_total': {
    unit: 'count',
    kind: 'total',
    attributes: ['lane', 'how'],
    means: 'Packets delivered, alone or named in a summary.',
  },
  'tamiyo.telemetry.dropped_total': {
    unit: 'count',
    kind: 'total',
    attributes: ['lane', 'reason'],
    means: 'Packets dropped, by reason.',
  },
  'tamiyo.telemetry.queued': {
    unit: 'count',
    kind: 'gauge',
    attributes: ['lane'],
    means: 'Packets waiting, on disk or in memory.',
  },
  'tamiyo.telemetry.queued_bytes': {
    unit: 'bytes',
    kind: 'gauge',
    attributes: ['lane'],
    means: 'Memory the waiting packets take.',
  },
  'tamiyo.telemetry.blind_ms': {
    unit: 'ms',
    kind: 'total',
    attributes: ['lane'],
    means: 'Time in which the lane had something to say and nobody took it.',
  },
  'tamiyo.telemetry.exporter_failures_total': {
    unit: 'count',
    kind: 'total',
    attributes: [],
    means: 'Exports that failed or were skipped because the exporter was behind.',
  },
} as const satisfies Readonly<
  Record<
    string,
    {
      readonly unit: string;
      readonly kind: 'gauge' | 'total' | 'increment';
      readonly attributes: readonly string[];
      readonly means: string;
    }
  >
>;

/** The name of a metric. Coverage by type is built with {@link coverageTypePoint}. */
export type TamiyoMetricName = Exclude<keyof typeof TAMIYO_METRICS, 'tamiyo.gnn.feature_coverage.<type>'>;
