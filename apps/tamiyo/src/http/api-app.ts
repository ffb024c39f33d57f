import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { elapsedMs, type MonoMs } from '@esper/std';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Permission } from './access-tokens.js';
import type { ApiParts } from './api-parts.js';
import type { ApiAnswer, ApiRequest } from './api-request.js';
import { type ApiRoute, apiRoutes, JSON_MEDIA_TYPE, MSGPACK_MEDIA_TYPES, type OperationId } from './api-routes.js';
import { checked } from './checked.js';
import { HttpError } from './errors.js';
import type { EventStreams } from './event-streams.js';
import { asApiError } from './framework-errors.js';
import type { Admission, Gate } from './gate.js';
import { HANDLERS } from './handlers/handler-table.js';
import type { HttpCounts } from './http-counts.js';
import type { HttpLog } from './http-log.js';
import { BODY_BYTES_MAX } from './http-options.js';
import { PROBLEM_MEDIA_TYPE, problemOf } from './problem.js';

/** What the routes are joined to. */
export interface AppParts {
  readonly api: ApiParts;
  readonly gate: Gate;
  readonly streams: EventStreams;
  readonly counts: HttpCounts;
  readonly log: HttpLog;
}

/** What is remembered about a request between its hooks. */
interface Visit {
  readonly receivedAt: MonoMs;
  readonly gone: AbortController;
  route: string;
  code: string | undefined;
  admission: Admission | undefined;
}

const URL_PARAMETER = /\{([a-z]+)\}/g;
const PARAMETER_CHARACTERS_MAX = 1024;
const RETRY_SECONDS = '1';

/** The routes as a fastify instance that listens nowhere yet; `routing` of it answers the requests of any server. */
export async function createApiApp(parts: AppParts): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    logger: false,
    genReqId: () => randomUUID(),
    return503OnClosing: false,
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS_MAX },
    frameworkErrors: (error, request, reply) => void sendProblem(error, { request, reply, parts }),
  });
  const visits = new WeakMap<FastifyRequest, Visit>();
  app.removeAllContentTypeParsers();
  for (const type of [JSON_MEDIA_TYPE, ...MSGPACK_MEDIA_TYPES])
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    visits.set(request, beginVisit(request, reply, parts));
  });
  app.setErrorHandler((error, request, reply) => sendProblem(error, { request, reply, parts }, visits.get(request)));
  app.setNotFoundHandler((request) => {
    throw notFound(request);
  });
  for (const [operationId, route] of apiRoutes()) addRoute(app, { operationId, route }, { parts, visits });
  await app.ready();
  return app;
}

interface AppState {
  readonly parts: AppParts;
  readonly visits: WeakMap<FastifyRequest, Visit>;
}

function addRoute(
  app: FastifyInstance,
  { operationId, route }: { readonly operationId: OperationId; readonly route: ApiRoute },
  state: AppState,
): void {
  app.route({
    method: route.method,
    url: route.path.replaceAll(URL_PARAMETER, ':$1'),
    exposeHeadRoute: operationId !== 'streamEvents',
    onRequest: async (request) => admit(request, { operationId, permission: route.permission }, state),
    handler: async (request, reply) => {
      const visit = state.visits.get(request);
      if (operationId === 'streamEvents') return openStream(request, reply, state);
      const answer = await HANDLERS[operationId](apiRequest(request, route, visit), state.parts.api);
      return sendAnswer(reply, answer);
    },
  });
}

/** Runs for every request, also for paths that do not exist. */
function beginVisit(request: FastifyRequest, reply: FastifyReply, { api, log, counts }: AppParts): Visit {
  const visit: Visit = {
    receivedAt: api.clock.monoMs(),
    gone: new AbortController(),
    route: 'unknown',
    code: undefined,
    admission: undefined,
  };
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) visit.gone.abort();
    visit.admission?.leave();
    const status = reply.raw.writableFinished ? reply.raw.statusCode : 499;
    counts.answered(visit.route, status);
    if (visit.code !== undefined) counts.refused(visit.code);
    log.answered({
      requestId: request.id,
      method: request.method,
      route: visit.route,
      status,
      durationMs: Math.round(elapsedMs(visit.receivedAt, api.clock.monoMs()) * 1000) / 1000,
      ...(visit.admission?.principal === undefined ? {} : { principal: visit.admission.principal.name }),
      ...(visit.code === undefined ? {} : { code: visit.code }),
    });
  });
  return visit;
}

function admit(
  request: FastifyRequest,
  route: { readonly operationId: OperationId; readonly permission: Permission | 'open' },
  { parts, visits }: AppState,
): void {
  const visit = visits.get(request);
  if (visit === undefined) throw new TypeError('a request that was never begun');
  visit.route = route.operationId;
  const { authorization, host } = request.headers;
  const admission = parts.gate.admit(
    {
      authorization,
      host,
      contentEncoding: request.headers['content-encoding'],
      overTcp: request.raw.socket.remoteAddress !== undefined,
    },
    route.permission,
  );
  if (route.operationId === 'streamEvents') {
    // A stream lasts: it has a bound of its own and must not hold up a shutdown.
    admission.leave();
    parts.streams.admit();
  }
  visit.admission = admission;
}

function apiRequest(request: FastifyRequest, route: ApiRoute, visit: Visit | undefined): ApiRequest {
  if (visit === undefined) throw new TypeError('a request that was never begun');
  const { headers } = request;
  return {
    id: request.id,
    principal: visit.admission?.principal,
    parameters: route.parameters === undefined ? {} : checked(route.parameters, request.params, 'path'),
    query: route.query === undefined ? {} : checked(route.query, request.query, 'query'),
    headers: Object.fromEntries(
      Object.entries(route.headers ?? {})
        .filter(([name]) => headers[name] !== undefined)
        .map(([name, schema]) => [name, checked(schema, headers[name], `header ${name}`)]),
    ),
    accept: headers.accept,
    contentType: (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
    body: Buffer.isBuffer(request.body) ? request.body : undefined,
    receivedAt: visit.receivedAt,
    signal: visit.gone.signal,
  };
}

function sendAnswer(reply: FastifyReply, { status, mediaType, headers, body }: ApiAnswer): FastifyReply {
  const bytes =
    typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return reply
    .code(status)
    .headers({
      'content-type': mediaType,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    })
    .send(bytes);
}

function openStream(request: FastifyRequest, reply: FastifyReply, { parts }: AppState): FastifyReply {
  const { query } = request;
  const route = apiRoutes().find(([id]) => id === 'streamEvents')?.[1];
  const wanted = route?.query === undefined ? {} : checked(route.query, query, 'query');
  const lastEventId = request.headers['last-event-id'];
  reply.hijack();
  parts.streams.serve(reply.raw, {
    run: (wanted as { readonly run?: string }).run,
    lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
  });
  return reply;
}

async function sendProblem(
  error: unknown,
  at: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly parts: AppParts },
  visit?: Visit,
): Promise<FastifyReply> {
  const known = asApiError(error);
  const problem = problemOf(known, at.request.id);
  if (visit !== undefined) visit.code = problem.code;
  if (problem.status === 500 || problem.status === 507) at.parts.log.broke(at.request.id, known);
  const later = problem.retryable ? { 'retry-after': RETRY_SECONDS } : {};
  const headers = { ...later, ...(known instanceof HttpError ? known.headers : {}) };
  // A body that was refused before it was read may still be on its way: the connection is of no more use.
  const close = at.request.body === undefined && at.request.method === 'POST' ? { connection: 'close' } : {};
  return sendAnswer(at.reply, {
    status: problem.status,
    mediaType: PROBLEM_MEDIA_TYPE,
    headers: { ...headers, ...close },
    body: JSON.stringify(problem),
  });
}

function notFound(request: FastifyRequest): HttpError {
  const path = request.url.split('?')[0] ?? '';
  const allowed = apiRoutes()
    .filter(([, route]) => new RegExp(`^${route.path.replaceAll(URL_PARAMETER, '[^/]+')}$`).test(path))
    .map(([, route]) => route.method);
  if (allowed.length === 0) return new HttpError('ROUTE_UNKNOWN', 'there is nothing at this path');
  return new HttpError('METHOD_NOT_ALLOWED', `this path takes ${allowed.join(', ')}`, {
    headers: { allow: allowed.join(', ') },
  });
}
