import type { BlueprintDescriptor } from '@esper/leyline';
import { HOST_PARAMETERS, type NetworkShape } from './network.js';

/** What the executor can build: residual blocks of a rank, and how loudly they speak before they have learned. */
interface BlockPlan {
  readonly rank: number;
  readonly outputScale: number;
}

/** The blocks by blueprint id. `bp-residual-unscaled` is a bad one on purpose. */
export const BLOCK_PLANS = {
  'bp-residual-narrow': { rank: 8, outputScale: 0.1 },
  'bp-residual-wide': { rank: 32, outputScale: 0.1 },
  'bp-residual-unscaled': { rank: 16, outputScale: 4 },
} as const satisfies Readonly<Record<string, BlockPlan>>;

/** A blueprint this executor can build. */
export type BlueprintId = keyof typeof BLOCK_PLANS;

/** True for a blueprint this executor can build. */
export const isBlueprintId = (id: string): id is BlueprintId => Object.hasOwn(BLOCK_PLANS, id);

const GOOD_SHEET = { hazardBand: 'LOW', handlingClass: 'standard', riskScore: 0.1, signature: 'absent' } as const;

const CATALOGUE = {
  'bp-residual-narrow': { name: 'Narrow residual block', tier: 'SAFE', risk: 0.1, sheet: GOOD_SHEET },
  'bp-residual-wide': { name: 'Wide residual block', tier: 'EXPERIMENTAL', risk: 0.35, sheet: GOOD_SHEET },
  'bp-residual-unscaled': {
    name: 'Residual block without output scaling',
    tier: 'HIGH_RISK',
    risk: 0.7,
    sheet: { hazardBand: 'HIGH', handlingClass: 'restricted', riskScore: 0.7, signature: 'absent' },
  },
} as const satisfies Readonly<Record<BlueprintId, object>>;

/**
 * The catalogue entries of the blocks a trainer of this shape can graft, with the structure of its network: what a
 * library of blueprints would say about them. `meshHostLayers` names every parameter of the host.
 */
export function trainerBlueprints(shape: NetworkShape): readonly BlueprintDescriptor[] {
  return (Object.keys(BLOCK_PLANS) as BlueprintId[]).map((blueprintId) => ({
    blueprintId,
    ...CATALOGUE[blueprintId],
    stage: 1,
    quarantineOnly: false,
    approvalRequired: false,
    description: `Grafts h + up(rectify(down(h))) of rank ${BLOCK_PLANS[blueprintId].rank} behind a hidden layer.`,
    allowedParameters: { alpha: { minValue: 0, maxValue: 1 } },
    graph: hostGraph(shape, BLOCK_PLANS[blueprintId]),
  }));
}

function hostGraph(
  { inputs, width, classes }: NetworkShape,
  plan: BlockPlan,
): NonNullable<BlueprintDescriptor['graph']> {
  const dense = (layerId: string, depth: number, channels: readonly [from: number, to: number]) => ({
    layerId,
    type: 'linear',
    depth,
    parameterCount: channels[0] * channels[1] + channels[1],
    activation: depth < 2 ? 'relu' : 'softmax',
    inputChannels: channels[0],
    outputChannels: channels[1],
  });
  return {
    // The first layer is the one a seed blends into: its output channels are the length of a channel vector.
    layers: [dense('fc1', 0, [inputs, width]), dense('fc2', 1, [width, width]), dense('head', 2, [width, classes])],
    activations: [
      { activationId: 'relu', type: 'relu', computationalCost: plan.rank / width, nonlinearityStrength: 1 },
    ],
    parameters: [{ name: 'alpha', min: 0, max: 1, default: 0, span: 1 }],
    layerAdjacency: [
      [0, 1],
      [1, 2],
    ],
    meshHostLayers: [...HOST_PARAMETERS],
    source: 'guard_spec',
  };
}
