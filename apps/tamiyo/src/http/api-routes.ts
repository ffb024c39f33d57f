import type { z } from 'zod';
import type { Permission } from './access-tokens.js';
import {
  DEADLINE,
  DEADLINE_HEADER,
  DECISION_ANSWER,
  DECISION_PARAMETERS,
  DECISION_VIEW,
  EVENTS_QUERY,
  FINDINGS_VIEW,
  HEALTH_VIEW,
  OPERATOR_ORDER,
  READINESS_VIEW,
  RUN_PARAMETERS,
  RUN_VIEW,
  RUNS_QUERY,
  RUNS_VIEW,
} from './api-schemas.js';
import { POLICY_ORDER, POLICY_ORDERED } from './policy-schemas.js';
import { POLICY_STATUSES } from './policy-statuses.js';

/** The sealed bytes of a command, as they go over the wire. */
export const COMMAND_MEDIA_TYPE = 'application/vnd.esper.command';
export const JSON_MEDIA_TYPE = 'application/json';
/** Names of msgpack; the first is registered with IANA. */
export const MSGPACK_MEDIA_TYPES = ['application/vnd.msgpack', 'application/msgpack', 'application/x-msgpack'] as const;
export const SSE_MEDIA_TYPE = 'text/event-stream';
export const METRICS_MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** What a body is: a schema, a message of leyline, or something JSON Schema does not describe. */
export type Content = z.ZodType | 'SystemStatePacket' | 'bytes' | 'text' | 'document';

interface RouteAnswer {
  readonly status: number;
  readonly says: string;
  readonly content: Readonly<Record<string, Content>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One path and method. Registration, checks and the OpenAPI document all come from this. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST';
  /** As in OpenAPI: `{run}` is a parameter. */
  readonly path: string;
  readonly summary: string;
  /** `open` needs no token. */
  readonly permission: Permission | 'open';
  readonly parameters?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: Readonly<Record<string, z.ZodType>>;
  readonly body?: Readonly<Record<string, Content>>;
  readonly answers: readonly RouteAnswer[];
  /** Codes this route can answer with, besides those that every route has. */
  readonly codes: readonly string[];
}

const DECISION_HEADERS = {
  'Tamiyo-Decision-Id': 'The id of the decision, for /v1/decisions/{decision}.',
  'Tamiyo-Command-Id': 'The id of the command.',
  'Tamiyo-Sequence': 'Its sequence number.',
  'Tamiyo-Issuer-Epoch': 'The epoch of its issuer.',
  'Tamiyo-Repeated': 'true when this packet had been answered before: the same bytes again.',
} as const;

const json = (schema: Content): Readonly<Record<string, Content>> => ({ [JSON_MEDIA_TYPE]: schema });
const okJson = (says: string, schema: Content): readonly RouteAnswer[] => [
  { status: 200, says, content: json(schema) },
];

/** Every route, by its operation id. The table is the contract; `/openapi.json` is made from it. */
export const API_ROUTES = {
  submitPacket: {
    method: 'POST',
    path: '/v1/runs/{run}/decisions',
    summary:
      'One packet in, one sealed command out, durable before it leaves. The same packet id again gets the same bytes.',
    permission: 'decide',
    parameters: RUN_PARAMETERS,
    headers: { [DEADLINE_HEADER]: DEADLINE },
    body: {
      [JSON_MEDIA_TYPE]: 'SystemStatePacket',
      ...Object.fromEntries(MSGPACK_MEDIA_TYPES.map((type) => [type, 'bytes' as const])),
    },
    answers: [
      {
        status: 200,
        says: 'The sealed command: as bytes, or with Accept: application/json inside an explanation.',
        content: { [COMMAND_MEDIA_TYPE]: 'bytes', [JSON_MEDIA_TYPE]: DECISION_ANSWER },
        headers: DECISION_HEADERS,
      },
    ],
    codes: [
      'BODY_TOO_LARGE',
      'MEDIA_TYPE_UNSUPPORTED',
      'ACCEPT_UNSUPPORTED',
      'PACKET_INVALID',
      'PACKET_EXPIRED',
      'TIMEOUT_INFERENCE',
      'TIMEOUT_URZA',
      'DEADLINE_DECISION',
      'DECISION_CANCELLED',
      'INFERENCE_UNAVAILABLE',
      'INFERENCE_FAILED',
      'BREAKER_OPEN',
      'CATALOGUE_FAILED',
      'DEPENDENCY_VIOLATION',
      'OBSERVATION_REFUSED',
      'POLICY_REFUSED',
      'SEAL_FAILED',
      'RECORD_FAILED',
      'RUN_HELD',
      'RUN_QUEUE_FULL',
      'TOO_MANY_RUNS',
    ],
  },
  listRuns: {
    method: 'GET',
    path: '/v1/runs',
    summary: 'The runs this host knows, sorted, page by page.',
    permission: 'read',
    query: RUNS_QUERY,
    answers: okJson('Run ids.', RUNS_VIEW),
    codes: [],
  },
  readRun: {
    method: 'GET',
    path: '/v1/runs/{run}',
    summary: 'The state of a run now: mode, breakers, hold, sequence.',
    permission: 'read',
    parameters: RUN_PARAMETERS,
    answers: okJson('The run.', RUN_VIEW),
    codes: ['RUN_UNKNOWN'],
  },
  orderForRun: {
    method: 'POST',
    path: '/v1/runs/{run}/orders',
    summary: 'An operator takes a run in hand. Recorded with who, why and until when; in force for the next packet.',
    permission: 'operate',
    parameters: RUN_PARAMETERS,
    body: json(OPERATOR_ORDER),
    answers: okJson('Durable and in force: the run as it is now.', RUN_VIEW),
    codes: ['BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED', 'OPERATOR_REFUSED', 'RUN_QUEUE_FULL', 'TOO_MANY_RUNS'],
  },
  orderPolicy: {
    method: 'POST',
    path: '/v1/policies/orders',
    summary:
      'An operator stages a policy, puts one in force or goes back. Recorded with who and why; answered when it is over, which takes as long as the comparison on live packets does.',
    permission: 'operate',
    body: json(POLICY_ORDER),
    answers: okJson('Durable; unless it was only staged, in force for the next packet.', POLICY_ORDERED),
    codes: ['BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED', ...Object.keys(POLICY_STATUSES)],
  },
  readDecision: {
    method: 'GET',
    path: '/v1/decisions/{decision}',
    summary: 'A decision as the log holds it: inputs, proposal, command, findings, latencies, field report.',
    permission: 'read',
    parameters: DECISION_PARAMETERS,
    answers: okJson('The decision.', DECISION_VIEW),
    codes: ['NO_SUCH_DECISION'],
  },
  readFindings: {
    method: 'GET',
    path: '/v1/decisions/{decision}/findings',
    summary: 'What the risk engine found: value, threshold, margin, verdict, and what would have changed it.',
    permission: 'read',
    parameters: DECISION_PARAMETERS,
    answers: okJson('The findings.', FINDINGS_VIEW),
    codes: ['NO_SUCH_DECISION'],
  },
  readCommand: {
    method: 'GET',
    path: '/v1/decisions/{decision}/command',
    summary: 'The sealed bytes of a delivered command. They are a copy: whoever saw them refuses them as replayed.',
    permission: 'read',
    parameters: DECISION_PARAMETERS,
    answers: [{ status: 200, says: 'The sealed command.', content: { [COMMAND_MEDIA_TYPE]: 'bytes' } }],
    codes: ['NO_SUCH_DECISION', 'COMMAND_ABSENT'],
  },
  streamEvents: {
    method: 'GET',
    path: '/v1/events',
    summary:
      'Server-sent events: decision, failure, transition, operator. With Last-Event-ID it goes on where it was, or says by the event "gap" that it cannot.',
    permission: 'read',
    query: EVENTS_QUERY,
    answers: [{ status: 200, says: 'The stream; data is one JSON object.', content: { [SSE_MEDIA_TYPE]: 'text' } }],
    codes: ['STREAMS_FULL'],
  },
  health: {
    method: 'GET',
    path: '/healthz',
    summary: 'The process is there and answers.',
    permission: 'open',
    answers: okJson('It is.', HEALTH_VIEW),
    codes: [],
  },
  readiness: {
    method: 'GET',
    path: '/readyz',
    summary: 'Whether decisions can be had, and what is missing.',
    permission: 'open',
    answers: [
      { status: 200, says: 'Ready.', content: json(READINESS_VIEW) },
      { status: 503, says: 'Not ready; the checks say why.', content: json(READINESS_VIEW) },
    ],
    codes: [],
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics in the text format of Prometheus.',
    permission: 'open',
    answers: [{ status: 200, says: 'The metrics.', content: { [METRICS_MEDIA_TYPE]: 'text' } }],
    codes: [],
  },
  openapi: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document.',
    permission: 'open',
    answers: okJson('OpenAPI 3.1.', 'document'),
    codes: [],
  },
} as const satisfies Readonly<Record<string, ApiRoute>>;

export type OperationId = keyof typeof API_ROUTES;

/** The routes as plain routes, in the order of the table. */
export const apiRoutes = (): readonly (readonly [OperationId, ApiRoute])[] =>
  Object.entries(API_ROUTES) as readonly (readonly [OperationId, ApiRoute])[];
