import type { CommandDraft, SystemStatePacket } from '@esper/leyline';
import { assess, keepLoss } from '@esper/risk-engine';
import { ok, type Result } from '@esper/std';
import type { DecisionError } from '../errors.js';
import { deliver } from './deliver.js';
import { vocabularySizes } from './judge.js';
import type { ActivePolicy, StageAt } from './parts.js';
import { recordDecision, sealCommand } from './seal-and-record.js';
import type { Delivered, Judged } from './stages.js';

/** A reason of the policy's blend check: a confidence gate without the logits it is fed with. */
const MISSING_LOGITS = 'confidence blend missing confidence_logits';

/** True when a flag asks for a signed pause in the place of this failure, and there is a packet to answer. */
export function mayPauseInstead(error: DecisionError, { session, parts }: StageAt): boolean {
  if (session.packet === undefined || !parts.policy().ok) return false;
  const nowMs = parts.clock.wallMs();
  const { flags } = parts.settings;
  const { kind, reason } = error.facts;
  if (kind === 'timeout_inference' || kind === 'timeout_urza') return flags.isOn('FF-01', nowMs);
  return reason === MISSING_LOGITS && flags.isOn('FF-06', nowMs);
}

/**
 * A pause that stands in for a failed decision: judged, sealed and recorded like any command, under what is left of the
 * decision's deadline. Rejects when that fails too.
 */
export async function pauseInstead(error: DecisionError, at: StageAt): Promise<Result<Delivered, DecisionError>> {
  const { session, parts } = at;
  const { arrows, packet } = session;
  const active = parts.policy();
  if (packet === undefined || !active.ok) throw error;
  session.events.push({
    description: 'tamiyo_synthetic_pause',
    level: 'CRITICAL',
    attributes: { reason: error.facts.reason, code: error.code, packet_id: packet.packetId },
  });
  const judged = await arrows.run('assess', () => judgePause(packet, error, { at, policy: active.value }));
  const sealed = await arrows.run('seal', () => sealCommand(judged, at));
  const recorded = await arrows.run('record', () => recordDecision(sealed, active.value, at));
  return ok(deliver(recorded, at));
}

function judgePause(
  packet: SystemStatePacket,
  error: DecisionError,
  { at, policy }: { readonly at: StageAt; readonly policy: ActivePolicy },
): Judged {
  const { session, parts } = at;
  const { kind, reason } = error.facts;
  const draft: CommandDraft = {
    version: 1,
    commandType: 'PAUSE',
    issuedBy: 'tamiyo',
    annotations: { training_run_id: packet.trainingRunId, policy_version: policy.version, reason },
  };
  const assessment = assess(
    session.state.risk,
    {
      draft,
      packet,
      // Nobody but the host proposes this: a pause bears no risk of its own, and was not derived from any input.
      policy: { riskScore: 0, version: policy.version },
      blueprint: { kind: 'none' },
      coverage: { ratio: 1, byType: {}, missing: 0 },
      at: { wallMs: parts.clock.wallMs(), monoMs: parts.clock.monoMs() },
      step: packet.globalStep,
      timeouts: { inference: kind === 'timeout_inference', metadata: kind === 'timeout_urza' },
    },
    parts.riskConfig,
  );
  session.events.push(...assessment.events);
  session.state = { ...session.state, risk: keepLoss(assessment.state, session.state.risk) };
  return {
    packet,
    proposal: { draft },
    blueprint: { kind: 'none' },
    assessment,
    observation: { statistics: session.state.statistics, newNames: [] },
    vocabularySizes: vocabularySizes(parts.names.vocabularies()),
    inference: { totalMs: 0 },
    standIn: true,
  };
}
