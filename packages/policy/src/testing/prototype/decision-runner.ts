import type { CommandDraft } from '@esper/leyline';
import { decode } from '../../core/decode/decode.js';
import { type DecodeConfig, resolveDecodeConfig } from '../../core/decode/decode-config.js';
import type { DecodeRefusal } from '../../core/decode/proposal.js';
import type { NetworkOutputs } from '../../core/network/outputs.js';
import type { Observation } from '../../core/observe/observation.js';
import { observe } from '../../core/observe/observe.js';
import { type ObserveLimits, resolveObserveLimits } from '../../core/observe/observe-limits.js';
import { priorNormalizerState } from '../../core/observe/statistics.js';
import { catalogueEntry } from './catalogue-entry.js';
import { sameText } from './compare-decision.js';
import type { DecisionCase, RecordedDecision } from './decision-case.js';
import type { DecisionDeviation } from './decision-deviations.js';
import { configOf, DecisionReplay } from './decision-replay.js';
import { commandRules } from './decision-rules.js';
import { type ExpectedDecision, expectedDecision } from './expected-decision.js';
import { entryIsSound, packetIsSound } from './expected-graph.js';
import { explained, type LineOutcome, unexplained } from './line-outcome.js';
import { blueprintIdOf } from './prototype-build.js';
import { isMapping, type Mapping, withNonFinite } from './python-values.js';
import { networkOutputs, type RecordedOutputs, recordedOutputs } from './recorded-outputs.js';
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
    const id = blueprintIdOf(packet);
    const known = Object.hasOwn(this.#metadata, id) ? withNonFinite(this.#metadata[id]) : undefined;
    const given = isMapping(known) ? catalogueEntry(id, known) : undefined;
    const statistics = priorNormalizerState();
    const outcome = observe(
      {
        packet: typedPacket(packet),
        blueprints: given === undefined ? [] : [given],
        vocabularies: NO_NAMES,
        statistics,
      },
      this.#limits,
    );
    if (isMapping(known) && (given === undefined || !entryIsSound(given))) rules.add('DEV-DEC-15');
    if (!outcome.ok || !packetIsSound(packet)) {
      rules.add('DEV-DEC-15');
      return outcome.ok === packetIsSound(packet) ? undefined : 'packet and builder disagree about its soundness';
    }
    if (packet.seeds.length === 0)
      return withoutSeeds({ step, packet, observation: outcome.value, config: this.#config }, rules);
    if (step.gnn === undefined) {
      rules.add('DEV-DEC-15');
      return undefined;
    }
    const outputs = recordedOutputs(step.gnn);
    const entry = given !== undefined && entryIsSound(given) ? given : undefined;
    const expected = expectedDecision({
      outputs,
      packet,
      entry,
      version: this.#config.policyVersion,
      coverageRatio: outcome.value.coverage.ratio,
      blend: this.#config.blend,
    });
    const decided = decode(networkOutputs(outputs, entry === undefined ? 0 : 1), outcome.value, this.#config);
    const wrong = decided.ok
      ? draftDifference(expected, decided.value.draft)
      : refusalDifference(expected, decided.error);
    return (
      wrong ??
      recordedDifference(
        { step, packet, outputs, expected, custom: 'blending_methods' in this.#line.policy_config },
        rules,
      )
    );
  }
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

interface SeedlessScene {
  readonly step: RecordedDecision;
  readonly packet: RecordedPacket;
  readonly observation: Observation;
  readonly config: DecodeConfig;
}

/** The prototype never asks its network here. Ours must refuse a graft in the same words, and let a pause pass. */
function withoutSeeds({ step, observation, config }: SeedlessScene, rules: Set<DecisionDeviation>): string | undefined {
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

function refusalDifference(expected: ExpectedDecision, refusal: DecodeRefusal): string | undefined {
  const reason = refusal.code === 'dependency_violation' ? refusal.reason : refusal.code;
  if (!('refused' in expected) || expected.refused !== reason) return `refused as ${reason}`;
  const context = refusal.code === 'dependency_violation' ? refusal.context : {};
  const same = Object.entries(expected.context ?? {}).every(([key, value]) => context[key] === value);
  return same ? undefined : `refused with context ${JSON.stringify(context)}`;
}

function draftDifference(
  expected: ExpectedDecision,
  { annotations, decision: _, ...command }: CommandDraft,
): string | undefined {
  if ('refused' in expected) return `not refused as ${expected.refused}`;
  const [ours, wanted] = [JSON.stringify(sorted(command)), JSON.stringify(sorted(expected.command))];
  if (ours !== wanted) return `command is ${ours}, expected ${wanted}`;
  for (const key of new Set([...Object.keys(annotations), ...Object.keys(expected.annotations)])) {
    const [text, want] = [annotations[key], expected.annotations[key]];
    if (text !== want) return `annotation ${key} is ${text}, expected ${want}`;
  }
  return undefined;
}

const sorted = (value: unknown): unknown =>
  isMapping(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, entry]) => [key, sorted(entry)]),
      )
    : value;

interface Comparison {
  readonly step: RecordedDecision;
  readonly packet: RecordedPacket;
  readonly outputs: RecordedOutputs;
  readonly expected: ExpectedDecision;
  /** The case names its own blending methods. */
  readonly custom: boolean;
}

/** The recording against ours, field by field. */
function recordedDifference(comparison: Comparison, rules: Set<DecisionDeviation>): string | undefined {
  const found = commandRules(comparison);
  if (typeof found === 'string') return found;
  for (const rule of found) rules.add(rule);
  const { step, expected } = comparison;
  if ('refused' in expected || step.raises !== undefined) return undefined;
  for (const key of new Set([...Object.keys(step.annotations ?? {}), ...Object.keys(expected.annotations)])) {
    const [theirs, ours] = [step.annotations?.[key], expected.annotations[key]];
    if (theirs !== undefined && ours !== undefined && sameText(key, theirs, ours)) continue;
    const rule = ANNOTATION_RULES[key] ?? (OF_ACTION.includes(key) ? found[0] : undefined);
    if (rule === undefined) return `annotation ${key} is ${ours}, recorded ${theirs}`;
    rules.add(rule);
  }
  return undefined;
}

/** Follow the chosen action: explained by what explains another choice, and by nothing else. */
const OF_ACTION = ['policy_action', 'reason'];

const ANNOTATION_RULES: Readonly<Record<string, DecisionDeviation>> = {
  policy_risk_score: 'DEV-DEC-06',
  feature_coverage: 'DEV-DEC-12',
  selected_seed: 'DEV-DEC-03',
  selected_blueprint: 'DEV-DEC-05',
  blending_method: 'DEV-DEC-11',
  training_run_id: 'DEV-DEC-14',
  blend_mode: 'DEV-DEC-08',
  blend_mode_source: 'DEV-DEC-08',
  gate_k: 'DEV-DEC-09',
  gate_tau: 'DEV-DEC-09',
  confidence_logits: 'DEV-DEC-09',
  confidence_logits_required: 'DEV-DEC-08',
  alpha_lo: 'DEV-DEC-08',
  alpha_hi: 'DEV-DEC-08',
  alpha_vec: 'DEV-DEC-10',
  alpha_vec_len: 'DEV-DEC-10',
};
