/** Whether a signal must be there, and how long it may be away once it has been seen. */
export interface SignalPolicy {
  readonly presence: 'required' | 'optional';
  /** Milliseconds an optional signal may be absent after it was last seen; beyond, it counts as unknown. */
  readonly ageMsMax: number;
}

/** A step metric may be away for five minutes; validation is rarer. */
const STEP_AGE_MS = 300_000;
const VALIDATION_AGE_MS = 3_600_000;

const optional = (ageMsMax: number): SignalPolicy => Object.freeze({ presence: 'optional', ageMsMax });
const required: SignalPolicy = Object.freeze({ presence: 'required', ageMsMax: STEP_AGE_MS });

/**
 * Every signal the evaluators read, with its default policy. Names of packet metrics are the catalogue's. `blueprint`
 * stands for the metadata of the blueprint a SEED names, `coverage` for the share of the policy's inputs that arrived.
 */
export const SIGNALS = Object.freeze({
  policy_risk_score: required,
  blueprint: required,
  coverage: required,
  loss_delta: optional(VALIDATION_AGE_MS),
  hook_latency_ms: optional(STEP_AGE_MS),
  step_latency_ms: optional(STEP_AGE_MS),
  'kasmina.apply_ms': optional(STEP_AGE_MS),
  'kasmina.finalize_ms': optional(STEP_AGE_MS),
  'kasmina.isolation.violations': optional(STEP_AGE_MS),
  gpu_util_percent: optional(STEP_AGE_MS),
  gpu_mem_free_gb: optional(STEP_AGE_MS),
  cpu_util_percent: optional(STEP_AGE_MS),
  loss_volatility: optional(STEP_AGE_MS),
  grad_var: optional(STEP_AGE_MS),
  grad_conflict_rate: optional(STEP_AGE_MS),
  optimizer_lr: optional(STEP_AGE_MS),
  gradient_norm: optional(STEP_AGE_MS),
  memory_ratio: optional(STEP_AGE_MS),
  seed_risk: optional(STEP_AGE_MS),
}) satisfies Readonly<Record<string, SignalPolicy>>;

/** The name of a signal. */
export type SignalName = keyof typeof SIGNALS;

/** All signal names, in table order. */
export const SIGNAL_NAMES = Object.freeze(Object.keys(SIGNALS)) as readonly SignalName[];
