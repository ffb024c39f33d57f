import type { Observation } from '../../core/observe/observation.js';
import { observe } from '../../core/observe/observe.js';
import { type ObserveLimits, resolveObserveLimits } from '../../core/observe/observe-limits.js';
import { type NormalizerState, priorNormalizerState } from '../../core/observe/statistics.js';
import { decodeNormalizerState } from '../../core/observe/statistics-file.js';
import { graphDifference, stateDifference } from './compare-recorded.js';
import { observationDifference, recordedGraphDifference } from './compare-strict-graph.js';
import { expectedGraph, packetIsSound } from './expected-graph.js';
import type { ExpectedNames } from './expected-wants.js';
import { givenEntry } from './given-entry.js';
import type { GraphBuilderCase, RecordedStep } from './graph-builder-case.js';
import type { GraphDeviation } from './graph-deviations.js';
import { keyOrders } from './key-orders.js';
import { explained, type LineOutcome, unexplained } from './line-outcome.js';
import { blueprintIdOf, type PrototypeOutput, type RecordedBuilderConfig } from './prototype-build.js';
import { PrototypeModel } from './prototype-model.js';
import { isMapping, type Mapping, PythonRaise, withNonFinite } from './python-values.js';
import { type RecordedPacket, recordedPacket, typedPacket } from './recorded-packet.js';

/**
 * One recorded case. Three things must hold at every step: the prototype as we read it gives the recording to the last
 * bit; our builder gives what was worked out independently; and each difference between the two has a named deviation.
 */
export function runGraphBuilderCase(line: GraphBuilderCase): LineOutcome {
  const readings = keyOrders(line).map(prototypeReading);
  const reading = readings.find((found) => found.difference === undefined) ?? readings[0];
  if (reading?.difference !== undefined) return unexplained(`the model of the prototype: ${reading.difference}`);
  const rules = new Set<GraphDeviation>();
  const limits = limitsOf(line.config);
  if (limits === undefined) return explained(['DEV-GB-16']);
  if (line.normalizer_file !== undefined) {
    const file = decodeNormalizerState(line.normalizer_file);
    if (file.ok) return unexplained('a statistics file of the prototype was taken for ours');
    rules.add('DEV-GB-15');
  }
  const strict = new StrictSequence(line, limits);
  for (const [index, step] of (line.steps ?? []).entries()) {
    const difference = strict.run(step, rules);
    if (difference !== undefined) return unexplained(`step ${index}: ${difference}`);
  }
  return explained([...rules].sort());
}

/** Whether the model of the prototype reproduces the whole line. */
function prototypeReading(line: GraphBuilderCase): { readonly difference: string | undefined } {
  let model: PrototypeModel;
  try {
    model = new PrototypeModel(line.config, { registries: line.registries, file: line.normalizer_file });
  } catch (error) {
    if (!(error instanceof PythonRaise)) throw error;
    return { difference: line.constructor_raises === undefined ? `constructor raises: ${error.message}` : undefined };
  }
  if (line.constructor_raises !== undefined) return { difference: 'constructor does not raise' };
  let metadata = line.metadata;
  for (const [index, step] of (line.steps ?? []).entries()) {
    metadata = { ...metadata, ...step.metadata_update };
    const difference = stepDifference(model, step, lookupOf(line, metadata)) ?? stateDifference(step, model);
    if (difference !== undefined) return { difference: `step ${index}: ${difference}` };
  }
  return { difference: undefined };
}

function stepDifference(
  model: PrototypeModel,
  step: RecordedStep,
  lookup: (id: string) => Mapping,
): string | undefined {
  let output: PrototypeOutput;
  try {
    output = model.build(recordedPacket(step.packet), lookup);
  } catch (error) {
    if (!(error instanceof PythonRaise)) throw error;
    return step.raises === undefined ? `raises: ${error.message}` : undefined;
  }
  return step.out === undefined ? 'does not raise' : graphDifference(step.out, output);
}

/** Only a provider that is there, and answers, gives metadata; an empty id has none. */
const lookupOf =
  ({ provider }: GraphBuilderCase, metadata: Mapping) =>
  (id: string): Mapping => {
    const found =
      provider === 'map' && id !== '' && Object.hasOwn(metadata, id) ? withNonFinite(metadata[id]) : undefined;
    return isMapping(found) ? found : {};
  };

/** The case's caps and widths as our limits, or nothing when they are refused. */
function limitsOf(config: RecordedBuilderConfig): ObserveLimits | undefined {
  try {
    return resolveObserveLimits({
      seedsMax: 128,
      layersMax: config.max_layers,
      activationsMax: config.max_activations,
      parametersMax: config.max_parameters,
      widths: {
        globalInputWidth: config.global_feature_dim,
        seedInputWidth: config.seed_feature_dim,
        blueprintInputWidth: config.blueprint_feature_dim,
        layerInputWidth: config.layer_feature_dim,
        activationInputWidth: config.activation_feature_dim,
        parameterInputWidth: config.parameter_feature_dim,
        edgeFeatureWidth: config.edge_feature_dim,
      },
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Our side of a case: statistics are committed after each packet, new names registered as a host would. */
class StrictSequence {
  readonly #line: GraphBuilderCase;
  readonly #limits: ObserveLimits;
  readonly #names: Record<keyof ExpectedNames, Map<string, number>>;
  #metadata: Mapping;
  #statistics: NormalizerState = priorNormalizerState();

  constructor(line: GraphBuilderCase, limits: ObserveLimits) {
    this.#line = line;
    this.#limits = limits;
    this.#metadata = line.metadata;
    const table = (name: string) =>
      new Map((line.registries[name] ?? []).filter(([, index]) => index >= 1 && index < 1024));
    this.#names = {
      seed: table('seed'),
      blueprint: table('blueprint'),
      layer_type: table('layer_type'),
      activation_type: table('activation_type'),
    };
  }

  /** The first difference that no deviation explains; adds the deviations that explain the others. */
  run(step: RecordedStep, rules: Set<GraphDeviation>): string | undefined {
    this.#metadata = { ...this.#metadata, ...step.metadata_update };
    const packet = recordedPacket(step.packet);
    const id = blueprintIdOf(packet);
    const { blueprints, entry, malformed } = givenEntry(id, lookupOf(this.#line, this.#metadata)(id));
    const vocabularies = this.#names;
    const outcome = observe(
      { packet: typedPacket(packet), blueprints, vocabularies, statistics: this.#statistics },
      this.#limits,
    );
    if (!outcome.ok || !packetIsSound(packet)) return refusal(outcome.ok, packet, rules);
    if (malformed || step.raises !== undefined) rules.add('DEV-GB-08');
    const expected = expectedGraph({
      config: this.#line.config,
      packet,
      entry,
      names: this.#names,
      statistics: this.#statistics,
    });
    this.#commit(outcome.value);
    const wrong = observationDifference(expected, outcome.value);
    if (wrong !== undefined || step.out === undefined) return wrong;
    return recordedGraphDifference({ recorded: step.out, expected, entry }, rules);
  }

  /** As a host does after a decision that succeeded. */
  #commit({ statistics, newNames }: Observation): void {
    this.#statistics = statistics;
    for (const { vocabulary, name } of newNames) this.#names[vocabulary].set(name, this.#names[vocabulary].size + 1);
  }
}

/** Both must refuse, or neither. */
function refusal(accepted: boolean, packet: RecordedPacket, rules: Set<GraphDeviation>): string | undefined {
  rules.add('DEV-GB-08');
  return accepted === packetIsSound(packet) ? undefined : `the packet was ${accepted ? 'taken' : 'refused'}`;
}
