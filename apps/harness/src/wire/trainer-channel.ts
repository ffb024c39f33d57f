import {
  decodeMessage,
  decodePlain,
  encodeMessage,
  encodePlain,
  type SystemStatePacket,
  TELEMETRY_LEVELS,
  type TelemetryLevel,
} from '@esper/leyline';
import { z } from 'zod';
import { FAULT_KINDS, type FaultKind } from '../core/fault-schedule.js';
import type { TrainerSummary } from '../core/tally.js';
import { TRAINER_EVENTS, type TrainerEventName } from '../core/trainer-event.js';
import { TRAINER_METRICS, type TrainerMetricName } from '../core/trainer-metrics.js';
import { HarnessError } from '../errors.js';

/** Both sides must speak the same one. */
export const CHANNEL_PROTOCOL = 1;

/** A measured value; NaN and infinite ones pass, because they are then the truth. */
const measured = z.custom<number>((value) => typeof value === 'number', 'a number');
const whole = z.int().min(0);
const text = z.string().max(4096);
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'bytes');
const counts = z.record(z.string().max(256), whole);

const restoreRecord = z.strictObject({
  atStep: whole,
  toStep: whole,
  tier: z.enum(['fast', 'full']),
  prepareMs: measured,
  commitMs: measured,
  confirmMs: measured,
});

const tally = z.strictObject({
  packets: whole,
  applied: counts,
  refused: counts,
  rejected: counts,
  failures: counts,
  faults: counts,
  updatesSkipped: whole,
  seedStages: counts,
  rollback: counts,
  emergencies: counts,
  emergenciesLate: counts,
  restores: z.array(restoreRecord).max(256).readonly(),
});

const metricNames = Object.keys(TRAINER_METRICS) as [TrainerMetricName, ...TrainerMetricName[]];
const eventNames = Object.keys(TRAINER_EVENTS) as [TrainerEventName, ...TrainerEventName[]];
const levels = Object.keys(TELEMETRY_LEVELS) as [TelemetryLevel, ...TelemetryLevel[]];

const trainerMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    protocol: z.literal(CHANNEL_PROTOCOL),
    trainingRunId: text,
    plannedSteps: whole,
    /** Steps that an earlier process of this run had trained; this one goes on after them. */
    stepsBefore: whole,
    languages: z.array(text).max(64),
    trainingSamples: whole,
    validationSamples: whole,
    hostParameters: whole,
    shape: z.strictObject({ inputs: whole, width: whole, classes: whole }),
  }),
  z.strictObject({ type: z.literal('packet'), requestId: whole, packet: bytes }),
  z.strictObject({
    type: z.literal('event'),
    event: z.strictObject({
      name: z.enum(eventNames),
      level: z.enum(levels),
      step: whole,
      attributes: z.record(text, text),
    }),
  }),
  z.strictObject({
    type: z.literal('step'),
    step: whole,
    loss: measured,
    accuracy: measured,
    validationLoss: measured,
    validationAccuracy: measured,
    learningRate: measured,
    stepMs: measured,
    paused: z.boolean(),
  }),
  z.strictObject({
    type: z.literal('summary'),
    summary: z.strictObject({
      trainingRunId: text,
      steps: whole,
      finalLoss: measured,
      finalAccuracy: measured,
      halted: text.optional(),
      tally,
      metrics: z.partialRecord(z.enum(metricNames), measured),
    }),
  }),
  z.strictObject({ type: z.literal('failed'), code: text, message: text }),
]);

type OnTheWire = z.infer<typeof trainerMessage>;

/** What a trainer tells its host. `packet` is decoded: a message with a packet that is none is refused as a whole. */
export type TrainerMessage =
  | Exclude<OnTheWire, { type: 'packet' | 'summary' }>
  | { readonly type: 'summary'; readonly summary: TrainerSummary }
  | { readonly type: 'packet'; readonly requestId: number; readonly packet: SystemStatePacket };

const faultKinds = Object.keys(FAULT_KINDS) as [FaultKind, ...FaultKind[]];
const fault = z.strictObject({ kind: z.enum(faultKinds), atStep: whole, steps: whole, value: z.number() });

/** Ranges are checked by the trainer's own options, with names; here only the form. */
const trainerOptions = z.strictObject({
  trainingRunId: text,
  experimentName: text.optional(),
  seed: z.number().optional(),
  plannedSteps: z.number().optional(),
  width: z.number().optional(),
  batchSize: z.number().optional(),
  baseLearningRate: z.number().optional(),
  momentum: z.number().optional(),
  featureCount: z.number().optional(),
  trainingSamples: z.number().optional(),
  validationSamples: z.number().optional(),
  validationSlice: z.number().optional(),
  namesPerSample: z.number().optional(),
  nonFiniteGradients: z.enum(['skip', 'apply']).optional(),
  decisionTimeoutMs: z.number().optional(),
  goodDecisionsToRecover: z.number().optional(),
  snapshotEverySteps: z.number().optional(),
  snapshotMarginSteps: z.number().optional(),
  snapshotsMax: z.number().optional(),
  snapshotBytesMax: z.number().optional(),
  checkpointEverySteps: z.number().optional(),
  fastRestoreDeadlineMs: z.number().optional(),
  fullRestoreDeadlineMs: z.number().optional(),
  failedStepsPerLevel: z.number().optional(),
  restoresInVainMax: z.number().optional(),
  emergenciesPerMinuteMax: z.number().optional(),
  faults: z.array(fault).max(256).optional(),
});

const hostMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('start'),
    protocol: z.literal(CHANNEL_PROTOCOL),
    options: trainerOptions,
    /** False: the run asks for no decisions. */
    controlled: z.boolean(),
    /** Keys the trainer accepts commands from: an HMAC secret, or the PEM text (SPKI) of an Ed25519 key. */
    keys: z.array(z.strictObject({ keyId: text, algorithm: z.enum(['hmac-sha256', 'ed25519']), key: bytes })).max(16),
    /** The audience the trainer answers to. */
    consumer: text,
    /** Absent: no full checkpoints. */
    checkpointFolder: text.optional(),
  }),
  z.strictObject({ type: z.literal('decision'), requestId: whole, bytes }),
  z.strictObject({ type: z.literal('failure'), requestId: whole, code: text }),
  z.strictObject({ type: z.literal('stop') }),
]);

/** What a host tells its trainer. */
export type HostMessage = z.infer<typeof hostMessage>;

const malformed = (what: string): HarnessError => new HarnessError('HARNESS_FRAME_MALFORMED', what);

/** The first thing wrong, by path; never the content: a start message holds keys. */
const complaint = (error: z.ZodError): string => {
  const issue = error.issues[0];
  return `${issue?.path.join('.') ?? '$'}: ${issue?.code ?? 'invalid'}`;
};

function plainOf(payload: Uint8Array): unknown {
  const plain = decodePlain(payload);
  if (!plain.ok) throw malformed(plain.error.code);
  return plain.value;
}

/** One message of a trainer as a frame's payload. */
export function encodeTrainerMessage(message: TrainerMessage): Uint8Array {
  if (message.type !== 'packet') return encodePlain(message);
  return encodePlain({ ...message, packet: encodeMessage('SystemStatePacket', message.packet) });
}

/** The way back. Throws `HARNESS_FRAME_MALFORMED`. */
export function decodeTrainerMessage(payload: Uint8Array): TrainerMessage {
  const parsed = trainerMessage.safeParse(plainOf(payload));
  if (!parsed.success) throw malformed(complaint(parsed.error));
  // Optional fields on the wire are absent, never `undefined`.
  if (parsed.data.type !== 'packet') return parsed.data as TrainerMessage;
  const packet = decodeMessage('SystemStatePacket', parsed.data.packet);
  if (!packet.ok) throw malformed(`packet: ${packet.error.code} at ${packet.error.path}`);
  return { type: 'packet', requestId: parsed.data.requestId, packet: packet.value };
}

/** One message of a host as a frame's payload. */
export const encodeHostMessage = (message: HostMessage): Uint8Array => encodePlain(message);

/** The way back. Throws `HARNESS_FRAME_MALFORMED`. */
export function decodeHostMessage(payload: Uint8Array): HostMessage {
  const parsed = hostMessage.safeParse(plainOf(payload));
  if (!parsed.success) throw malformed(complaint(parsed.error));
  return parsed.data;
}
