import type { RunView } from '../../host/decision-host.js';
import type { OperatorAction } from '../../host/operator-action.js';
import type { Principal } from '../access-tokens.js';
import type { ApiParts } from '../api-parts.js';
import type { ApiAnswer, ApiRequest } from '../api-request.js';
import { OPERATOR_ORDER, type OperatorOrderBody } from '../api-schemas.js';
import { checked } from '../checked.js';
import { HttpError } from '../errors.js';
import { jsonBody } from '../read-body.js';
import { jsonAnswer } from './json-answer.js';
import { whoOrders } from './who-orders.js';

/** The runs of the host, sorted, page by page. */
export async function listRuns({ query }: ApiRequest, { host }: ApiParts): Promise<ApiAnswer> {
  const { limit, after } = query as { readonly limit: number; readonly after?: string };
  const sorted = [...host.runIds()].sort();
  const from = after === undefined ? sorted : sorted.filter((id) => id > after);
  const runs = from.slice(0, limit);
  return jsonAnswer({ runs, next: from.length > limit ? (runs.at(-1) ?? null) : null });
}

/** The state of a run now. */
export async function readRun({ parameters }: ApiRequest, { host }: ApiParts): Promise<ApiAnswer> {
  const view = host.run(parameters['run'] as string);
  if (view === undefined) throw new HttpError('RUN_UNKNOWN', 'nobody has reported on this run yet');
  return jsonAnswer(shownRun(view));
}

/** An order for a run, carried out and durable. Throws what the host refuses. */
export async function orderForRun(request: ApiRequest, { host, clock }: ApiParts): Promise<ApiAnswer> {
  const body = checked(OPERATOR_ORDER, jsonBody(request), 'body');
  const action = actionOf(body, {
    trainingRunId: request.parameters['run'] as string,
    principal: request.principal,
    nowMs: clock.wallMs(),
  });
  const outcome = await host.operate(action);
  if (!outcome.ok) throw outcome.error;
  return jsonAnswer(shownRun(outcome.value));
}

interface OrderContext {
  readonly trainingRunId: string;
  readonly principal: Principal | undefined;
  readonly nowMs: number;
}

function actionOf(body: OperatorOrderBody, at: OrderContext): OperatorAction {
  const who = whoOrders(body.who, at.principal);
  const untilMs = 'forMs' in body && body.forMs !== null ? { untilMs: at.nowMs + body.forMs } : {};
  const order = { who, why: body.why, ...untilMs };
  const { trainingRunId } = at;
  return 'breaker' in body
    ? { kind: body.kind, trainingRunId, order, breaker: body.breaker }
    : { kind: body.kind, trainingRunId, order };
}

function shownRun({ trainingRunId, state, pending }: RunView): Readonly<Record<string, unknown>> {
  const { risk, sequence, hold } = state;
  return {
    trainingRunId,
    pending,
    sequence,
    decisions: risk.decisions,
    failuresInRow: risk.failures.inRow,
    lastValidationLoss: risk.lastValidationLoss,
    conservative: risk.mode,
    breakers: risk.breakers,
    hold,
  };
}
