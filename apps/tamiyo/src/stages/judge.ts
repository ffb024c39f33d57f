import { type DependencyViolation, decode, guard, observe, type Vocabularies, withSampledAction } from '@esper/policy';
import { assess, type BlueprintInput, keepLoss } from '@esper/risk-engine';
import { DecisionError } from '../errors.js';
import type { VocabularySizes } from '../records/record.js';
import type { ActivePolicy, DecisionParts, DecisionSession } from './parts.js';
import type { Assessed, Decoded, Guarded, Inferred, Observed, Resolved } from './stages.js';

/** Packet and blueprints as a graph, with coverage. The names it meets are offered to the tables for later decisions. */
export function observePacket(
  from: Resolved,
  policy: ActivePolicy,
  at: { readonly session: DecisionSession; readonly parts: DecisionParts },
): Observed {
  const vocabularies = at.parts.names.vocabularies();
  const observed = observe(
    {
      packet: from.packet,
      blueprints: from.candidates,
      vocabularies,
      statistics: at.session.state.statistics,
    },
    policy.observeLimits,
  );
  if (!observed.ok) {
    throw new DecisionError(
      'OBSERVATION_REFUSED',
      `the packet cannot be shown to the network: ${JSON.stringify(observed.error)}`,
      { reason: observed.error.code },
    );
  }
  return { ...from, observation: observed.value, vocabularySizes: sizesOf(vocabularies) };
}

const sizesOf = ({ seed, blueprint, layer_type, activation_type }: Vocabularies): VocabularySizes => ({
  seed: seed.size,
  blueprint: blueprint.size,
  layer_type: layer_type.size,
  activation_type: activation_type.size,
});

/** What the outputs mean as a command. */
export function decodeOutputs(from: Inferred, policy: ActivePolicy): Decoded {
  const { trainingRunId, packetId } = from.packet;
  const outputs = policy.samplesActions
    ? withSampledAction(from.outputs, `${policy.digest}/${trainingRunId}/${packetId}`)
    : from.outputs;
  const proposal = decode(outputs, from.observation, policy.decode);
  if (proposal.ok) return { ...from, proposal: proposal.value };
  const refusal = proposal.error;
  if (refusal.code === 'dependency_violation') throw violation(refusal);
  throw new DecisionError('POLICY_REFUSED', `the outputs give no command: ${JSON.stringify(refusal)}`, {
    reason: refusal.code,
  });
}

/** The policy's own command is checked before the risk engine may change it (DG-07). */
export function guardCommand(from: Decoded): Guarded {
  const { draft } = from.proposal;
  const guarded = guard(draft, { packet: from.packet, knownBlueprintIds: from.knownBlueprintIds });
  if (!guarded.ok) throw violation(guarded.error);
  return { ...from, blueprint: blueprintOf(draft.seedOperation?.blueprintId, from) };
}

function blueprintOf(blueprintId: string | undefined, from: Resolved): BlueprintInput {
  if (blueprintId === undefined) return { kind: 'none' };
  const descriptor = from.candidates.find((candidate) => candidate.blueprintId === blueprintId);
  return descriptor === undefined ? { kind: 'missing', blueprintId } : { kind: 'known', descriptor };
}

function violation(found: DependencyViolation): DecisionError {
  return new DecisionError('DEPENDENCY_VIOLATION', `tamiyo dependency violation: ${found.reason}`, {
    kind: 'dependency',
    reason: found.reason,
    attributes: { ...found.context, dependency_type: found.dependencyType, identifier: found.identifier },
  });
}

/** The risk engine's judgement: the final command, with its reasons. */
export function assessCommand(
  from: Guarded,
  policy: ActivePolicy,
  at: { readonly session: DecisionSession; readonly parts: DecisionParts },
): Assessed {
  const { session, parts } = at;
  const { coverage } = from.observation;
  const instant = { wallMs: parts.clock.wallMs(), monoMs: parts.clock.monoMs() };
  const assessment = assess(
    session.state.risk,
    {
      draft: from.proposal.draft,
      packet: from.packet,
      policy: {
        riskScore: from.proposal.policy.riskScore,
        riskIndex: from.proposal.policy.riskIndex,
        version: policy.version,
        expired: policy.expired(instant.wallMs),
      },
      blueprint: from.blueprint,
      coverage: { ratio: coverage.ratio, byType: coverage.byType, missing: coverage.missingKeys.length },
      at: instant,
      step: from.packet.globalStep,
    },
    parts.riskConfig,
  );
  session.events.push(...assessment.events);
  // Should the decision fail further on, what was learned here stays, and only the loss history is as before.
  session.state = { ...session.state, risk: keepLoss(assessment.state, session.state.risk) };
  return { ...from, assessment };
}
