import { decisionDifference } from './compare-decision.js';
import { mapDifference } from './compare-recorded.js';
import type { DecisionCase, RecordedDecision } from './decision-case.js';
import { blueprintIdOf, type PrototypeOutput, type RecordedBuilderConfig } from './prototype-build.js';
import { type PrototypeDecision, prototypeDecision } from './prototype-decision.js';
import { PrototypeModel } from './prototype-model.js';
import type { RecordedRegistries } from './prototype-registries.js';
import { prototypeSettings } from './prototype-settings.js';
import { isMapping, type Mapping, PythonRaise, withNonFinite } from './python-values.js';
import { recordedOutputs } from './recorded-outputs.js';
import { type RecordedPacket, recordedPacket } from './recorded-packet.js';

/** What the prototype's policy gives its builder. */
export const POLICY_BUILDER_CONFIG: RecordedBuilderConfig = {
  global_feature_dim: 16,
  seed_feature_dim: 14,
  blueprint_feature_dim: 14,
  layer_feature_dim: 12,
  activation_feature_dim: 8,
  parameter_feature_dim: 10,
  edge_feature_dim: 3,
  layer_vocab: 1024,
  activation_vocab: 1024,
  optimizer_vocab: 256,
  hazard_vocab: 256,
  seed_vocab: 1024,
  blueprint_vocab: 1024,
  max_layers: 3,
  max_activations: 1,
  max_parameters: 1,
};

/** What its registries hold before the first packet. */
export const POLICY_REGISTRIES: RecordedRegistries = {
  seed: [],
  blueprint: [],
  layer_type: [],
  activation_type: [],
  optimizer_family: [
    ['sgd', 1],
    ['adam', 2],
    ['adamw', 3],
    ['rmsprop', 4],
    ['adagrad', 5],
  ],
  hazard_class: [],
};

const METHODS = ['linear', 'cosine', 'warmup_hold'];
/** Logits closer than this may tie after a float32 softmax. */
const TIE = 1e-5;

/** The prototype's whole policy on one recorded line, but for the network, whose outputs are recorded. */
export class DecisionReplay {
  readonly #line: DecisionCase;
  readonly #model: PrototypeModel;
  readonly #methods: readonly string[];
  #metadata: Mapping;

  constructor(line: DecisionCase) {
    this.#line = line;
    this.#metadata = line.metadata;
    this.#model = new PrototypeModel(configOf(line), { registries: POLICY_REGISTRIES, file: undefined });
    this.#methods = methodsOf(line);
  }

  /** Where our reading and the recording part at this step; `undefined` when they agree. */
  difference(step: RecordedDecision): string | undefined {
    this.#metadata = { ...this.#metadata, ...step.metadata_update };
    const packet = recordedPacket(step.packet);
    let graph: PrototypeOutput;
    try {
      graph = this.#model.build(packet, (id) => this.#lookup(id));
    } catch (error) {
      if (!(error instanceof PythonRaise)) throw error;
      return step.raises === undefined ? `builder raises: ${error.message}` : this.#registries(step);
    }
    const decision = this.#decide(step, packet, graph);
    if (decision === undefined) return 'no recorded outputs';
    const coverage =
      'raises' in decision && decision.raises !== 'no_seed_candidates'
        ? undefined
        : mapDifference('coverage', step.feature_coverage, graph.coverage.byKey());
    return decisionDifference(step, decision) ?? coverage ?? this.#registries(step);
  }

  #decide(step: RecordedDecision, packet: RecordedPacket, graph: PrototypeOutput): PrototypeDecision | undefined {
    const context = { training_run_id: packet.trainingRunId, packet_id: packet.packetId };
    if (packet.seeds.length === 0) return { raises: 'no_seed_candidates', context };
    if (step.gnn === undefined) return undefined;
    const outputs = recordedOutputs(step.gnn);
    return prototypeDecision({
      outputs,
      graph,
      packet,
      metadata: this.#lookup(blueprintIdOf(packet)),
      methods: this.#methods,
      version: String(this.#line.policy_config['architecture_version'] ?? 'tamiyo_gnn_v1'),
      settings: prototypeSettings(this.#line.env),
      recordedIndex: (head, best) => {
        const recorded = recordedChoice(step, head, this.#methods);
        const logits = outputs[head] ?? [];
        const near = recorded !== undefined && Math.abs((logits[recorded] as number) - (logits[best] as number)) < TIE;
        return near ? recorded : best;
      },
    });
  }

  #lookup(id: string): Mapping {
    const found = Object.hasOwn(this.#metadata, id) ? withNonFinite(this.#metadata[id]) : undefined;
    return isMapping(found) ? found : {};
  }

  #registries(step: RecordedDecision): string | undefined {
    const { schedule: _, ...recorded } = step.registries_after;
    return JSON.stringify(recorded) === JSON.stringify(this.#model.registries.entries())
      ? undefined
      : 'registries differ';
  }
}

/** The builder's caps, with what the case changes. */
export function configOf({ policy_config: given }: DecisionCase): RecordedBuilderConfig {
  const cap = (key: 'max_layers' | 'max_activations' | 'max_parameters') =>
    Number(given[key] ?? POLICY_BUILDER_CONFIG[key]);
  return {
    ...POLICY_BUILDER_CONFIG,
    max_layers: cap('max_layers'),
    max_activations: cap('max_activations'),
    max_parameters: cap('max_parameters'),
  };
}

const methodsOf = ({ policy_config: given }: DecisionCase): readonly string[] =>
  Array.isArray(given['blending_methods']) ? given['blending_methods'].map(String) : METHODS;

function recordedChoice(
  { annotations = {} }: RecordedDecision,
  head: string,
  methods: readonly string[],
): number | undefined {
  if (head === 'policy_logits')
    return annotations['policy_action'] === undefined ? undefined : Number(annotations['policy_action']);
  if (head === 'risk_logits')
    return annotations['policy_risk_index'] === undefined ? undefined : Number(annotations['policy_risk_index']);
  const index = methods.indexOf(annotations['blending_method'] ?? '');
  return index < 0 ? undefined : index;
}
