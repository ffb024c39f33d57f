import type { BlueprintDescriptor, GraphMetadata, SeedState, SystemStatePacket } from '@esper/leyline';
import {
  type Observation,
  type ObserveInput,
  type ObserveLimits,
  observe,
  priorNormalizerState,
  resolveObserveLimits,
} from '../../src/index.js';

export const seed = (seedId: string, given: Partial<SeedState> = {}): SeedState => ({
  seedId,
  stage: 'DORMANT',
  metrics: {},
  ...given,
});

export const packet = (given: Partial<SystemStatePacket> = {}): SystemStatePacket => ({
  version: 1,
  packetId: 'packet-7',
  trainingRunId: 'run-3',
  sourceSubsystem: 'tolaria',
  currentEpoch: 10,
  globalStep: 100,
  validationLoss: 0.8,
  trainingLoss: 0.8,
  trainingMetrics: { loss: 0.8, gradient_norm: 1, samples_per_s: 4500, hook_latency_ms: 12 },
  seedStates: [seed('seed-a', { layerDepth: 0, riskScore: 0.2 }), seed('seed-b', { stage: 'BLENDING', layerDepth: 1 })],
  ...given,
});

export const graphOf = (given: Partial<GraphMetadata> = {}): GraphMetadata => ({
  layers: [
    { layerId: 'conv', type: 'conv2d', depth: 0, latencyMs: 6, parameterCount: 1024, outputChannels: 4 },
    { layerId: 'norm', type: 'norm', depth: 1, latencyMs: 2 },
    { layerId: 'head', type: 'linear', depth: 2, parameterCount: 4096 },
  ],
  activations: [{ activationId: 'act', type: 'gelu', saturationRate: 0.5, computationalCost: 128 }],
  parameters: [{ name: 'learning-rate', min: 0, max: 1, default: 0.5 }],
  meshHostLayers: ['fc.weight'],
  source: 'urza',
  ...given,
});

export const blueprint = (blueprintId: string, given: Partial<BlueprintDescriptor> = {}): BlueprintDescriptor => ({
  blueprintId,
  name: blueprintId,
  tier: 'SAFE',
  risk: 0.2,
  stage: 2,
  quarantineOnly: false,
  approvalRequired: false,
  description: 'made for tests',
  allowedParameters: { 'learning-rate': { minValue: 0, maxValue: 1 } },
  graph: graphOf(),
  ...given,
});

/** The blueprint without its structure. */
export const bare = (blueprintId: string): BlueprintDescriptor => {
  const { graph: _, ...rest } = blueprint(blueprintId);
  return rest;
};

export const noNames: ObserveInput['vocabularies'] = {
  seed: new Map(),
  blueprint: new Map(),
  layer_type: new Map(),
  activation_type: new Map(),
};

export const wideLimits: ObserveLimits = resolveObserveLimits({ layersMax: 12, activationsMax: 6, parametersMax: 8 });

/** Observes with plain defaults; throws when refused. */
export function seen(given: Partial<ObserveInput> = {}, limits: ObserveLimits = wideLimits): Observation {
  const outcome = observe(
    {
      packet: packet(),
      blueprints: [blueprint('bp-a')],
      vocabularies: noNames,
      statistics: priorNormalizerState(),
      ...given,
    },
    limits,
  );
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.error)}`);
  return outcome.value;
}

/** An outcome for a comparison: the coverage is summed up when it is asked for, and is then among the rest. */
export const whole = (outcome: ReturnType<typeof observe>) =>
  outcome.ok ? { ...outcome.value, coverage: outcome.value.coverage } : outcome.error;
