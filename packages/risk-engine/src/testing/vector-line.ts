import { vectorNumber } from './python-text.js';

/** `[description, level number, attributes]`. */
export type VectorEvent = readonly [string, number, Readonly<Record<string, string>>];
/** `[1 closed | 2 open, failures, open until]`. */
export type VectorBreaker = readonly [number, number, number | null];

export interface VectorMode {
  readonly mode: boolean;
  readonly enabled: boolean;
  readonly last_reason: string | null;
  readonly last_enter_s: number | null;
}

export interface VectorCommand {
  readonly commandType?: string;
  readonly targetSeedId?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly seedOperation?: { readonly blueprintId?: string; readonly operation?: string };
  readonly optimizerAdjustment?: {
    readonly optimizerId?: string;
    readonly hyperparameters?: Readonly<Record<string, number>>;
  };
  readonly circuitBreaker?: { readonly desiredState?: string; readonly rationale?: string };
  readonly rollbackPayload?: Readonly<Record<string, unknown>>;
}

/** The blueprint as the prototype's metadata record has it; floats are `{"$f": text}`. */
export interface VectorBlueprint {
  readonly tier?: string;
  readonly risk?: unknown;
  readonly stage?: number;
  readonly quarantine_only?: boolean;
  readonly approval_required?: boolean;
  readonly bsds?: Readonly<Record<string, unknown>>;
}

export interface VectorThresholds {
  readonly max_loss_spike: unknown;
  readonly step_latency_high_ms: unknown;
  readonly kasmina_apply_slow_ms: unknown;
  readonly kasmina_finalize_slow_ms: unknown;
  readonly hook_budget_ms: unknown;
}

/** One evaluation as recorded. */
export interface VectorInput {
  readonly command: VectorCommand;
  readonly metrics?: Readonly<Record<string, unknown>>;
  readonly loss_delta?: unknown;
  readonly blueprint_info?: VectorBlueprint | null;
  readonly timed_out?: boolean;
  readonly blueprint_timeout?: boolean;
  readonly cons?: VectorMode;
  readonly inference?: VectorBreaker;
  readonly metadata?: VectorBreaker;
  readonly risk?: VectorThresholds;
}

export interface VectorOutput {
  readonly raises?: string;
  readonly type?: string;
  readonly payload?: string | null;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly optimizer_id?: string;
  readonly hyperparameters?: Readonly<Record<string, number>>;
  readonly events?: readonly VectorEvent[];
  readonly cons?: VectorMode;
  readonly inference?: VectorBreaker;
  readonly metadata?: VectorBreaker;
}

/** The same evaluation with every default filled in and every number a number. */
export interface Scenario {
  /** Wall and monotonic time in seconds, as the prototype counts. */
  readonly nowS: number;
  readonly type: string;
  readonly command: VectorCommand;
  readonly annotations: Readonly<Record<string, string>>;
  readonly metrics: ReadonlyMap<string, number>;
  readonly lossDelta: number;
  readonly blueprint: VectorBlueprint | null;
  readonly timedOut: boolean;
  readonly blueprintTimeout: boolean;
  readonly mode: VectorMode;
  readonly inference: VectorBreaker;
  readonly metadata: VectorBreaker;
  readonly breaker: { readonly threshold: number; readonly cooldownS: number };
  readonly limits: Readonly<Record<keyof VectorThresholds, number>>;
}

const CLOSED: VectorBreaker = [1, 0, null];
const MODE_OFF: VectorMode = { mode: false, enabled: false, last_reason: null, last_enter_s: null };
const DEFAULT_LIMITS: VectorThresholds = {
  max_loss_spike: 0.15,
  step_latency_high_ms: 120,
  kasmina_apply_slow_ms: 30,
  kasmina_finalize_slow_ms: 30,
  hook_budget_ms: 50,
};

const numbersOf = <Key extends string>(given: Readonly<Record<Key, unknown>>): Record<Key, number> =>
  Object.fromEntries(Object.entries(given).map(([key, value]) => [key, vectorNumber(value)])) as Record<Key, number>;

/** The inputs a line may leave out, with their defaults. */
const WITH_DEFAULTS = {
  metrics: {},
  loss_delta: 0,
  blueprint_info: null,
  timed_out: false,
  blueprint_timeout: false,
  cons: MODE_OFF,
  inference: CLOSED,
  metadata: CLOSED,
} as const satisfies Partial<VectorInput>;

/** Fills in the defaults the format leaves out. */
export function scenarioOf(
  given: VectorInput,
  around: Partial<Pick<Scenario, 'nowS' | 'lossDelta' | 'mode' | 'inference' | 'metadata' | 'breaker' | 'limits'>> = {},
): Scenario {
  const line = { ...WITH_DEFAULTS, ...given };
  return {
    nowS: 1000,
    type: given.command.commandType ?? 'COMMAND_UNKNOWN',
    command: given.command,
    annotations: given.command.annotations ?? {},
    metrics: new Map(Object.entries(numbersOf(line.metrics))),
    lossDelta: vectorNumber(line.loss_delta),
    blueprint: line.blueprint_info,
    timedOut: line.timed_out,
    blueprintTimeout: line.blueprint_timeout,
    mode: line.cons,
    inference: line.inference,
    metadata: line.metadata,
    breaker: { threshold: 3, cooldownS: 0.1 },
    limits: numbersOf({ ...DEFAULT_LIMITS, ...given.risk }),
    ...around,
  };
}

/** The default thresholds as numbers. */
export const limitsOf = (given: VectorThresholds): Scenario['limits'] => numbersOf(given);

/** What one evaluation led to, in the form both sides are compared in. */
export interface Outcome {
  /** Nothing else is compared when set: the configuration or the proposal was refused, or the prototype threw. */
  readonly refused: string | null;
  readonly type: string;
  readonly payload: string | null;
  readonly optimizerId: string | null;
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly events: readonly VectorEvent[];
  readonly mode: { readonly on: boolean; readonly reason: string | null; readonly enteredS: number | null };
  readonly inference: VectorBreaker;
  readonly metadata: VectorBreaker;
}

/** An outcome of which only the refusal counts. */
export const refusedOutcome = (refused: string): Outcome => ({
  refused,
  type: '',
  payload: null,
  optimizerId: null,
  hyperparameters: {},
  annotations: {},
  events: [],
  mode: { on: false, reason: null, enteredS: null },
  inference: CLOSED,
  metadata: CLOSED,
});

/** The mode as it is compared: while it is off, what the prototype still remembers of it is not. */
export const comparedMode = (mode: VectorMode): Outcome['mode'] =>
  mode.mode
    ? { on: true, reason: mode.last_reason, enteredS: mode.last_enter_s }
    : { on: false, reason: null, enteredS: null };
