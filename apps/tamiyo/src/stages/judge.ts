import {
  type BlendViolation,
  blendEvent,
  type DecodeRefusal,
  type DependencyViolation,
  decode,
  dependencyEvent,
  guard,
  observe,
  rememberBlueprints,
  type Vocabularies,
  validateBlend,
  withSampledAction,
} from '@esper/policy';
import { assess, type BlueprintInput, keepLoss, type RiskInput } from '@esper/risk-engine';
import { DecisionError } from '../errors.js';
import type { VocabularySizes } from '../records/record.js';
import { basisOf } from './basis.js';
import type { ActivePolicy, StageAt } from './parts.js';
import type { Assessed, Decoded, Guarded, Inferred, Observed, Resolved } from './stages.js';

/** Catalogue and limits rarely change between two packets: what follows from them alone is kept. */
const prepare = rememberBlueprints();

/** Packet and blueprints as a graph, with coverage. The names it meets are offered to the tables for later decisions. */
export function observePacket(from: Resolved, policy: ActivePolicy, at: StageAt): Observed {
  const vocabularies = at.parts.names.vocabularies();
  const observed = observe(
    {
      packet: from.packet,
      blueprints: from.candidates,
      vocabularies,
      statistics: at.session.state.statistics,
    },
    policy.observeLimits,
    prepare,
  );
  if (!observed.ok) {
    throw new DecisionError(
      'OBSERVATION_REFUSED',
      `the packet cannot be shown to the network: ${JSON.stringify(observed.error)}`,
      { reason: observed.error.code },
    );
  }
  return { ...from, observation: observed.value, vocabularySizes: vocabularySizes(vocabularies) };
}

/** How many names each table held when a decision looked at it. */
export const vocabularySizes = ({ seed, blueprint, layer_type, activation_type }: Vocabularies): VocabularySizes => ({
  seed: seed.size,
  blueprint: blueprint.size,
  layer_type: layer_type.size,
  activation_type: activation_type.size,
});

/** What the outputs mean as a command. */
export function decodeOutputs(from: Inferred, policy: ActivePolicy, at: StageAt): Decoded {
  const { trainingRunId, packetId } = from.packet;
  const outputs = policy.samplesActions
    ? withSampledAction(from.outputs, `${policy.digest}/${trainingRunId}/${packetId}`)
    : from.outputs;
  const proposal = decode(outputs, from.observation, policy.decode);
  if (proposal.ok) return { ...from, proposal: proposal.value };
  throw refused(proposal.error, at);
}

function refused(refusal: DecodeRefusal, at: StageAt): DecisionError {
  switch (refusal.code) {
    case 'dependency_violation':
      return violation(refusal, at);
    case 'blend_violation':
      return blendRefused(refusal, at);
    default:
      return new DecisionError('POLICY_REFUSED', `the outputs give no command: ${JSON.stringify(refusal)}`, {
        reason: refusal.code,
      });
  }
}

/** A SEED whose blend the executing side would refuse (BL-10). */
function blendRefused(found: BlendViolation, { session }: StageAt): DecisionError {
  session.events.push(blendEvent(found));
  const attributes = Object.fromEntries(Object.entries(found.details).map(([name, value]) => [name, String(value)]));
  return new DecisionError('POLICY_REFUSED', `the blend of the SEED is refused: ${found.reason}`, {
    reason: found.reason,
    attributes,
  });
}

/** The policy's own command is checked before the risk engine may change it (DG-07), its blend once more after decoding. */
export function guardCommand(from: Decoded, at: StageAt): Guarded {
  const { draft } = from.proposal;
  const blend = validateBlend(draft);
  if (!blend.ok) throw blendRefused(blend.error, at);
  const context = { packet: from.packet, knownBlueprintIds: from.knownBlueprintIds };
  const guarded = guard(draft, context);
  if (!guarded.ok) {
    const relaxed = at.parts.settings.flags.isOn('FF-05', at.parts.clock.wallMs());
    if (!relaxed || !guard(draft, { ...context, unknownBlueprintAllowed: true }).ok) throw violation(guarded.error, at);
    at.session.guardBypassed = true;
    noteBypass(guarded.error, at);
  }
  return { ...from, blueprint: blueprintOf(draft.seedOperation?.blueprintId, from) };
}

function blueprintOf(blueprintId: string | undefined, from: Resolved): BlueprintInput {
  if (blueprintId === undefined) return { kind: 'none' };
  const descriptor = from.candidates.find((candidate) => candidate.blueprintId === blueprintId);
  return descriptor === undefined ? { kind: 'missing', blueprintId } : { kind: 'known', descriptor };
}

/** Each use of the relaxed guard is told (DG-15); what the risk engine makes of the unknown blueprint is its own matter. */
function noteBypass(found: DependencyViolation, { session }: StageAt): void {
  const { reason, dependencyType, identifier } = found;
  session.events.push({
    description: 'guard_bypassed',
    level: 'WARNING',
    attributes: { flag: 'FF-05', reason, dependency_type: dependencyType, identifier },
  });
}

function violation(found: DependencyViolation, { session }: StageAt): DecisionError {
  session.events.push(dependencyEvent(found));
  return new DecisionError('DEPENDENCY_VIOLATION', `tamiyo dependency violation: ${found.reason}`, {
    kind: 'dependency',
    reason: found.reason,
    attributes: { ...found.context, dependency_type: found.dependencyType, identifier: found.identifier },
  });
}

/** The risk engine's judgement: the final command, with its reasons. */
export function assessCommand(from: Guarded, policy: ActivePolicy, at: StageAt): Assessed {
  const { session, parts } = at;
  const { coverage } = from.observation;
  const instant = session.moments.next();
  const { riskScore, riskIndex } = from.proposal.policy;
  const input: RiskInput = {
    draft: from.proposal.draft,
    packet: from.packet,
    policy: { riskScore, riskIndex, version: policy.version, expired: policy.expired(instant.wallMs) },
    blueprint: from.blueprint,
    coverage: { ratio: coverage.ratio, byType: coverage.byType, missing: coverage.missingKeys.length },
    at: instant,
    step: from.packet.globalStep,
  };
  const assessment = assess(session.state.risk, input, parts.riskConfig);
  session.events.push(...assessment.events);
  // Should the decision fail further on, what was learned here stays, and only the loss history is as before.
  session.state = { ...session.state, risk: keepLoss(assessment.state, session.state.risk) };
  return { ...from, assessment, ...basisOf(from, input, at) };
}
