import { DecisionError } from '../errors.js';
import type { DecisionRecord } from '../records/record.js';
import type { RunState } from '../runs/run-state.js';
import { makeDurable, withholdWhenDurable } from './make-durable.js';
import type { ActivePolicy, StageAt } from './parts.js';
import type { Judged, Recorded, Sealed } from './stages.js';

/** Gives the command its identity and signature. From here its sequence number is burnt, whatever happens. */
export function sealCommand(from: Judged, at: StageAt): Sealed {
  const { session, parts } = at;
  const sequence = session.state.sequence + 1;
  const { trainingRunId } = from.packet;
  const { consumer, expiresInMs } = parts.settings;
  session.state = { ...session.state, sequence };
  try {
    const sealed = parts.sealer.seal(from.assessment.command, {
      trainingRunId,
      consumer,
      issuerEpoch: parts.ownership.issuerEpochOf(trainingRunId),
      sequence,
      expiresInMs,
    });
    const fieldReport = parts.reports.ofDecision(from, sealed.identity, session);
    return { ...from, ...sealed, fieldReport };
  } catch (cause) {
    throw new DecisionError('SEAL_FAILED', 'the command could not be sealed', { reason: 'seal_failed', cause });
  }
}

/**
 * Makes the decision durable: inputs, findings, command bytes, field report and the run's next state, in one append; and, where
 * hosts share their runs, in one fenced write.
 */
export async function recordDecision(from: Sealed, policy: ActivePolicy, at: StageAt): Promise<Recorded> {
  const stateAfter: RunState = {
    version: 1,
    sequence: at.session.state.sequence,
    hold: at.session.state.hold,
    risk: from.assessment.state,
    statistics: from.observation.statistics,
  };
  const record = decisionRecord(from, { stateAfter, policy, at });
  const { deadline } = at.session.arrows;
  const kept = makeDurable(record, at.parts);
  const logSequence = await deadline.within('record', kept, (late) => withholdWhenDurable(late, record, at.parts));
  at.session.state = stateAfter;
  at.parts.reporter.recorded(record);
  return { ...from, logSequence, policy: { digest: policy.digest, version: policy.version } };
}

function decisionRecord(
  from: Sealed,
  more: { readonly stateAfter: RunState; readonly policy: ActivePolicy; readonly at: StageAt },
): DecisionRecord {
  const { session, parts } = more.at;
  return {
    kind: 'decision',
    decisionId: session.decisionId,
    trainingRunId: from.packet.trainingRunId,
    packetId: from.packet.packetId,
    atMs: session.atMs,
    packet: from.packet,
    proposed: from.proposal.draft,
    command: from.assessment.command,
    identity: from.identity,
    bytes: from.bytes,
    findings: from.assessment.findings,
    deciding: from.assessment.reason,
    reasons: from.assessment.reasons,
    decidingAt: placeOf(from.assessment),
    conservative: from.assessment.conservative,
    vocabularySizes: from.vocabularySizes,
    ...(from.basis === undefined ? {} : { basis: from.basis }),
    ...(from.standIn === undefined ? {} : { standIn: from.standIn }),
    fieldReport: from.fieldReport,
    spans: session.arrows.spans,
    digests: { policy: more.policy.digest, config: parts.settings.configDigest },
    stateAfter: more.stateAfter,
  };
}

const placeOf = ({ deciding, findings }: Judged['assessment']): number =>
  deciding === undefined ? -1 : findings.indexOf(deciding);
