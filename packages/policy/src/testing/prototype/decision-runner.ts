import type { BlueprintDescriptor } from '@esper/leyline';
import { decode } from '../../core/decode/decode.js';
import { type DecodeConfig, resolveDecodeConfig } from '../../core/decode/decode-config.js';
import type { NetworkOutputs } from '../../core/network/outputs.js';
import type { Observation } from '../../core/observe/observation.js';
import { observe } from '../../core/observe/observe.js';
import { type ObserveLimits, resolveObserveLimits } from '../../core/observe/observe-limits.js';
import { priorNormalizerState } from '../../core/observe/statistics.js';
import { draftDifference, recordedDecisionDifference, refusalDifference } from './compare-strict-decision.js';
import type { DecisionCase, RecordedDecision } from './decision-case.js';
import type { DecisionDeviation } from './decision-deviations.js';
import { configOf, DecisionReplay } from './decision-replay.js';
import { expectedDecision } from './expected-decision.js';
import { packetIsSound } from './expected-graph.js';
import { type GivenEntry, givenEntry } from './given-entry.js';
import { explained, type LineOutcome, unexplained } from './line-outcome.js';
import { blueprintIdOf } from './prototype-build.js';
import { isMapping, type Mapping, withNonFinite } from './python-values.js';
import { networkOutputs, recordedOutputs } from './recorded-outputs.js';
import { type RecordedPacket, recordedPacket, typedPacket } from './recorded-packet.js';

/**
 * One recorded line. The decoder as we read it must give the recording; our decoder must give what was worked out
 * independently; and each difference between the two must have a named deviation.
 */
export function runDecisionCase(line: DecisionCase): LineOutcome {
  const replay = new DecisionReplay(line);
  const strict = new StrictDecisions(line);
  const rules = new Set<DecisionDeviation>();
  for (const [index, step] of line.steps.entries()) {
    const reading = replay.difference(step);
    if (reading !== undefined) return unexplained(`step ${index}, the model of the prototype: ${reading}`);
    const difference = strict.run(step, rules);
    if (difference !== undefined) return unexplained(`step ${index}: ${difference}`);
  }
  return explained([...rules].sort());
}

/** Our observation and decoder over the steps of one line. */
class StrictDecisions {
  readonly #line: DecisionCase;
  readonly #limits: ObserveLimits;
  readonly #config: DecodeConfig | undefined;
  #metadata: Mapping;

  constructor(line: DecisionCase) {
    const caps = configOf(line);
    this.#line = line;
    this.#metadata = line.metadata;
    this.#limits = resolveObserveLimits({
      seedsMax: 128,
      layersMax: caps.max_layers,
      activationsMax: caps.max_activations,
      parametersMax: caps.max_parameters,
    });
    this.#config = configured(line);
  }

  run(step: RecordedDecision, rules: Set<DecisionDeviation>): string | undefined {
    this.#metadata = { ...this.#metadata, ...step.metadata_update };
    if (this.#config === undefined) {
      rules.add('DEV-DEC-08');
      return undefined;
    }
    const packet = recordedPacket(step.packet);
    const { blueprints, entry, malformed } = this.#entry(packet);
    if (malformed) rules.add('DEV-DEC-15');
    const statistics = priorNormalizerState();
    const outcome = observe(
      { packet: typedPacket(packet), blueprints, vocabularies: NO_NAMES, statistics },
      this.#limits,
    );
    if (!outcome.ok || !packetIsSound(packet)) {
      rules.add('DEV-DEC-15');
      return outcome.ok === packetIsSound(packet) ? undefined : 'packet and builder disagree about its soundness';
    }
    return this.#decided({ step, packet, entry, observation: outcome.value, config: this.#config }, rules);
  }

  #entry(packet: RecordedPacket): GivenEntry {
    const id = blueprintIdOf(packet);
    const known = Object.hasOwn(this.#metadata, id) ? withNonFinite(this.#metadata[id]) : undefined;
    return givenEntry(id, isMapping(known) ? known : {});
  }

  #decided(scene: Scene, rules: Set<DecisionDeviation>): string | undefined {
    const { step, packet, entry, observation, config } = scene;
    if (packet.seeds.length === 0) return withoutSeeds(scene, rules);
    if (step.gnn === undefined) {
      rules.add('DEV-DEC-15');
      return undefined;
    }
    const outputs = recordedOutputs(step.gnn);
    const expected = expectedDecision({
      outputs,
      packet,
      entry,
      version: config.policyVersion,
      coverageRatio: observation.coverage.ratio,
      blend: config.blend,
    });
    const decided = decode(networkOutputs(outputs, observation.blueprints.length), observation, config);
    const wrong = decided.ok
      ? draftDifference(expected, decided.value.draft)
      : refusalDifference(expected, decided.error);
    const custom = 'blending_methods' in this.#line.policy_config;
    return wrong ?? recordedDecisionDifference({ step, packet, outputs, expected, custom }, rules);
  }
}

interface Scene {
  readonly step: RecordedDecision;
  readonly packet: RecordedPacket;
  readonly entry: BlueprintDescriptor | undefined;
  readonly observation: Observation;
  readonly config: DecodeConfig;
}

const NO_NAMES = { seed: new Map(), blueprint: new Map(), layer_type: new Map(), activation_type: new Map() };

/** The environment of the case as our host would resolve it; nothing when a setting is refused. */
function configured({ env, policy_config: given }: DecisionCase): DecodeConfig | undefined {
  const number = (key: string, name: string) =>
    env[key] === undefined ? {} : { [name]: Number(env[key] === '' ? Number.NaN : env[key]) };
  const flag = (env['TAMIYO_ENABLE_BLEND_MODE_ANN'] ?? 'false').toLowerCase();
  const mode = env['TAMIYO_BLEND_MODE_DEFAULT']?.toUpperCase();
  if (!['1', 'true', 'yes', 'on', '0', 'false', 'no', 'off'].includes(flag)) return undefined;
  try {
    return resolveDecodeConfig({
      bundleDigest: 'recorded',
      policyVersion: String(given['architecture_version'] ?? 'tamiyo_gnn_v1'),
      blend: {
        enabled: ['1', 'true', 'yes', 'on'].includes(flag),
        ...(mode === undefined ? {} : { mode: mode as 'CONVEX' }),
        ...number('TAMIYO_BLEND_CONF_GATE_K', 'gateK'),
        ...number('TAMIYO_BLEND_CONF_GATE_TAU', 'gateTau'),
        ...number('TAMIYO_BLEND_ALPHA_LO', 'alphaLo'),
        ...number('TAMIYO_BLEND_ALPHA_HI', 'alphaHi'),
        ...number('TAMIYO_BLEND_ALPHA_VEC_MAX', 'alphaVecMax'),
      },
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The prototype never asks its network here. Ours must refuse a graft in the same words, and let a pause pass. */
function withoutSeeds({ step, observation, config }: Scene, rules: Set<DecisionDeviation>): string | undefined {
  const blueprints = observation.blueprints.length;
  const outcomes = [0, 2].map((action) => decode(favouring(action, blueprints), observation, config));
  const [graft, pause] = outcomes;
  rules.add('DEV-DEC-04');
  if (graft === undefined || graft.ok || graft.error.code !== 'dependency_violation')
    return 'a graft without seeds is not refused';
  if (graft.error.reason !== step.raises?.['reason'])
    return `a graft without seeds is refused as ${graft.error.reason}`;
  const context = step.raises['context'];
  const same =
    isMapping(context) &&
    Object.entries(context).every(
      ([key, value]) => graft.error.code === 'dependency_violation' && graft.error.context[key] === value,
    );
  if (!same) return 'the violation has another context';
  return pause?.ok === true ? undefined : 'a pause without seeds is refused';
}

/** Outputs with one action on top, for a packet without seeds. */
function favouring(action: number, blueprints: number): NetworkOutputs {
  const policyLogits = new Float32Array(32);
  policyLogits[action] = 1;
  const zeros = (length: number) => new Float32Array(length);
  return {
    policyLogits,
    blendingLogits: zeros(3),
    riskLogits: zeros(5),
    value: 0,
    breakerLogits: zeros(2),
    policyParams: zeros(4),
    schedule: zeros(2),
    graphEmbedding: zeros(64),
    seedScores: zeros(0),
    blueprintScores: zeros(blueprints),
  };
}
