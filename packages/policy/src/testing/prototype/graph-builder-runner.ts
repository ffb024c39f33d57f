import type { BlueprintDescriptor } from '@esper/leyline';
import { NODE_TYPES, RELATION_KEYS } from '../../core/graph/schema.js';
import type { Observation } from '../../core/observe/observation.js';
import { observe } from '../../core/observe/observe.js';
import { type ObserveLimits, resolveObserveLimits } from '../../core/observe/observe-limits.js';
import { type NormalizerState, priorNormalizerState } from '../../core/observe/statistics.js';
import { decodeNormalizerState } from '../../core/observe/statistics-file.js';
import { catalogueEntry } from './catalogue-entry.js';
import { edgeTexts, graphDifference, sameNumber, stateDifference } from './compare-recorded.js';
import { type ExpectedGraph, entryIsSound, expectedGraph, packetIsSound } from './expected-graph.js';
import type { ExpectedNames } from './expected-wants.js';
import type { GraphBuilderCase, RecordedGraph, RecordedStep } from './graph-builder-case.js';
import type { GraphDeviation } from './graph-deviations.js';
import { keyOrders } from './key-orders.js';
import { explained, type LineOutcome, unexplained } from './line-outcome.js';
import { blueprintIdOf, type PrototypeOutput, type RecordedBuilderConfig } from './prototype-build.js';
import { PrototypeModel } from './prototype-model.js';
import { isMapping, type Mapping, numberNamed, PythonRaise, withNonFinite } from './python-values.js';
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
    const known = lookupOf(this.#line, this.#metadata)(blueprintIdOf(packet));
    const given = Object.keys(known).length === 0 ? undefined : catalogueEntry(blueprintIdOf(packet), known);
    const outcome = observe(
      {
        packet: typedPacket(packet),
        blueprints: given === undefined ? [] : [given],
        vocabularies: this.#names,
        statistics: this.#statistics,
      },
      this.#limits,
    );
    if (!outcome.ok || !packetIsSound(packet)) return refusal(outcome.ok, packet, rules);
    const entry = given !== undefined && entryIsSound(given) ? given : undefined;
    if ((Object.keys(known).length > 0 && entry === undefined) || step.raises !== undefined) rules.add('DEV-GB-08');
    const expected = expectedGraph({
      config: this.#line.config,
      packet,
      entry,
      names: this.#names,
      statistics: this.#statistics,
    });
    this.#statistics = outcome.value.statistics;
    for (const { vocabulary, name } of outcome.value.newNames) {
      this.#names[vocabulary].set(name, this.#names[vocabulary].size + 1);
    }
    return (
      observationDifference(expected, outcome.value) ??
      (step.out && recordedDifference({ recorded: step.out, expected, entry }, rules))
    );
  }
}

/** Both must refuse, or neither. */
function refusal(accepted: boolean, packet: RecordedPacket, rules: Set<GraphDeviation>): string | undefined {
  rules.add('DEV-GB-08');
  return accepted === packetIsSound(packet) ? undefined : `the packet was ${accepted ? 'taken' : 'refused'}`;
}

/** Our builder against what was worked out independently, to the last bit. */
function observationDifference(
  expected: ExpectedGraph,
  { graph, statistics, coverage }: Observation,
): string | undefined {
  for (const type of NODE_TYPES) {
    const [ours, wanted] = [graph.nodes[type], expected.tables[type]];
    if (ours.ids.join('\n') !== wanted.ids.join('\n'))
      return `rows of ${type}: ${ours.ids.length}, expected ${wanted.ids.length}`;
    const at = wanted.cells.findIndex((cell, index) => ours.features[index] !== cell);
    if (at >= 0) return `${type} cell ${at} is ${ours.features[at]}, expected ${wanted.cells[at]}`;
  }
  for (const key of RELATION_KEYS) {
    const table = graph.edges[key];
    if (table === undefined) return `${key} is missing`;
    const width = table.attributeWidth;
    const pairs = Array.from(table.source, (source, edge) => [source, table.target[edge] as number] as const);
    const attributes = pairs.map((_, edge) =>
      Array.from(table.attributes.subarray(edge * width, edge * width + width)),
    );
    const wanted = edgeTexts(fitted(expected.relations[key].edges, width));
    if (edgeTexts({ pairs, attributes }).join(' ') !== wanted.join(' ')) return `edges of ${key} are not as expected`;
  }
  if (JSON.stringify(statistics) !== JSON.stringify(expected.statistics)) return 'statistics are not as expected';
  return Math.abs(coverage.ratio - expected.ratio) < 1e-12
    ? undefined
    : `coverage is ${coverage.ratio}, expected ${expected.ratio}`;
}

const fitted = (
  { pairs, attributes }: { pairs: (readonly [number, number])[]; attributes: (readonly number[])[] },
  width: number,
) => ({
  pairs,
  attributes: attributes.map((row) => Array.from({ length: width }, (_, channel) => row[channel] ?? 0)),
});

interface Comparison {
  readonly recorded: RecordedGraph;
  readonly expected: ExpectedGraph;
  readonly entry: BlueprintDescriptor | undefined;
}

/** The recording against ours: every difference must be one that a deviation computes. */
function recordedDifference({ recorded, expected, entry }: Comparison, rules: Set<GraphDeviation>): string | undefined {
  const absent = entry === undefined ? 'DEV-GB-04' : 'DEV-GB-03';
  for (const type of NODE_TYPES) {
    const table = expected.tables[type];
    const { shape, data } = recorded.x[type];
    const rows = shape[0] ?? 0;
    if (rows < table.ids.length) return `${type} has more rows than recorded`;
    if (rows > table.ids.length) rules.add(absent);
    const ids = type === 'global' ? [] : recorded.node_ids[type];
    if (table.ids.some((id, index) => type !== 'global' && id !== ids[index])) rules.add('DEV-GB-17');
    for (const [at, cell] of table.cells.entries()) {
      if (sameNumber(Math.fround(numberNamed(data[at])), cell) || cell === numberNamed(data[at])) continue;
      const rule = table.rules[at];
      if (rule === undefined) return `${type} cell ${at} is ${cell}, recorded ${String(data[at])}`;
      rules.add(rule);
    }
  }
  return edgesDifference({ recorded, expected, entry }, rules);
}

function edgesDifference({ recorded, expected }: Comparison, rules: Set<GraphDeviation>): string | undefined {
  for (const key of RELATION_KEYS) {
    const { index, attr } = recorded.edges[key];
    const width = attr.shape[1] ?? 0;
    const pairs = index[0].map((source, edge) => [source, index[1][edge] as number] as const);
    const attributes = pairs.map((_, edge) => attr.data.slice(edge * width, edge * width + width).map(numberNamed));
    const { edges, pairRules, attributeRules } = expected.relations[key];
    if (edgeTexts({ pairs, attributes }).join(' ') === edgeTexts(fitted(edges, width)).join(' ')) continue;
    const joined =
      edgeTexts({ pairs, attributes: [] }).join(' ') === edgeTexts({ pairs: edges.pairs, attributes: [] }).join(' ');
    const explanations = joined ? attributeRules : pairRules;
    if (explanations.length === 0) return `edges of ${key} differ from the recording`;
    for (const rule of explanations) rules.add(rule);
  }
  const average = Object.values(recorded.feature_coverage).reduce<number>(
    (sum, value, _, { length }) => sum + numberNamed(value) / length,
    0,
  );
  if (average !== expected.ratio) rules.add('DEV-GB-11');
  return undefined;
}
