import { onFailure } from '@esper/risk-engine';
import { asDecisionError, DecisionError } from '../errors.js';
import type { FailureRecord } from '../records/record.js';
import { inferOutputs } from './infer.js';
import { assessCommand, decodeOutputs, guardCommand, observePacket } from './judge.js';
import type { ActivePolicy, DecisionParts, DecisionSession, ReportContext } from './parts.js';
import { resolveBlueprints } from './resolve.js';
import { recordDecision, sealCommand } from './seal-and-record.js';
import type { DecisionStages, Delivered, Recorded, Validated } from './stages.js';
import { validatePacket } from './validate.js';

/** The stages of one decision: each joins the package that does the work to the session of this decision. */
export function createStages(session: DecisionSession, parts: DecisionParts): DecisionStages {
  const at = { session, parts };
  // Taken once, so that a decision never mixes two policies.
  const policy = activePolicy(parts);
  return {
    validate: (input) => validate(input, at),
    resolve: (from) => resolveBlueprints(from, session, parts),
    observe: (from) => observePacket(from, policy(), at),
    infer: (from) => inferOutputs(from, policy(), at),
    decode: (from) => decodeOutputs(from, policy()),
    guard: (from) => guardCommand(from),
    assess: (from) => assessCommand(from, policy(), at),
    seal: (from) => sealCommand(from, at),
    record: (from) => recordDecision(from, policy(), at),
    deliver: (from) => deliver(from, at),
    fail: (failure) => fail(failure, at),
  };
}

function activePolicy(parts: DecisionParts): () => ActivePolicy {
  const active = parts.policy();
  return () => {
    if (active.ok) return active.value;
    throw new DecisionError('INFERENCE_UNAVAILABLE', `there is no usable policy: ${active.error}`, {
      reason: 'inference_unavailable',
    });
  };
}

interface At {
  readonly session: DecisionSession;
  readonly parts: DecisionParts;
}

const contextOf = ({ session }: At): ReportContext => ({
  decisionId: session.decisionId,
  trainingRunId: session.about.trainingRunId,
  packetId: session.about.packetId,
  atMs: session.atMs,
  arrows: session.arrows,
  events: session.events,
  stateAfter: session.state,
});

/** From here on the session knows which packet it is about. */
function validate(input: unknown, { session }: At): Validated {
  const validated = validatePacket(input, session.about.trainingRunId);
  session.about = { ...session.about, packetId: validated.packet.packetId };
  session.packet = validated.packet;
  return validated;
}

function deliver(from: Recorded, at: At): Delivered {
  const { session, parts } = at;
  parts.runs.set(from.packet.trainingRunId, session.state);
  parts.names.offer(from.observation.newNames);
  parts.reporter.delivered(from, contextOf(at));
  return {
    decisionId: session.decisionId,
    bytes: from.bytes,
    identity: from.identity,
    command: from.assessment.command,
    proposed: from.proposal.draft,
    assessment: from.assessment,
    spans: session.arrows.spans,
    totalMs: session.arrows.deadline.elapsedMs(),
    inferenceMs: from.inference.totalMs,
    repeated: false,
  };
}

function fail(failure: unknown, at: At): DecisionError {
  const { session, parts } = at;
  const error = asDecisionError(failure);
  const instant = { wallMs: parts.clock.wallMs(), monoMs: parts.clock.monoMs() };
  const component = componentOf(error);
  const step = onFailure(
    session.state.risk,
    { kind: error.facts.kind, code: error.code, at: instant, ...component },
    parts.riskConfig,
  );
  session.state = { ...session.state, risk: step.state };
  session.events.push(...step.events);
  parts.runs.set(session.about.trainingRunId, session.state);
  // Durable as soon as the log can, and never a reason to keep the caller waiting for its error.
  const record = failureRecord(error, at);
  parts.journal.append(record).then(
    () => parts.reporter.recorded(record),
    (cause: unknown) => parts.reporter.recordLost('failure', cause),
  );
  parts.reporter.failed(error, contextOf(at));
  return error;
}

/** A host that is not there counts on the inference breaker, a failing library on that of the look-ups. */
function componentOf(error: DecisionError): { readonly component?: string } {
  if (error.code === 'INFERENCE_UNAVAILABLE' || error.code === 'INFERENCE_FAILED') return { component: 'inference' };
  return error.code === 'CATALOGUE_FAILED' ? { component: 'metadata' } : {};
}

function failureRecord(error: DecisionError, at: At): FailureRecord {
  const { session, parts } = at;
  const active = parts.policy();
  return {
    kind: 'failure',
    decisionId: session.decisionId,
    ...session.about,
    atMs: session.atMs,
    arrow: session.arrows.current,
    code: error.code,
    reason: error.facts.reason,
    message: error.message,
    ...(session.packet === undefined ? {} : { packet: session.packet }),
    fieldReport: parts.reports.ofFailure(error, session),
    spans: session.arrows.spans,
    digests: { policy: active.ok ? active.value.digest : '', config: parts.settings.configDigest },
    stateAfter: session.state,
  };
}
