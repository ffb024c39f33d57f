import { z } from 'zod';

/** One configuration value: where it can be set, what it must be, and what it changes. */
export interface Knob<T = unknown> {
  /** Environment variable. The name is API. */
  readonly env: string;
  readonly schema: z.ZodType<T>;
  readonly default: T;
  /** What it changes, in one sentence, with its unit. */
  readonly changes: string;
  /** Never printed, never part of a digest. */
  readonly secret?: true;
}

const knob = <T>(
  env: string,
  schema: z.ZodType<T>,
  more: { readonly default: NoInfer<T>; readonly changes: string },
): Knob<T> => ({
  env,
  schema,
  ...more,
});
const ms = (max: number) => z.number().nonnegative().max(max);
const whole = (min: number, max: number) => z.int().min(min).max(max);

/**
 * Every configuration value of the host, by its dotted key. The prototype's names are kept as environment names; values
 * that did nothing there (`TAMIYO_GRAPH_STRICT`, `TAMIYO_DEVICE`, `TAMIYO_ENABLE_COMPILE`) are gone or made to work.
 */
export const KNOBS = {
  profile: knob('TAMIYO_PROFILE', z.enum(['production', 'harness']), {
    default: 'production',
    changes: 'Production refuses test-only flags; harness counts conservative dwell in steps.',
  }),
  dataDir: knob('TAMIYO_DATA_DIR', z.string().min(1).max(4096), {
    default: './var/tamiyo',
    changes: 'Folder of the log, the name tables and the policy.',
  }),
  policyDir: knob('TAMIYO_POLICY_DIR', z.string().max(4096), {
    default: '',
    changes: 'Folder of the policy bundle; empty means <dataDir>/policy.',
  }),
  catalogueFile: knob('TAMIYO_CATALOGUE_FILE', z.string().max(4096), {
    default: '',
    changes: 'Blueprint catalogue file; empty means <dataDir>/catalogue.json.',
  }),
  'deadlines.inferenceMs': knob('TAMIYO_STEP_TIMEOUT_MS', ms(60_000), {
    default: 5,
    changes: 'Inference deadline in milliseconds; 0 waits for the decision deadline.',
  }),
  'deadlines.metadataMs': knob('TAMIYO_METADATA_TIMEOUT_MS', ms(60_000), {
    default: 25,
    changes: 'Blueprint lookup deadline in milliseconds; 0 waits for the decision deadline.',
  }),
  'deadlines.decisionMs': knob('TAMIYO_DECISION_DEADLINE_MS', ms(600_000).min(1), {
    default: 250,
    changes: 'Deadline of the whole decision, validate to record, in milliseconds.',
  }),
  'inference.host': knob('TAMIYO_WORKER_FALLBACK', z.enum(['process', 'thread']), {
    default: 'process',
    changes: 'Where inference runs: a killable child process, or a worker thread (FF-07).',
  }),
  'inference.standbyCount': knob('TAMIYO_STANDBY_COUNT', whole(0, 8), {
    default: 1,
    changes: 'Warm standby processes beside the one in use.',
  }),
  'inference.threadCount': knob('TAMIYO_CPU_THREADS', whole(1, 64), {
    default: 1,
    changes: 'Threads of the ONNX runtime.',
  }),
  'risk.conservativeMode': knob('TAMIYO_CONSERVATIVE_MODE', z.boolean(), {
    default: false,
    changes: 'Starts every run in conservative mode until an operator clears it.',
  }),
  'risk.lossSpikeMax': knob('TAMIYO_MAX_LOSS_SPIKE', z.number().positive().max(1e6), {
    default: 0.15,
    changes: 'A rise of the validation loss above this pauses.',
  }),
  'risk.hookLatencyMsMax': knob('TAMIYO_HOOK_BUDGET_MS', ms(3_600_000), {
    default: 50,
    changes: 'A hook latency above this pauses, in milliseconds.',
  }),
  'risk.stepLatencyMsMax': knob('TAMIYO_STEP_LATENCY_MAX_MS', ms(3_600_000), {
    default: 120,
    changes: 'A step latency above this pauses, in milliseconds.',
  }),
  'risk.applyMsMax': knob('TAMIYO_APPLY_SLOW_MS', ms(3_600_000), {
    default: 30,
    changes: 'Applying a command slower than this downgrades a SEED, in milliseconds.',
  }),
  'risk.finalizeMsMax': knob('TAMIYO_FINALIZE_SLOW_MS', ms(3_600_000), {
    default: 30,
    changes: 'Finalizing a step slower than this downgrades a SEED, in milliseconds.',
  }),
  'risk.rollbackRecentDecisions': knob('TAMIYO_ROLLBACK_RECENT_DECISIONS', whole(0, 1_000_000), {
    default: 20,
    changes: 'Critical risk within this many decisions after a graft asks for a ROLLBACK, where that is enforced.',
  }),
  'blend.annotationsEnabled': knob('TAMIYO_ENABLE_BLEND_MODE_ANN', z.boolean(), {
    default: false,
    changes: 'Emits blend-mode annotations (FF-08).',
  }),
  'blend.modeDefault': knob('TAMIYO_BLEND_MODE_DEFAULT', z.enum(['CONVEX', 'RESIDUAL', 'CHANNEL', 'CONFIDENCE']), {
    default: 'CONVEX',
    changes: 'Blend mode of a seed when the policy names none.',
  }),
  'wal.durability': knob('TAMIYO_WAL_DURABILITY', z.enum(['durable', 'written']), {
    default: 'durable',
    changes: 'written skips fdatasync: for harnesses only (FF-04).',
  }),
  'wal.strict': knob('TAMIYO_WAL_STRICT_VALIDATION', z.boolean(), {
    default: true,
    changes: 'Refuses to start on a log with rot; off starts and reports it (FF-03).',
  }),
  'seal.keyFolder': knob('TAMIYO_KEY_FOLDER', z.string().max(4096), {
    default: '',
    changes: 'Folder of the key ring; empty means the secret in ESPER_LEYLINE_SECRET.',
  }),
  'seal.expiresInMs': knob('TAMIYO_COMMAND_EXPIRES_MS', whole(1_000, 600_000), {
    default: 60_000,
    changes: 'How long a command stays valid, in milliseconds.',
  }),
  'seal.consumer': knob('TAMIYO_CONSUMER', z.string().min(1).max(64), {
    default: 'kasmina',
    changes: 'The consumer a command is addressed to; part of what is signed.',
  }),
  'run.queueMax': knob('TAMIYO_RUN_QUEUE_MAX', whole(1, 10_000), {
    default: 16,
    changes: 'Packets of one run that may wait; one more is refused.',
  }),
  'run.countMax': knob('TAMIYO_RUN_COUNT_MAX', whole(1, 1_000_000), {
    default: 10_000,
    changes: 'Runs held at once; one more is refused.',
  }),
  idempotencyMs: knob('TAMIYO_IDEMPOTENCY_MS', whole(0, 86_400_000), {
    default: 600_000,
    changes: 'How long the answer to a packet id is kept, in milliseconds.',
  }),
  'flags.pauseFallback': knob('TAMIYO_PAUSE_FALLBACK', z.boolean(), {
    default: false,
    changes: 'Test only (FF-01): a timeout answers with a signed PAUSE. Refused in production.',
  }),
} as const;

export type ConfigKey = keyof typeof KNOBS;
type ValueOf<K> = K extends Knob<infer T> ? T : never;

/** The configuration in force: every value resolved, checked and frozen. */
export type Config = { readonly [K in ConfigKey]: ValueOf<(typeof KNOBS)[K]> };
