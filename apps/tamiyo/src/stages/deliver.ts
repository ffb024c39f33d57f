import { contextOf, type StageAt } from './parts.js';
import type { Delivered, Recorded } from './stages.js';

/** The record is durable: the run goes on from its new state, the outside is told, the caller gets the command. */
export function deliver(from: Recorded, at: StageAt): Delivered {
  const { session, parts } = at;
  const { trainingRunId, packetId } = from.packet;
  parts.runs.set(trainingRunId, session.state, session.atMs);
  parts.runs.recorded(trainingRunId);
  parts.names.offer(from.observation.newNames);
  parts.reporter.delivered(from, contextOf(at));
  parts.answers.keep({ trainingRunId, packetId }, { logSequence: from.logSequence, atMs: session.atMs });
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
