import type { GraphMetadata } from '@esper/leyline';
import { z } from 'zod';
import { present } from './present.js';

const signal = z.union([z.number(), z.nan(), z.string().max(64)]);
const text = z.string().max(256);
const layer = z.object({
  layer_id: text.optional(),
  type: text.optional(),
  depth: z.number().optional(),
  latency_ms: signal.optional(),
  parameter_count: signal.optional(),
  dropout_rate: signal.optional(),
  weight_norm: signal.optional(),
  gradient_norm: signal.optional(),
  activation: text.optional(),
  activation_type: text.optional(),
  input_channels: z.number().optional(),
  output_channels: z.number().optional(),
});
const activation = z.object({
  activation_id: text.optional(),
  type: text.optional(),
  saturation_rate: signal.optional(),
  gradient_flow: signal.optional(),
  computational_cost: signal.optional(),
  nonlinearity_strength: signal.optional(),
});
const parameter = z.object({
  name: text,
  min: signal.optional(),
  max: signal.optional(),
  default: signal.optional(),
  span: signal.optional(),
});
const monitor = z.object({
  seed_id: text.optional(),
  seed_index: z.int().optional(),
  layer_index: z.int(),
  weight: z.number().optional(),
});

/** `extras.graph_metadata` as the prototype's compiler and supervisor write it. Fields that nobody reads are left out. */
export const graphSchema = z.object({
  layers: z.array(layer).max(4096).default([]),
  activations: z.array(activation).max(4096).default([]),
  parameters: z.array(parameter).max(4096).default([]),
  adjacency: z.object({ layer: z.array(z.array(z.number()).min(2).max(3)).max(65_536).optional() }).optional(),
  monitors: z.array(monitor).max(4096).optional(),
  mesh_host_layers: z.array(text).min(1).max(128).optional(),
  capabilities: z
    .object({
      allowed_blending_methods: z.array(text).max(64).optional(),
      allowed_parameters_by_seed_id: z.record(z.string(), z.array(text)).optional(),
      allowed_parameters_by_seed_index: z.record(z.string(), z.array(z.int())).optional(),
      mesh_host_layers: z.array(text).min(1).max(128).optional(),
    })
    .optional(),
});
type WireGraph = z.infer<typeof graphSchema>;

/** The graph with adjacency, monitors and allow-lists kept (BM-08). Nodes without an id are `auto-<n>`, from 0. */
export function graphOf(wire: WireGraph): GraphMetadata {
  const graph = {
    layers: wire.layers.map((one, at) =>
      present({
        layerId: one.layer_id ?? `auto-${at}`,
        type: one.type,
        depth: one.depth,
        latencyMs: one.latency_ms,
        parameterCount: one.parameter_count,
        dropoutRate: one.dropout_rate,
        weightNorm: one.weight_norm,
        gradientNorm: one.gradient_norm,
        activation: one.activation ?? one.activation_type,
        inputChannels: one.input_channels,
        outputChannels: one.output_channels,
      }),
    ),
    activations: wire.activations.map((one, at) =>
      present({
        activationId: one.activation_id ?? `auto-${at}`,
        type: one.type,
        saturationRate: one.saturation_rate,
        gradientFlow: one.gradient_flow,
        computationalCost: one.computational_cost,
        nonlinearityStrength: one.nonlinearity_strength,
      }),
    ),
    parameters: wire.parameters,
    layerAdjacency: wire.adjacency?.layer?.map(([from = 0, to = 0]) => [from, to] as const),
    monitors: wire.monitors?.map((one) =>
      present({ seedId: one.seed_id, seedIndex: one.seed_index, layerIndex: one.layer_index, weight: one.weight }),
    ),
    allowedBlendingMethods: wire.capabilities?.allowed_blending_methods,
    allowedParametersBySeedId: wire.capabilities?.allowed_parameters_by_seed_id,
    allowedParametersBySeedIndex: wire.capabilities?.allowed_parameters_by_seed_index,
    meshHostLayers: wire.mesh_host_layers ?? wire.capabilities?.mesh_host_layers,
    source: 'urza' as const,
  };
  return present(graph) as GraphMetadata;
}

/** What stands in for a graph when there is only a guard spec: one layer and one activation per guarded tensor (BM-07). */
export function graphOfGuards(blueprintId: string, guardCount: number): GraphMetadata | undefined {
  if (guardCount === 0) return undefined;
  const numbers = Array.from({ length: guardCount }, (_, at) => at);
  return {
    layers: numbers.map((at) => ({ layerId: `${blueprintId}-L${at}`, type: 'guard_tensor', depth: at })),
    activations: numbers.map((at) => ({ activationId: `${blueprintId}-A${at}`, type: 'guard_tensor' })),
    parameters: [],
    source: 'guard_spec',
  };
}
