import type { ApiParts } from '../api-parts.js';
import type { ApiAnswer, ApiRequest } from '../api-request.js';
import { JSON_MEDIA_TYPE, METRICS_MEDIA_TYPE } from '../api-routes.js';
import { jsonAnswer } from './json-answer.js';

/** The process answers. */
export const health = async (): Promise<ApiAnswer> => jsonAnswer({ status: 'ok' });

/** Whether decisions can be had, check by check. */
export async function readiness(_request: ApiRequest, { host, accepting }: ApiParts): Promise<ApiAnswer> {
  const { ready, state, checks } = host.readiness();
  const open = accepting();
  const own = { name: 'http', ok: open, detail: open ? '' : 'the interface is closing' };
  return jsonAnswer({ ready: ready && open, state, checks: [...checks, own] }, ready && open ? 200 : 503);
}

/** Metrics for a scrape. */
export const metrics = async (_request: ApiRequest, parts: ApiParts): Promise<ApiAnswer> => ({
  status: 200,
  mediaType: METRICS_MEDIA_TYPE,
  body: parts.metricsText(),
});

/** The OpenAPI document. */
export const openapi = async (_request: ApiRequest, { openApi }: ApiParts): Promise<ApiAnswer> => ({
  status: 200,
  mediaType: JSON_MEDIA_TYPE,
  body: openApi,
});
