import { decodePlain, encodePlain } from '@esper/leyline';
import { ok } from '@esper/std';
import type { DecisionBasis } from '../records/basis.js';
import type { DecisionRecord } from '../records/record.js';
import { createStages } from '../stages/create-stages.js';
import type { Assessed, Decoded } from '../stages/stages.js';
import { type ReplayInputs, replayParts, replaySession } from './replay-parts.js';
import { sealAgain } from './seal-again.js';

/** The part of a record that its inputs determine. */
export type Determined = Pick<
  DecisionRecord,
  | 'proposed'
  | 'command'
  | 'findings'
  | 'deciding'
  | 'reasons'
  | 'decidingAt'
  | 'conservative'
  | 'vocabularySizes'
  | 'stateAfter'
> & { readonly basis: DecisionBasis };

/** A decision that was made again. */
export interface Recomputed {
  readonly determined: Determined;
  /** The signed part of the command: header and payload. */
  readonly sealed: { readonly recorded: Uint8Array | string; readonly now: Uint8Array };
}

/**
 * Makes a decision again through the stages of a live one, and seals its command under the recorded identity. With
 * `trustProposal` what the network said is taken from the record, and everything behind it is made again. Rejects with what a
 * live decision would fail with.
 */
export async function recompute(
  inputs: ReplayInputs,
  { trustProposal }: { readonly trustProposal: boolean },
): Promise<Recomputed> {
  const { record, scene, policy } = inputs;
  const session = replaySession(inputs);
  const stages = createStages(session, { ...replayParts(inputs), policy: () => ok(policy) });
  const resolved = await stages.resolve({ packet: record.packet });
  const inferred = await stages.infer(await stages.observe(resolved));
  const decoded = stages.decode(inferred);
  const assessed = stages.assess(stages.guard(trustProposal ? asRecorded(decoded, inputs) : decoded));
  return {
    determined: determinedBy(assessed, { before: session.begin.state, sequence: record.identity.sequence }),
    sealed: sealAgain(assessed.assessment.command, record, scene.consumer),
  };
}

/** What the record says the network proposed, in the place of what this machine's runtime says. */
function asRecorded(decoded: Decoded, { record, basis }: ReplayInputs): Decoded {
  const { riskScore, riskIndex } = basis.policy;
  const policy = { ...decoded.proposal.policy, riskScore: riskScore as number, riskIndex: riskIndex as number };
  return { ...decoded, proposal: { ...decoded.proposal, draft: record.proposed, policy } };
}

function determinedBy(
  assessed: Assessed,
  { before, sequence }: { readonly before: DecisionRecord['stateAfter']; readonly sequence: number },
): Determined {
  const { assessment, proposal, observation, vocabularySizes, basis } = assessed;
  const { deciding, findings, reason, reasons, conservative, command, state } = assessment;
  return asRecordedData({
    proposed: proposal.draft,
    command,
    findings,
    deciding: reason,
    reasons,
    decidingAt: deciding === undefined ? -1 : findings.indexOf(deciding),
    conservative,
    vocabularySizes,
    stateAfter: { version: 1, sequence, hold: before.hold, risk: state, statistics: observation.statistics },
    ...(basis === undefined ? {} : { basis }),
  });
}

/** As it would come back out of the log. */
function asRecordedData(value: unknown): Determined {
  const decoded = decodePlain(encodePlain(value));
  if (!decoded.ok) throw new TypeError(`what was just encoded reads as ${decoded.error.code}`);
  return decoded.value as unknown as Determined;
}
