import type { BlueprintDescriptor, SystemStatePacket } from '@esper/leyline';
import { type NetworkDims, type ObserveInput, priorNormalizerState, resolveObserveLimits } from '@esper/policy';

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

const blueprint = (b: number): BlueprintDescriptor => ({
  blueprintId: `bp-${b}`,
  name: `bp-${b}`,
  tier: 'SAFE',
  risk: 0.1 + 0.05 * b,
  stage: 2,
  quarantineOnly: false,
  approvalRequired: false,
  description: 'made for the benchmark',
  allowedParameters: { 'learning-rate': { minValue: 0, maxValue: 1 }, alpha: { minValue: 0, maxValue: 1 } },
  graph: {
    layers: range(12).map((i) => ({
      layerId: `layer-${i}`,
      type: i % 3 === 0 ? 'conv2d' : 'linear',
      depth: i,
      latencyMs: 2 + i,
      parameterCount: 1024 * (i + 1),
      outputChannels: 8,
    })),
    activations: range(6).map((i) => ({
      activationId: `act-${i}`,
      type: 'gelu',
      saturationRate: 0.1 * i,
      computationalCost: 64 * (i + 1),
    })),
    parameters: [
      { name: 'learning-rate', min: 0, max: 1, default: 0.5 },
      { name: 'alpha', min: 0, max: 1, default: 0.1 },
    ],
    meshHostLayers: ['fc.weight'],
    source: 'urza',
  },
});

const packet: SystemStatePacket = {
  version: 1,
  packetId: 'packet-1',
  trainingRunId: 'run-1',
  sourceSubsystem: 'tolaria',
  currentEpoch: 12,
  globalStep: 4800,
  validationLoss: 0.71,
  trainingLoss: 0.69,
  trainingMetrics: { loss: 0.7, gradient_norm: 1.1, samples_per_s: 4400, hook_latency_ms: 11 },
  seedStates: range(8).map((i) => ({
    seedId: `seed-${i}`,
    stage: i % 2 === 0 ? 'BLENDING' : 'DORMANT',
    layerDepth: i,
    learningRate: 0.01,
    gradientNorm: 1,
    riskScore: 0.1 * i,
    ageEpochs: i,
    metrics: {},
  })),
};

/** A packet with 8 seeds and 4 blueprints over 12 layers, 6 activations and 8 parameters: 39 nodes. */
export const typicalInput: ObserveInput = {
  packet,
  blueprints: range(4).map(blueprint),
  vocabularies: {
    seed: new Map(range(8).map((i) => [`seed-${i}`, i + 1])),
    blueprint: new Map(range(4).map((i) => [`bp-${i}`, i + 1])),
    layer_type: new Map([
      ['conv2d', 1],
      ['linear', 2],
    ]),
    activation_type: new Map([['gelu', 1]]),
  },
  statistics: priorNormalizerState(),
};

/** Caps that keep the whole scene. */
export const typicalLimits = (dims: NetworkDims) =>
  resolveObserveLimits({ layersMax: 12, activationsMax: 6, parametersMax: 8, widths: dims });
