import { z } from 'zod';
import { BREAKER_NAMES } from '../host/operator-action.js';

/** Longest time an order may last: what is meant for longer is a configuration. */
const ORDER_MS_MAX = 30 * 86_400_000;
const MILLISECONDS_SINCE_1970 = 'Wall time, milliseconds since 1970.';

const name = (what: string) =>
  z
    .string()
    .min(1)
    .max(256)
    .regex(/^[^\p{Cc}]*$/u, 'no control characters')
    .meta({ description: what });
const wallMs = z.number().meta({ description: MILLISECONDS_SINCE_1970 });
const anyObject = z.looseObject({});

/** Path parameters. */
export const RUN_PARAMETERS = z.strictObject({ run: name('The id of the training run.') });
export const DECISION_PARAMETERS = z.strictObject({ decision: name('The id of the decision.') });

/** Query of the list of runs. */
export const RUNS_QUERY = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100).meta({ description: 'Most runs to give.' }),
  after: name('The last run id of the page before.').optional(),
});

/** Query of the event stream. */
export const EVENTS_QUERY = z.strictObject({ run: name('Only events of this run.').optional() });

/** Header of a decision. */
export const DEADLINE_HEADER = 'tamiyo-deadline-ms';
export const DEADLINE = z
  .string()
  .regex(/^\d{1,6}$/, 'a whole number of milliseconds, 1 to 999999')
  .transform(Number)
  .refine((value) => value >= 1, 'at least 1 millisecond')
  .meta({
    description:
      'How long the caller waits, in milliseconds from the arrival of the request. It can only shorten the configured deadline.',
  });

/** Why, and who: part of every order. */
export const ORDER_FIELDS = {
  why: z.string().trim().min(1).max(200).meta({ description: 'The reason. Recorded, and shown in telemetry.' }),
  who: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'The person behind the token. The name of the token is recorded in any case.' }),
} as const;
const lasting = {
  forMs: z.int().min(1).max(ORDER_MS_MAX).nullable().meta({
    description: 'How long it lasts, in milliseconds; null: until somebody ends it.',
  }),
} as const;
const breaker = { breaker: z.enum(BREAKER_NAMES) } as const;

/** What an operator can order for one run. */
export const OPERATOR_ORDER = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('conservative_set'), ...ORDER_FIELDS, ...lasting }),
    z.strictObject({ kind: z.literal('conservative_clear'), ...ORDER_FIELDS }),
    z.strictObject({ kind: z.literal('hold'), ...ORDER_FIELDS, ...lasting }),
    z.strictObject({ kind: z.literal('release'), ...ORDER_FIELDS }),
    z.strictObject({ kind: z.literal('breaker_open'), ...breaker, ...ORDER_FIELDS, ...lasting }),
    z.strictObject({ kind: z.literal('breaker_disable'), ...breaker, ...ORDER_FIELDS, ...lasting }),
    z.strictObject({ kind: z.literal('breaker_reset'), ...breaker, ...ORDER_FIELDS }),
  ])
  .meta({
    description:
      'conservative_set: every decision is a signed PAUSE; conservative_clear ends that. hold: the run gets no command at all (RUN_HELD); release ends that. breaker_open: the guarded call is not made; breaker_disable: it is always made; breaker_reset gives the breaker back to itself.',
  });
export type OperatorOrderBody = z.infer<typeof OPERATOR_ORDER>;

/** The answer to a packet, for people: the envelope is what counts. */
export const DECISION_ANSWER = z.strictObject({
  decisionId: z.string(),
  trainingRunId: z.string(),
  commandId: z.string(),
  sequence: z.number(),
  issuerEpoch: z.number(),
  issuedAtMs: wallMs,
  expiresAtMs: wallMs,
  commandType: z.string(),
  proposedType: z.string().meta({ description: 'What the policy proposed.' }),
  reason: z.string().meta({ description: 'What decided: policy, or the name of a finding.' }),
  changed: z.boolean().meta({ description: 'True when the risk engine changed the proposal.' }),
  conservative: z.boolean(),
  repeated: z
    .boolean()
    .meta({ description: 'True when this packet had been answered before; these are the same bytes.' }),
  totalMs: z.number(),
  envelope: z.base64().meta({ description: 'The sealed command (docs/formats/command-v1.md). Verify before reading.' }),
});

/** One decision as the log holds it. */
export const DECISION_VIEW = z.strictObject({
  outcome: z.enum(['delivered', 'withheld', 'failed']),
  decisionId: z.string(),
  trainingRunId: z.string(),
  packetId: z.string(),
  atMs: wallMs,
  packet: anyObject.optional(),
  proposed: anyObject.optional(),
  command: anyObject.optional(),
  identity: anyObject.optional(),
  envelope: z.base64().optional(),
  deciding: z.string().optional().meta({ description: 'Name of the finding that decided.' }),
  findings: z.array(anyObject).optional(),
  failure: z.strictObject({ arrow: z.string(), code: z.string(), reason: z.string(), message: z.string() }).optional(),
  fieldReport: anyObject,
  spans: z.array(anyObject),
  digests: z.record(z.string(), z.unknown()),
});

export const FINDINGS_VIEW = z.strictObject({
  decisionId: z.string(),
  trainingRunId: z.string(),
  deciding: z.string(),
  findings: z.array(anyObject),
});

/** What is known about one run now. */
export const RUN_VIEW = z.strictObject({
  trainingRunId: z.string(),
  pending: z.number().meta({ description: 'Packets of this run that wait or are being decided.' }),
  sequence: z.number().meta({ description: 'The last sequence number given to a command, delivered or not.' }),
  decisions: z.number(),
  failuresInRow: z.number(),
  lastValidationLoss: z.number().nullable(),
  conservative: anyObject.meta({ description: 'The mode: kind off, or on with reason, since when, and who holds it.' }),
  breakers: z.record(z.string(), anyObject),
  hold: anyObject.nullable().meta({ description: 'The operator hold in force, or null.' }),
});

export const RUNS_VIEW = z.strictObject({
  runs: z.array(z.string()),
  next: z.string().nullable().meta({ description: 'Give as `after` for the next page; null at the end.' }),
});

export const HEALTH_VIEW = z.strictObject({ status: z.literal('ok') });

export const READINESS_VIEW = z.strictObject({
  ready: z.boolean(),
  state: z.string(),
  checks: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

/** Problem details (RFC 9457) with our code and next step. */
export const PROBLEM = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  code: z.string().meta({ description: 'Stable; docs/ERRORS.md lists them.' }),
  next: z.string().meta({ description: 'What to do now.' }),
  retryable: z.boolean().meta({ description: 'True when the same request may succeed later.' }),
  reason: z.string().optional().meta({ description: 'Of a failed decision: the name of its event on the wire.' }),
  attributes: z.record(z.string(), z.string()).optional(),
});
