import type { BlendMetadata, PolicyMetadata, SelectionMetadata } from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import type { NetworkOutputs } from '../network/outputs.js';
import type { Observation } from '../observe/observation.js';
import { chooseAction } from './action-choice.js';
import { policyAnnotations } from './annotations.js';
import { blendAnnotations } from './blend-annotations.js';
import { type BlendChoice, chooseBlend } from './blend-mode.js';
import type { BlendViolation } from './blend-violation.js';
import { commandPayload, graftAlpha } from './command-payload.js';
import type { DecodeConfig } from './decode-config.js';
import { headFault } from './heads.js';
import { meshAnnotation } from './mesh-layers.js';
import type { DecodeRefusal, Proposal } from './proposal.js';
import { type RiskEstimate, riskEstimate } from './risk-score.js';
import { type BlendSchedule, blendSchedule } from './schedule.js';
import { type Selection, select } from './selection.js';
import { validateBlend } from './validate-blend.js';

/**
 * What the network's outputs mean as a command. Pure. `outputs` must belong to `observation`: one score per seed row and
 * per blueprint row. Refuses what is not finite, of the wrong width, or lacks a real seed or blueprint; invents nothing.
 */
export function decode(
  outputs: NetworkOutputs,
  observation: Observation,
  config: DecodeConfig,
): Result<Proposal, DecodeRefusal> {
  const rows = { seeds: observation.seeds.length, blueprints: observation.blueprints.length };
  const fault = headFault(outputs, config.dims, rows);
  if (fault !== undefined) return err(fault);
  const selection = select(outputs, observation);
  const choice = chooseAction(outputs, observation, selection);
  if (!choice.ok) return choice;

  const { index, action } = choice.value;
  const schedule = blendSchedule(outputs);
  const risk = riskEstimate(outputs.riskLogits);
  const paramDelta = outputs.policyParams[0] as number;
  const alpha = graftAlpha(paramDelta, selection);
  const blend = action === 'germinate' ? graftBlend({ outputs, selection, config }) : ok(undefined);
  if (!blend.ok) return blend;

  const payload = commandPayload({
    action,
    selection,
    schedule,
    alpha,
    lrDelta: config.lrDeltaScale * paramDelta,
    optimizerId: config.optimizerId,
  });
  const policy = policyMetadata({ outputs, config, risk, actionIndex: index });
  const blendMetadata = blendOf(schedule, blend.value);
  const selected = selectionOf(selection);
  const { ratio, byType } = observation.coverage;
  const draft = {
    version: 1 as const,
    ...payload,
    issuedBy: 'tamiyo',
    annotations: {
      ...policyAnnotations({
        observation,
        policyVersion: config.policyVersion,
        actionIndex: index,
        paramDelta,
        valueEstimate: outputs.value,
        breakerLogits: outputs.breakerLogits,
        risk,
        schedule,
        selection,
      }),
      ...payload.annotations,
      ...(action === 'germinate' ? meshOf(selection) : {}),
      ...(blend.value === undefined ? {} : blendAnnotations(blend.value, config.blend)),
    },
    decision: { policy, blend: blendMetadata, coverage: { ratio, byType }, selection: selected },
  };
  const valid = validateBlend(draft);
  if (!valid.ok) return valid;
  return ok({ draft, chosen: { ...choice.value, ...selected }, policy, blend: blendMetadata, selection: selected });
}

function graftBlend(from: {
  readonly outputs: NetworkOutputs;
  readonly selection: Selection;
  readonly config: DecodeConfig;
}): Result<BlendChoice | undefined, BlendViolation> {
  const { outputs, selection, config } = from;
  const channels = selection.blueprint?.candidate.descriptor.graph?.layers[0]?.outputChannels;
  return chooseBlend({ outputs, channels, config: config.blend });
}

/** Absent when the catalogue does not know the layers: the guard then refuses the graft (D-27). */
function meshOf({ blueprint }: Selection): Readonly<Record<string, string>> {
  const layers = blueprint?.candidate.descriptor.graph?.meshHostLayers;
  return layers === undefined ? {} : { mesh_host_layers: meshAnnotation(layers) };
}

function policyMetadata(from: {
  readonly outputs: NetworkOutputs;
  readonly config: DecodeConfig;
  readonly risk: RiskEstimate;
  readonly actionIndex: number;
}): PolicyMetadata {
  const { outputs, config, risk, actionIndex } = from;
  return {
    architecture: config.policyVersion,
    bundleDigest: config.bundleDigest,
    actionIndex,
    paramDelta: outputs.policyParams[0] as number,
    valueEstimate: outputs.value,
    riskIndex: risk.index,
    riskScore: risk.score,
    riskDistribution: risk.distribution,
  };
}

function blendOf({ shape, start, end }: BlendSchedule, choice: BlendChoice | undefined): BlendMetadata {
  const window = { shape, scheduleStart: start, scheduleEnd: end };
  return choice === undefined ? window : { ...window, mode: choice.mode, source: choice.source };
}

const selectionOf = ({ seed, blueprint }: Selection): SelectionMetadata => ({
  ...(seed === undefined ? {} : { seedIndex: seed.index, seedScore: seed.score }),
  ...(blueprint === undefined ? {} : { blueprintIndex: blueprint.index, blueprintScore: blueprint.score }),
});
