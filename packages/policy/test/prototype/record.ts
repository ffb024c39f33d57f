import type { DecisionCase, RecordedDecision } from '../../src/testing/prototype/decision-case.js';
import { POLICY_BUILDER_CONFIG, POLICY_REGISTRIES } from '../../src/testing/prototype/decision-replay.js';
import type { GraphBuilderCase, RecordedStep } from '../../src/testing/prototype/graph-builder-case.js';
import { blueprintIdOf, type PrototypeOutput } from '../../src/testing/prototype/prototype-build.js';
import { prototypeDecision } from '../../src/testing/prototype/prototype-decision.js';
import { PrototypeModel } from '../../src/testing/prototype/prototype-model.js';
import { prototypeSettings } from '../../src/testing/prototype/prototype-settings.js';
import { isMapping, type Mapping, PythonRaise } from '../../src/testing/prototype/python-values.js';
import { recordedOutputs } from '../../src/testing/prototype/recorded-outputs.js';
import { recordedPacket } from '../../src/testing/prototype/recorded-packet.js';

/** Made plain, as it would come out of a file. */
const plain = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value, (_, entry) => (typeof entry === 'number' && !Number.isFinite(entry) ? String(entry) : entry)),
  );

const tensor = (shape: readonly number[], data: readonly number[]) => ({ shape, data });

const lookupOf =
  (metadata: Mapping) =>
  (id: string): Mapping =>
    isMapping(metadata[id]) ? (metadata[id] as Mapping) : {};

function recordedGraph(
  { nodes, edges, capabilities, seedScores, blueprintScore, coverage }: PrototypeOutput,
  edgeWidth: number,
) {
  return {
    x: Object.fromEntries(
      Object.entries(nodes).map(([type, { rows, width }]) => [type, tensor([rows.length, width], rows.flat())]),
    ),
    edges: Object.fromEntries(
      Object.entries(edges).map(([key, { pairs, attributes }]) => [
        key,
        {
          index: [pairs.map(([s]) => s), pairs.map(([, t]) => t)],
          attr: tensor([pairs.length, edgeWidth], attributes.flat()),
        },
      ]),
    ),
    node_ids: Object.fromEntries(Object.entries(nodes).map(([type, { ids }]) => [type, ids])),
    seed_capabilities: capabilities,
    seed_candidate_scores: tensor([seedScores.length], seedScores),
    blueprint_candidate_scores: tensor([1], [blueprintScore]),
    feature_coverage: coverage.byKey(),
    feature_coverage_types: coverage.byType(),
  };
}

/** A packet worth grafting on: everything measured, one dormant seed. */
export const PACKET = {
  packetId: 'bp-1',
  trainingRunId: 'run-1',
  currentEpoch: 10,
  globalStep: '100',
  validationLoss: 0.75,
  trainingLoss: 0.5,
  trainingMetrics: { loss: 0.5, gradient_norm: 1.5, samples_per_s: 4500, hook_latency_ms: 12, epochs_total: 20 },
  seedStates: [
    {
      seedId: 'seed-0',
      stage: 'SEED_STAGE_DORMANT',
      learningRate: 0.5,
      riskScore: 0.25,
      gradientNorm: 1,
      ageEpochs: 3,
      layerDepth: 1,
      metrics: {},
    },
  ],
};

/** A catalogue entry that ours can hold, and that the prototype knows under the id of the packet. */
export const METADATA = {
  tier: 'BLUEPRINT_TIER_SAFE',
  tier_index: 1,
  risk: 0.25,
  stage: 0,
  candidate_score: 0.5,
  allowed_parameters: { lr: { min: 0, max: 1, span: 1 } },
  graph: {
    layers: [
      {
        layer_id: 'L0',
        type: 'conv',
        depth: 0,
        latency_ms: 6,
        parameter_count: 100,
        dropout_rate: 0.5,
        weight_norm: 1,
        gradient_norm: 1,
        activation: 'gelu',
        output_channels: 4,
      },
      {
        layer_id: 'L1',
        type: 'conv',
        depth: 1,
        latency_ms: 6,
        parameter_count: 100,
        dropout_rate: 0.5,
        weight_norm: 1,
        gradient_norm: 1,
        activation: 'gelu',
      },
    ],
    activations: [
      {
        activation_id: 'A0',
        type: 'gelu',
        saturation_rate: 0.5,
        gradient_flow: 0.5,
        computational_cost: 10,
        nonlinearity_strength: 0.5,
      },
    ],
    parameters: [{ name: 'lr', min: 0, max: 1, span: 1, default: 0.5 }],
  },
};

interface GivenGraphCase {
  readonly packets?: readonly Mapping[];
  readonly metadata?: Mapping;
  readonly config?: Partial<GraphBuilderCase['config']>;
  readonly file?: string;
  readonly provider?: GraphBuilderCase['provider'];
}

/** What the model of the prototype makes of a case written by hand, in the form of a recording. */
export function recordGraph(given: GivenGraphCase = {}): GraphBuilderCase {
  const config = { ...POLICY_BUILDER_CONFIG, ...given.config };
  const metadata = given.metadata ?? { 'bp-1': METADATA };
  const provider = given.provider ?? 'map';
  const line = { id: 0, tag: 'by-hand', config, registries: POLICY_REGISTRIES, provider, metadata };
  const file = given.file === undefined ? {} : { normalizer_file: given.file };
  let model: PrototypeModel;
  try {
    model = new PrototypeModel(config, { registries: POLICY_REGISTRIES, file: given.file });
  } catch (error) {
    if (!(error instanceof PythonRaise)) throw error;
    return plain({ ...line, ...file, constructor_raises: { type: 'ValueError' } });
  }
  const steps = (given.packets ?? [PACKET]).map((packet) => {
    let result: Pick<RecordedStep, 'raises'> | object;
    try {
      const output = model.build(recordedPacket(packet), provider === 'map' ? lookupOf(metadata) : () => ({}));
      result = { out: recordedGraph(output, config.edge_feature_dim) };
    } catch (error) {
      if (!(error instanceof PythonRaise)) throw error;
      result = { raises: { type: 'ValueError', message: error.message } };
    }
    return {
      packet,
      ...result,
      registries_after: model.registries.entries(),
      normalizer_after: model.statistics.entries(),
    };
  });
  return plain({ ...line, ...file, steps }) as GraphBuilderCase;
}

/** Raw outputs: zeros but for what is given. */
export const gnn = (
  seeds: number,
  given: Readonly<Record<string, readonly (number | string)[]>> = {},
): NonNullable<RecordedDecision['gnn']> =>
  Object.fromEntries(
    Object.entries({
      policy_logits: new Array<number>(32).fill(0),
      policy_params: [0, 0, 0, 0],
      param_delta: [given['policy_params']?.[0] ?? 0],
      blending_logits: [0, 0, 0],
      risk_logits: [0, 0, 0, 0, 0],
      value: [0],
      schedule_params: [0, 0],
      seed_scores: new Array<number>(seeds).fill(0),
      blueprint_scores: [0],
      breaker_logits: [0, 0],
      ...given,
    }).map(([name, data]) => [name, { data }]),
  );

export const choosing = (action: number): readonly number[] =>
  Array.from({ length: 32 }, (_, index) => (index === action ? 3 : 0));

interface GivenDecision {
  readonly packet?: Mapping;
  readonly metadata?: Mapping;
  readonly env?: Readonly<Record<string, string>>;
  readonly policyConfig?: Mapping;
  readonly outputs?: Readonly<Record<string, readonly (number | string)[]>>;
}

/** A decision of the model of the prototype, in the form of a recording. */
export function recordDecision(given: GivenDecision = {}): DecisionCase {
  const packet = given.packet ?? PACKET;
  const metadata = given.metadata ?? { 'bp-1': METADATA };
  const parsed = recordedPacket(packet);
  const model = new PrototypeModel(POLICY_BUILDER_CONFIG, { registries: POLICY_REGISTRIES, file: undefined });
  const graph = model.build(parsed, lookupOf(metadata));
  const raw = gnn(parsed.seeds.length, { policy_logits: choosing(0), ...given.outputs });
  const methods = (given.policyConfig?.['blending_methods'] as string[] | undefined) ?? [
    'linear',
    'cosine',
    'warmup_hold',
  ];
  const decision =
    parsed.seeds.length === 0
      ? { raises: 'no_seed_candidates', context: { training_run_id: parsed.trainingRunId, packet_id: parsed.packetId } }
      : prototypeDecision({
          outputs: recordedOutputs(raw),
          graph,
          packet: parsed,
          metadata: lookupOf(metadata)(blueprintIdOf(parsed)),
          methods,
          version: 'tamiyo_gnn_v1',
          settings: prototypeSettings(given.env ?? {}),
          recordedIndex: (_, best) => best,
        });
  const outcome =
    'raises' in decision
      ? {
          raises: { type: 'DependencyViolationError', reason: decision.raises, context: decision.context },
          last_action: {},
        }
      : { command: decision.command, annotations: decision.annotations, last_action: decision.lastAction };
  const step = {
    packet,
    ...outcome,
    feature_coverage: graph.coverage.byKey(),
    registries_after: model.registries.entries(),
    ...(parsed.seeds.length === 0 ? {} : { gnn: raw }),
  };
  return plain({
    id: 0,
    tag: 'by-hand',
    env: given.env ?? {},
    policy_config: given.policyConfig ?? {},
    metadata,
    steps: [step],
  }) as unknown as DecisionCase;
}
