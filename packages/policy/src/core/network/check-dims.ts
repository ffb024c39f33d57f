import { err, ok, type Result } from '@esper/std';
import type { NetworkDims } from './dims.js';
import type { TensorSet } from './tensor-set.js';

/** Why numbers do not size a network. */
export interface DimsRefusal {
  readonly code: 'network_dims_invalid';
  readonly field: keyof NetworkDims;
  readonly actual: number;
  readonly min: number;
  readonly max: number;
}

interface Range {
  readonly min: number;
  readonly max: number;
}

const FEATURES: Range = { min: 1, max: 256 };
const HIDDEN: Range = { min: 1, max: 1024 };
const CLASSES: Range = { min: 1, max: 1024 };

/** Allowed range of every size. The policy head needs the five actions that have a meaning. */
const DIMS_RANGES: Readonly<Record<keyof NetworkDims, Range>> = Object.freeze({
  globalInputWidth: FEATURES,
  seedInputWidth: FEATURES,
  blueprintInputWidth: FEATURES,
  layerInputWidth: FEATURES,
  activationInputWidth: FEATURES,
  parameterInputWidth: FEATURES,
  sageHiddenWidth: HIDDEN,
  gatHiddenWidth: HIDDEN,
  attentionHeadCount: { min: 1, max: 16 },
  policyClassCount: { min: 5, max: 1024 },
  blendingClassCount: CLASSES,
  scheduleOutputWidth: { min: 2, max: 1024 },
  edgeFeatureWidth: { min: 1, max: 64 },
  riskClassCount: { min: 2, max: 1024 },
  paramVectorWidth: CLASSES,
});

/** Every size a whole number in its range; the first that is not is named. The result is a frozen copy. */
export function checkDims(dims: NetworkDims): Result<NetworkDims, DimsRefusal> {
  const fields = Object.keys(DIMS_RANGES) as (keyof NetworkDims)[];
  for (const field of fields) {
    const actual = dims[field];
    const { min, max } = DIMS_RANGES[field];
    if (!Number.isInteger(actual) || actual < min || actual > max) {
      return err({ code: 'network_dims_invalid', field, actual, min, max });
    }
  }
  return ok(Object.freeze(Object.fromEntries(fields.map((field) => [field, dims[field]])) as unknown as NetworkDims));
}

/**
 * The sizes a checkpoint was trained with, read from the shapes of its tensors. Says nothing about the tensors it does not
 * look at: `bindWeights` checks them all.
 */
export function dimsOfTensors(set: TensorSet): Result<NetworkDims, DimsRefusal> {
  const size = (name: string, axis: number): number => set.tensors.get(name)?.shape[axis] ?? Number.NaN;
  const inputs = (type: string): number => size(`_node_encoders.${type}.0.weight`, 1);
  const attention = '_gat_layers.0.convs.<global___influences___seed>';
  return checkDims({
    globalInputWidth: inputs('global'),
    seedInputWidth: inputs('seed'),
    blueprintInputWidth: inputs('blueprint'),
    layerInputWidth: inputs('layer'),
    activationInputWidth: inputs('activation'),
    parameterInputWidth: inputs('parameter'),
    sageHiddenWidth: size('_node_encoders.global.0.weight', 0),
    gatHiddenWidth: size(`${attention}.att_src`, 2),
    attentionHeadCount: size(`${attention}.att_src`, 1),
    policyClassCount: size('_policy_head.weight', 0),
    blendingClassCount: size('_blending_head.weight', 0),
    scheduleOutputWidth: size('_schedule_head.2.weight', 0),
    edgeFeatureWidth: size(`${attention}.lin_edge.weight`, 1),
    riskClassCount: size('_risk_head.weight', 0),
    paramVectorWidth: size('_param_head.2.weight', 0),
  });
}
