import type { PolicyOrder } from '../../host/policy-order.js';
import type { ApiParts } from '../api-parts.js';
import type { ApiAnswer, ApiRequest } from '../api-request.js';
import { checked } from '../checked.js';
import { POLICY_ORDER, type PolicyOrderBody } from '../policy-schemas.js';
import { jsonBody } from '../read-body.js';
import { jsonAnswer } from './json-answer.js';
import { whoOrders } from './who-orders.js';

/** An order for the policies of the host, answered when it is over. Throws what refuses it. */
export async function orderPolicy(request: ApiRequest, { host }: ApiParts): Promise<ApiAnswer> {
  const body = checked(POLICY_ORDER, jsonBody(request), 'body');
  const outcome = await host.orderPolicy(orderOf(body, whoOrders(body.who, request.principal)));
  if (!outcome.ok) throw outcome.error;
  return jsonAnswer(outcome.value);
}

function orderOf(body: PolicyOrderBody, who: string): PolicyOrder {
  const note = { who, why: body.why };
  if (body.kind === 'roll_back') return { kind: body.kind, ...note };
  if (body.kind === 'stage') return { kind: body.kind, bundle: body.bundle, ...note };
  const { kind, from, acceptLooser, shadowDecisions } = body;
  return {
    kind,
    from,
    ...note,
    ...(acceptLooser === undefined ? {} : { acceptLooserMax: acceptLooser }),
    ...(shadowDecisions === undefined ? {} : { shadowDecisions }),
  };
}
