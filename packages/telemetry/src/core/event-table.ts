import type { TelemetryLevel } from '@esper/leyline';

/**
 * The catalogue of events, under their wire names. `level` is the usual one; whoever reports an event may state another.
 * `urgent` events raise a packet to HIGH already at WARNING or ERROR (see `priority.ts`). Logs and exported
 * metrics prefix the names with `tamiyo.`.
 */
export const TAMIYO_EVENTS = {
  timeout_inference: {
    level: 'CRITICAL',
    urgent: true,
    means: 'The policy did not answer inside its deadline; no command.',
  },
  timeout_urza: {
    level: 'CRITICAL',
    urgent: true,
    means: 'The blueprint library did not answer inside its deadline; no command.',
  },
  deadline_decision: {
    level: 'CRITICAL',
    urgent: true,
    means: 'The whole decision passed its deadline; its command was withheld.',
  },
  inference_unavailable: { level: 'CRITICAL', urgent: true, means: 'No inference host was ready; no command.' },
  no_seed_candidates: { level: 'CRITICAL', urgent: true, means: 'The packet offers no seed to act on; no command.' },
  policy_failure: {
    level: 'CRITICAL',
    urgent: true,
    means: 'The policy failed for a reason it did not name; no command.',
  },
  'seed command missing target_seed_id': {
    level: 'CRITICAL',
    urgent: true,
    means: 'The policy proposed a SEED without a seed; refused.',
  },
  'seed command missing blueprint_id': {
    level: 'CRITICAL',
    urgent: true,
    means: 'The policy proposed a SEED without a blueprint; refused.',
  },
  normalizer_persistence_failure: {
    level: 'CRITICAL',
    urgent: true,
    means: 'The statistics of the inputs could not be kept.',
  },
  'dependency_guard.violation': {
    level: 'CRITICAL',
    urgent: true,
    means: 'A command depends on something that is not there; refused.',
  },
  breaker_event: {
    level: 'WARNING',
    urgent: false,
    means: 'A breaker counted a failure (WARNING), opened (CRITICAL) or closed (INFO).',
  },
  conservative_entered: { level: 'WARNING', urgent: true, means: 'The run entered conservative mode.' },
  conservative_exited: { level: 'INFO', urgent: false, means: 'The run left conservative mode.' },
  conservative_held: { level: 'INFO', urgent: false, means: 'An operator holds the mode.' },
  conservative_hold_expired: { level: 'INFO', urgent: false, means: 'An operator\u2019s hold has come to its end.' },
  pause_triggered: { level: 'WARNING', urgent: false, means: 'The decision became a pause because the mode is on.' },
  pause_quota_exhausted: { level: 'WARNING', urgent: false, means: 'More pauses than the quota allows.' },
  risk_decision: { level: 'INFO', urgent: false, means: 'The deciding reason of the decision.' },
  risk_level: { level: 'WARNING', urgent: false, means: 'The level that several signals give together.' },
  shadow_finding: { level: 'INFO', urgent: false, means: 'What an evaluator in shadow would have done.' },
  signal_unknown: { level: 'WARNING', urgent: false, means: 'A signal was absent or no number.' },
  evaluator_error: { level: 'CRITICAL', urgent: true, means: 'An evaluator broke; its answer counted as unknown.' },
  policy_risk_signal: { level: 'INFO', urgent: false, means: 'The risk score the policy gave itself.' },
  policy_risk_critical: { level: 'CRITICAL', urgent: true, means: 'The policy\u2019s own risk score is critical.' },
  policy_risk_elevated: { level: 'WARNING', urgent: false, means: 'The policy\u2019s own risk score is elevated.' },
  policy_expired: { level: 'WARNING', urgent: false, means: 'The policy in force is beyond its expiry.' },
  bp_quarantine: { level: 'CRITICAL', urgent: true, means: 'The blueprint is quarantined or too risky.' },
  blueprint_risk: { level: 'WARNING', urgent: false, means: 'The blueprint\u2019s risk is elevated.' },
  blueprint_missing: { level: 'WARNING', urgent: false, means: 'Nothing is known about the blueprint.' },
  blueprint_approval_required: {
    level: 'WARNING',
    urgent: false,
    means: 'The blueprint needs an approval it does not have.',
  },
  bsds_present: { level: 'INFO', urgent: false, means: 'The blueprint has a safety sheet.' },
  bsds_handling_quarantine: { level: 'CRITICAL', urgent: true, means: 'The safety sheet says quarantine.' },
  bsds_hazard_critical: { level: 'CRITICAL', urgent: true, means: 'The safety sheet says critical hazard.' },
  bsds_hazard_high: { level: 'WARNING', urgent: true, means: 'The safety sheet says high hazard.' },
  bsds_signature_failed: { level: 'CRITICAL', urgent: true, means: 'The safety sheet\u2019s signature does not hold.' },
  loss_spike: { level: 'WARNING', urgent: true, means: 'The loss rose beyond the limit.' },
  loss_warning: { level: 'WARNING', urgent: false, means: 'The loss rose beyond half the limit.' },
  hook_budget: { level: 'WARNING', urgent: true, means: 'The trainer\u2019s hooks took too long.' },
  step_latency_high: { level: 'WARNING', urgent: true, means: 'The training step took too long.' },
  kasmina_apply_slow: { level: 'WARNING', urgent: false, means: 'Applying commands took too long.' },
  kasmina_finalize_slow: { level: 'WARNING', urgent: false, means: 'Finishing a step took too long.' },
  isolation_violations: { level: 'WARNING', urgent: true, means: 'Gradients crossed between seed and host.' },
  device_pressure_high: { level: 'WARNING', urgent: true, means: 'The accelerator is full.' },
  cpu_pressure_high: { level: 'WARNING', urgent: true, means: 'The processor is full.' },
  loss_volatility_high: { level: 'WARNING', urgent: false, means: 'The loss is unsteady.' },
  grad_variance_high: { level: 'WARNING', urgent: false, means: 'The gradients are unsteady.' },
  grad_conflict_high: { level: 'WARNING', urgent: false, means: 'The gradients contradict each other.' },
  optimizer_hint: { level: 'WARNING', urgent: false, means: 'The learning rate is not positive while the loss rises.' },
  degraded_inputs: {
    level: 'WARNING',
    urgent: true,
    means: 'Too few of the expected inputs were there; CRITICAL when nearly none.',
  },
  compile_disabled_cpu: {
    level: 'INFO',
    urgent: false,
    means: 'The policy runs uncompiled because the device asks for it.',
  },
  compile_disabled: { level: 'WARNING', urgent: false, means: 'The policy runs uncompiled.' },
  tamiyo_fallback_seed: { level: 'CRITICAL', urgent: true, means: 'A seed was chosen by fallback.' },
  tamiyo_fallback_blueprint: { level: 'CRITICAL', urgent: true, means: 'A blueprint was chosen by fallback.' },
  tamiyo_synthetic_pause: {
    level: 'CRITICAL',
    urgent: true,
    means: 'A pause stands in for a decision that failed (test flag only).',
  },
  tamiyo_runtime_fallback: { level: 'CRITICAL', urgent: true, means: 'The policy ran on its fallback.' },
  field_report_synthesised: { level: 'INFO', urgent: false, means: 'An observation window ended in a report.' },
  field_report_retry: {
    level: 'WARNING',
    urgent: false,
    means: 'A field report was not taken and will be sent again.',
  },
  field_report_drop: { level: 'WARNING', urgent: true, means: 'A field report was given up.' },
  field_report_sidecar_validation_warning: {
    level: 'WARNING',
    urgent: false,
    means: 'Kept state of field reports was damaged; told once.',
  },
  policy_update_rejected: { level: 'WARNING', urgent: false, means: 'A policy update was refused.' },
  policy_update_applied: { level: 'INFO', urgent: false, means: 'A policy update is in force.' },
  policy_fallback: {
    level: 'CRITICAL',
    urgent: true,
    means: 'The active policy cannot run, so the last known good one does; says why.',
  },
  policy_unavailable: {
    level: 'CRITICAL',
    urgent: true,
    means: 'No policy can run, so no packet gets a command; says why.',
  },
  name_refused: { level: 'WARNING', urgent: false, means: 'A name gets no index: it is transient, or its table full.' },
  name_tables_failed: {
    level: 'CRITICAL',
    urgent: true,
    means: 'The name tables can make nothing more durable, so no new name gets an index.',
  },
  command_rejected: {
    level: 'CRITICAL',
    urgent: true,
    means: 'A command was refused by its verifier; `reason` says why.',
  },
  blend_validation_failed: {
    level: 'CRITICAL',
    urgent: true,
    means: 'A SEED carries blend annotations that the executing side would refuse; no command.',
  },
  command_validation_failed: {
    level: 'ERROR',
    urgent: true,
    means: 'A verified command could not be executed as it stands.',
  },
  confidence_gate_missing_logits: {
    level: 'ERROR',
    urgent: true,
    means: 'A confidence blend came without its logits.',
  },
  nonce_ledger_truncated: {
    level: 'WARNING',
    urgent: false,
    means: 'Expired nonces were removed from a full replay memory.',
  },
  wal_damage: { level: 'CRITICAL', urgent: true, means: 'Records of the log are damaged or lost; says which.' },
  wal_full: { level: 'CRITICAL', urgent: true, means: 'The log takes no more records.' },
  wal_poisoned: { level: 'CRITICAL', urgent: true, means: 'The log can make nothing more durable.' },
  wal_retention_problem: { level: 'WARNING', urgent: false, means: 'Retention could not do its work.' },
  record_lost: { level: 'CRITICAL', urgent: true, means: 'A record that had to be written could not be.' },
  telemetry_summary: {
    level: 'WARNING',
    urgent: true,
    means: 'Several urgent packets in one, because the emergency lane is rate limited; names them.',
  },
  telemetry_dropped: {
    level: 'WARNING',
    urgent: false,
    means: 'Packets were dropped since the last such event; says how many, why and of which priority.',
  },
  telemetry_critical_lost: {
    level: 'CRITICAL',
    urgent: true,
    means: 'CRITICAL packets were dropped since the last such event.',
  },
} as const satisfies Readonly<
  Record<string, { readonly level: TelemetryLevel; readonly urgent: boolean; readonly means: string }>
>;

/** The wire name of an event of the catalogue. */
export type TamiyoEventName = keyof typeof TAMIYO_EVENTS;

/** The name under which logs and exported metrics know an event: `tamiyo.timeout_inference` for `timeout_inference`. */
export const logNameOf = (wireName: string): string =>
  wireName.startsWith('tamiyo.') ? wireName : `tamiyo.${wireName}`;

/** Whether the event raises a packet to HIGH below CRITICAL. An event that is not in the catalogue does not. */
export const isUrgent = (wireName: string): boolean =>
  Object.hasOwn(TAMIYO_EVENTS, wireName) && TAMIYO_EVENTS[wireName as TamiyoEventName].urgent;
