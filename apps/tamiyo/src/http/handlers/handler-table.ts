import type { ApiParts } from '../api-parts.js';
import type { ApiAnswer, ApiRequest } from '../api-request.js';
import type { OperationId } from '../api-routes.js';
import { orderPolicy } from './order-policy.js';
import { readCommand, readDecision, readFindings } from './read-decision.js';
import { listRuns, orderForRun, readRun } from './runs.js';
import { health, metrics, openapi, readiness } from './service.js';
import { submitPacket } from './submit-packet.js';

/** Answers one request. What it throws becomes problem details. */
export type Handler = (request: ApiRequest, parts: ApiParts) => Promise<ApiAnswer>;

/** Who answers what. Event streams are no single answer: `event-streams.ts` has them. */
export const HANDLERS: Readonly<Record<Exclude<OperationId, 'streamEvents'>, Handler>> = {
  submitPacket,
  listRuns,
  readRun,
  orderForRun,
  orderPolicy,
  readDecision,
  readFindings,
  readCommand,
  health,
  readiness,
  metrics,
  openapi,
};
