import { REGISTRY_ERRORS, RegistryError, type RegistryErrorCode } from '@esper/registry';
import { isCodedError } from '@esper/std';
import { DecisionError, TAMIYO_ERRORS, type TamiyoErrorCode } from '../errors.js';
import { HTTP_ERRORS, type HttpErrorCode } from './errors.js';
import { POLICY_STATUSES } from './policy-statuses.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** Problem details (RFC 9457), with our stable code and the next step. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** `urn:uuid:` and the request's id, as in the log. */
  readonly instance: string;
  readonly code: string;
  readonly next: string;
  /** True when the same request may succeed later. */
  readonly retryable: boolean;
  /** Of a failed decision: the event's name on the wire, and what it knows. */
  readonly reason?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

interface Shown {
  readonly status: number;
  readonly retryable?: true;
}

/** How each code is answered. Codes that only a start can meet are not here. */
const STATUSES: Readonly<Record<string, Shown>> = {
  TOKEN_MISSING: { status: 401 },
  TOKEN_INVALID: { status: 401 },
  ROLE_MISSING: { status: 403 },
  REQUEST_INVALID: { status: 400 },
  BODY_TOO_LARGE: { status: 413 },
  MEDIA_TYPE_UNSUPPORTED: { status: 415 },
  ACCEPT_UNSUPPORTED: { status: 406 },
  ROUTE_UNKNOWN: { status: 404 },
  METHOD_NOT_ALLOWED: { status: 405 },
  NO_SUCH_DECISION: { status: 404 },
  RUN_UNKNOWN: { status: 404 },
  COMMAND_ABSENT: { status: 404 },
  RATE_LIMITED: { status: 429, retryable: true },
  TOO_BUSY: { status: 503, retryable: true },
  STREAMS_FULL: { status: 503, retryable: true },
  REQUEST_TIMEOUT: { status: 408, retryable: true },
  REQUEST_MALFORMED: { status: 400 },
  HOST_REFUSED: { status: 421 },

  PACKET_INVALID: { status: 422 },
  PACKET_EXPIRED: { status: 410 },
  TIMEOUT_INFERENCE: { status: 504 },
  TIMEOUT_URZA: { status: 504 },
  DEADLINE_DECISION: { status: 504 },
  DECISION_CANCELLED: { status: 409, retryable: true },
  INFERENCE_UNAVAILABLE: { status: 503, retryable: true },
  INFERENCE_FAILED: { status: 500 },
  BREAKER_OPEN: { status: 503, retryable: true },
  CATALOGUE_FAILED: { status: 503, retryable: true },
  DEPENDENCY_VIOLATION: { status: 422 },
  OBSERVATION_REFUSED: { status: 422 },
  POLICY_REFUSED: { status: 500 },
  SEAL_FAILED: { status: 500 },
  RECORD_FAILED: { status: 507 },
  RUN_HELD: { status: 423 },
  RUN_ELSEWHERE: { status: 409, retryable: true },
  LEASE_LOST: { status: 409, retryable: true },
  LEDGER_UNAVAILABLE: { status: 503, retryable: true },
  LEDGER_LOST_RUN: { status: 503 },
  LEDGER_UNTRUSTED: { status: 503 },
  RUN_QUEUE_FULL: { status: 429, retryable: true },
  TOO_MANY_RUNS: { status: 503, retryable: true },
  SHUTTING_DOWN: { status: 503, retryable: true },
  OPERATOR_REFUSED: { status: 422 },
  INTERNAL: { status: 500 },
};

/** Messages of these may quote paths or whatever broke: they stay in the log, and the caller gets the request's id. */
const HIDDEN_MESSAGES = new Set<string>(['INTERNAL', 'SEAL_FAILED', 'RECORD_FAILED']);

const INTERNAL: Pick<Problem, 'title' | 'next'> = {
  title: TAMIYO_ERRORS.INTERNAL.means,
  next: 'Report it, with the instance of this answer and the log of the host.',
};

/** Every code that an answer can carry, with its status. */
export const problemStatuses = (): readonly (readonly [code: string, status: number])[] =>
  Object.entries({ ...STATUSES, ...POLICY_STATUSES }).map(([code, { status }]) => [code, status]);

/** Whatever was thrown or returned as an error, as the caller may see it. What has no known code is INTERNAL and says nothing. */
export function problemOf(error: unknown, requestId: string): Problem {
  // Only the registry's own refusals: others may carry a name of its table by chance.
  const statuses = error instanceof RegistryError ? POLICY_STATUSES : STATUSES;
  const code = isCodedError(error) && Object.hasOwn(statuses, error.code) ? error.code : 'INTERNAL';
  const { status, retryable }: Shown = statuses[code] ?? { status: 500 };
  const hidden = HIDDEN_MESSAGES.has(code);
  return {
    type: `urn:esper:tamiyo:error:${code.toLowerCase()}`,
    title: titleOf(code),
    status,
    detail: hidden ? 'The log of the host has the details, under the request id in "instance".' : messageOf(error),
    instance: `urn:uuid:${requestId}`,
    code,
    next: code !== 'INTERNAL' && isCodedError(error) ? error.next : INTERNAL.next,
    retryable: retryable === true,
    ...(error instanceof DecisionError && !hidden
      ? { reason: error.facts.reason, attributes: error.facts.attributes }
      : {}),
  };
}

function titleOf(code: string): string {
  if (Object.hasOwn(HTTP_ERRORS, code)) return HTTP_ERRORS[code as HttpErrorCode].means;
  if (Object.hasOwn(POLICY_STATUSES, code)) return REGISTRY_ERRORS[code as RegistryErrorCode].means;
  return Object.hasOwn(TAMIYO_ERRORS, code) ? TAMIYO_ERRORS[code as TamiyoErrorCode].means : INTERNAL.title;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 2000);
