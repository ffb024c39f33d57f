import { z } from 'zod';
import { knob, ms, path, whole } from './knob.js';

const HOUR_MS = 3_600_000;

/** What a decision needs: its files, its deadlines, where inference runs, how commands are sealed. */
export const DECISION_KNOBS = {
  profile: knob('TAMIYO_PROFILE', z.enum(['production', 'harness']), {
    default: 'production',
    changes: 'Production refuses test-only flags; harness counts conservative dwell in steps.',
  }),
  dataDir: knob('TAMIYO_DATA_DIR', z.string().min(1).max(4096), {
    default: './var/tamiyo',
    changes: 'Folder of the log, the name tables and the policy.',
  }),
  policyDir: knob('TAMIYO_POLICY_DIR', path(), {
    default: '',
    changes: 'Folder of the policy bundle; empty means <dataDir>/policy.',
  }),
  catalogueFile: knob('TAMIYO_CATALOGUE_FILE', path(), {
    default: '',
    changes: 'Blueprint catalogue file; empty means <dataDir>/catalogue.json.',
  }),
  urzaDatabase: knob('TAMIYO_URZA_DATABASE', path(), {
    default: '',
    changes: 'SQLite database of Urza, read only, in the place of the catalogue file; empty means the file.',
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
  'inference.unreadMs': knob('TAMIYO_UNREAD_MS', ms(60_000), {
    default: 250,
    changes:
      'How long an answer that was ready within the inference deadline may lie unread while the host is busy and still count, in milliseconds; 0 fails it. The decision deadline holds all the same.',
  }),
  'worker.concurrencyMax': knob('ASYNC_WORKER_MAX_CONCURRENCY', whole(1, 1024), {
    default: 8,
    changes: 'Blueprint lookups that run at once.',
  }),
  'worker.shutdownGraceS': knob('ASYNC_WORKER_SHUTDOWN_TIMEOUT_S', z.number().min(0).max(600), {
    default: 5,
    changes: 'Longest that stopping waits for lookups to end, in seconds.',
  }),
  'library.abandonedMax': knob('TAMIYO_LIBRARY_ABANDONED_MAX', whole(1, 10_000), {
    default: 64,
    changes: 'Blueprint lookups given up and still unanswered before the library is asked nothing more for a while.',
  }),
  'library.forgetAfterMs': knob('TAMIYO_LIBRARY_FORGET_AFTER_MS', whole(100, HOUR_MS), {
    default: 10_000,
    changes: 'After so many milliseconds an unanswered lookup no longer counts, and the library is asked again.',
  }),
  'seal.keyFolder': knob('TAMIYO_KEY_FOLDER', path(), {
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
    changes: 'Runs known at once; a new one beyond is refused.',
  }),
  'run.forgetAfterHours': knob('TAMIYO_RUN_FORGET_AFTER_HOURS', z.number().positive().max(876_000), {
    default: 720,
    changes: 'A run without a sign of life for so many hours is given up with the log that held it.',
  }),
  idempotencyMs: knob('TAMIYO_IDEMPOTENCY_MS', whole(0, 24 * HOUR_MS), {
    default: 600_000,
    changes: 'How long the answer to a packet id is given again, in milliseconds; later it is packet_expired.',
  }),
  'blend.annotationsEnabled': knob('TAMIYO_ENABLE_BLEND_MODE_ANN', z.boolean(), {
    default: false,
    changes: 'Emits blend-mode annotations (FF-08).',
  }),
  'blend.modeDefault': knob('TAMIYO_BLEND_MODE_DEFAULT', z.enum(['CONVEX', 'RESIDUAL', 'CHANNEL', 'CONFIDENCE']), {
    default: 'CONVEX',
    changes: 'Blend mode of a seed when the policy names none.',
  }),
  'blend.gateK': knob('TAMIYO_BLEND_CONF_GATE_K', z.number().min(0).max(1e6), {
    default: 4,
    changes: 'Steepness of the confidence gate.',
  }),
  'blend.gateTau': knob('TAMIYO_BLEND_CONF_GATE_TAU', z.number().min(0).max(1e6), {
    default: 0.2,
    changes: 'Margin between the two best logits at which the confidence gate is half open.',
  }),
  'blend.alphaLo': knob('TAMIYO_BLEND_ALPHA_LO', z.number().min(0).max(1), {
    default: 0,
    changes: 'What a closed confidence gate multiplies alpha with.',
  }),
  'blend.alphaHi': knob('TAMIYO_BLEND_ALPHA_HI', z.number().min(0).max(1), {
    default: 1,
    changes: 'What an open confidence gate multiplies alpha with; not below alphaLo.',
  }),
  'blend.alphaVecMax': knob('TAMIYO_BLEND_ALPHA_VEC_MAX', whole(1, 64), {
    default: 64,
    changes: 'Most channels a CHANNEL vector is made for; the executing side takes 64.',
  }),
} as const;
