import type { DecisionView } from '../../host/decision-host.js';
import type { ApiParts } from '../api-parts.js';
import type { ApiAnswer, ApiRequest } from '../api-request.js';
import { COMMAND_MEDIA_TYPE } from '../api-routes.js';
import { HttpError } from '../errors.js';
import { jsonAnswer } from './json-answer.js';

/** A decision as the log holds it. */
export async function readDecision(request: ApiRequest, parts: ApiParts): Promise<ApiAnswer> {
  return jsonAnswer(shown(await found(request, parts)));
}

/** What the risk engine found. A failed decision may have none. */
export async function readFindings(request: ApiRequest, parts: ApiParts): Promise<ApiAnswer> {
  const { record } = await found(request, parts);
  const { decisionId, trainingRunId } = record;
  return jsonAnswer({
    decisionId,
    trainingRunId,
    deciding: record.kind === 'decision' ? record.deciding : record.reason,
    findings: record.kind === 'decision' ? record.findings : [],
  });
}

/** The sealed bytes, as they were delivered. What was withheld stays here. */
export async function readCommand(request: ApiRequest, parts: ApiParts): Promise<ApiAnswer> {
  const { record, withheld } = await found(request, parts);
  if (record.kind !== 'decision' || withheld)
    throw new HttpError(
      'COMMAND_ABSENT',
      record.kind === 'decision' ? 'the command was withheld: it came too late' : `the decision failed: ${record.code}`,
    );
  return { status: 200, mediaType: COMMAND_MEDIA_TYPE, body: record.bytes };
}

async function found(request: ApiRequest, { host }: ApiParts): Promise<DecisionView> {
  const view = await host.decision(request.parameters['decision'] as string);
  if (view === undefined) throw new HttpError('NO_SUCH_DECISION', 'the log holds no decision of this id');
  return view;
}

function shown({ record, withheld }: DecisionView): Readonly<Record<string, unknown>> {
  const { decisionId, trainingRunId, packetId, atMs, packet, fieldReport, spans, digests } = record;
  const common = { decisionId, trainingRunId, packetId, atMs, packet, fieldReport, spans, digests };
  if (record.kind === 'failure') {
    const { arrow, code, reason, message } = record;
    return { outcome: 'failed', ...common, failure: { arrow, code, reason, message } };
  }
  const { proposed, command, identity, bytes, deciding, findings } = record;
  const outcome = withheld ? 'withheld' : 'delivered';
  // A command that never left must not leave here either.
  const envelope = withheld ? {} : { envelope: bytes };
  return { outcome, ...common, proposed, command, identity, deciding, findings, ...envelope };
}
