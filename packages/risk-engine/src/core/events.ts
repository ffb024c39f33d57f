/**
 * Every event the risk engine emits. Names are those of the catalogue on the wire; `level` lists the levels it comes in,
 * `means` says what has happened.
 */
export const RISK_EVENTS = {
  policy_risk_signal: { level: 'INFO', means: 'What the policy says about the risk of its own proposal.' },
  policy_risk_critical: {
    level: 'CRITICAL',
    means: 'The policy rates its proposal critical: pause, conservative mode.',
  },
  policy_risk_elevated: { level: 'WARNING', means: 'The policy rates a SEED as elevated risk: downgrade.' },
  policy_expired: { level: 'WARNING', means: 'A policy past its validity proposed a structural change: pause.' },
  pause_triggered: { level: 'WARNING', means: 'Conservative mode is on, so the decision is a pause.' },
  conservative_entered: { level: 'WARNING', means: 'Conservative mode was entered, with the trigger.' },
  conservative_exited: {
    level: 'INFO',
    means: 'Conservative mode was left, with what had caused it and how long it lasted.',
  },
  conservative_held: { level: 'WARNING', means: 'An operator took over conservative mode that was already on.' },
  conservative_hold_expired: { level: 'INFO', means: 'The time of an operator’s hold is over.' },
  timeout_inference: {
    level: 'CRITICAL',
    means: 'Inference timed out and the host asked for a command all the same (FF-01).',
  },
  timeout_urza: {
    level: 'CRITICAL',
    means: 'Metadata timed out and the host asked for a command all the same (FF-01).',
  },
  breaker_event: {
    level: 'CRITICAL, WARNING or INFO',
    means: 'A breaker opened, counted a failure, closed, or was forced.',
  },
  bp_quarantine: { level: 'CRITICAL', means: 'The blueprint is in quarantine or too risky: pause, conservative mode.' },
  blueprint_risk: { level: 'WARNING', means: 'The blueprint has elevated risk: a SEED is downgraded.' },
  blueprint_missing: { level: 'CRITICAL', means: 'Nothing is known about the blueprint the command names: pause.' },
  blueprint_approval_required: {
    level: 'WARNING',
    means: 'The blueprint needs an approval nobody has given: a SEED is held.',
  },
  bsds_present: { level: 'INFO', means: 'The blueprint has a safety data sheet; what it says.' },
  bsds_handling_quarantine: {
    level: 'CRITICAL',
    means: 'The sheet’s handling class is quarantine: pause, conservative mode.',
  },
  bsds_hazard_critical: { level: 'CRITICAL', means: 'The sheet’s hazard band is CRITICAL: pause, conservative mode.' },
  bsds_hazard_high: { level: 'WARNING', means: 'The sheet’s hazard band is HIGH: a SEED is downgraded.' },
  bsds_signature_failed: {
    level: 'CRITICAL',
    means: 'The sheet’s signature is invalid, or missing where one is required: a SEED is held.',
  },
  loss_spike: {
    level: 'WARNING',
    means: 'The validation loss rose beyond the spike threshold: pause, conservative mode.',
  },
  loss_warning: {
    level: 'WARNING',
    means: 'The validation loss rose beyond the warning threshold: a SEED is downgraded.',
  },
  hook_budget: { level: 'WARNING', means: 'The trainer’s hooks took longer than their budget: pause.' },
  step_latency_high: { level: 'WARNING', means: 'The previous step took too long: pause.' },
  kasmina_apply_slow: { level: 'WARNING', means: 'Applying the last command took too long: a SEED is downgraded.' },
  kasmina_finalize_slow: { level: 'WARNING', means: 'Finishing the last command took too long: a SEED is downgraded.' },
  isolation_violations: { level: 'WARNING', means: 'A seed reached outside its isolation: pause.' },
  device_pressure_high: { level: 'WARNING', means: 'The device is busy and nearly out of memory: a SEED is paused.' },
  cpu_pressure_high: { level: 'WARNING', means: 'The CPU is busy: a SEED is downgraded.' },
  loss_volatility_high: { level: 'WARNING', means: 'The loss swings: a SEED is downgraded.' },
  grad_variance_high: { level: 'WARNING', means: 'Gradients vary: a SEED is downgraded.' },
  grad_conflict_high: { level: 'WARNING', means: 'Gradients conflict: a SEED is downgraded.' },
  optimizer_hint: {
    level: 'WARNING',
    means: 'The learning rate cannot help while the loss rises: a SEED is downgraded.',
  },
  degraded_inputs: {
    level: 'CRITICAL or WARNING',
    means: 'The policy had hardly any of its inputs (pause), or few (warning).',
  },
  signal_unknown: { level: 'WARNING', means: 'A signal is no evidence and counts as its worst value.' },
  evaluator_error: { level: 'CRITICAL', means: 'An evaluator broke and counts as the worst it could have said.' },
  risk_level: { level: 'CRITICAL or WARNING', means: 'The multi-signal score reached YELLOW or beyond.' },
  validation_loss_variance: { level: 'WARNING', means: 'The loss varies more than the design allows.' },
  validation_memory: { level: 'CRITICAL', means: 'The device has hardly any memory left: a SEED is paused.' },
  validation_gradient_norm: { level: 'WARNING', means: 'The gradient norm is larger than the design allows.' },
  rollback_required: { level: 'CRITICAL', means: 'Critical risk soon after a structural change: roll back.' },
  rollback_spent: { level: 'CRITICAL', means: 'A rollback would be due and the run has had all of its own: pause.' },
  pause_quota_exhausted: {
    level: 'CRITICAL',
    means: 'The engine paused this run too often in one window: somebody has to look.',
  },
  shadow_finding: { level: 'INFO', means: 'What an evaluator in shadow would have asked for. Nothing was done.' },
  risk_decision: { level: 'INFO', means: 'The decision: reason, command, and what decided.' },
} as const;

/** The name of an event the risk engine emits. */
export type RiskEventName = keyof typeof RISK_EVENTS;
