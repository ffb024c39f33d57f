import { elapsedMs } from '@esper/std';
import { DecisionError } from '../../errors.js';
import type { Delivered } from '../../stages/stages.js';
import { negotiate } from '../accept.js';
import type { ApiParts } from '../api-parts.js';
import type { ApiAnswer, ApiRequest } from '../api-request.js';
import { COMMAND_MEDIA_TYPE, JSON_MEDIA_TYPE } from '../api-routes.js';
import { DEADLINE_HEADER } from '../api-schemas.js';
import { jsonText } from '../json-text.js';
import { packetInput } from '../read-body.js';

/** One packet in, one sealed command out. Throws the decision's error. */
export async function submitPacket(request: ApiRequest, { host, clock }: ApiParts): Promise<ApiAnswer> {
  const mediaType = negotiate(request.accept, [COMMAND_MEDIA_TYPE, JSON_MEDIA_TYPE]);
  const input = packetInput(request);
  const waits = request.headers[DEADLINE_HEADER] as number | undefined;
  const leftMs = waits === undefined ? undefined : waits - elapsedMs(request.receivedAt, clock.monoMs());
  // The caller's time began with the request: what its arrival took is gone.
  if (leftMs !== undefined && leftMs <= 0) throw tooLate(waits ?? 0);
  const outcome = await host.decide(request.parameters['run'] as string, input, {
    signal: request.signal,
    ...(leftMs === undefined ? {} : { deadlineMs: leftMs }),
  });
  if (!outcome.ok) throw outcome.error;
  return answerOf(outcome.value, mediaType);
}

const tooLate = (waitsMs: number): DecisionError =>
  new DecisionError('DEADLINE_DECISION', `the request took its whole ${waitsMs} ms to arrive`, {
    kind: 'deadline_decision',
    attributes: { arrow: 'receive', budget_ms: waitsMs.toFixed(1) },
  });

function answerOf(delivered: Delivered, mediaType: string): ApiAnswer {
  const { decisionId, identity, repeated, bytes } = delivered;
  const headers = {
    'tamiyo-decision-id': decisionId,
    'tamiyo-command-id': identity.commandId,
    'tamiyo-sequence': String(identity.sequence),
    'tamiyo-issuer-epoch': String(identity.issuerEpoch),
    'tamiyo-repeated': String(repeated),
    'content-location': `/v1/decisions/${encodeURIComponent(decisionId)}`,
  };
  const body = mediaType === COMMAND_MEDIA_TYPE ? bytes : jsonText(explained(delivered));
  return { status: 200, mediaType, headers, body };
}

function explained({ decisionId, identity, command, proposed, assessment, ...more }: Delivered) {
  return {
    decisionId,
    trainingRunId: identity.trainingRunId,
    commandId: identity.commandId,
    sequence: identity.sequence,
    issuerEpoch: identity.issuerEpoch,
    issuedAtMs: identity.issuedAtMs,
    expiresAtMs: identity.expiresAtMs,
    commandType: command.commandType,
    proposedType: proposed.commandType,
    reason: assessment.reason,
    changed: assessment.changed,
    conservative: assessment.conservative,
    repeated: more.repeated,
    totalMs: more.totalMs,
    envelope: more.bytes,
  };
}
