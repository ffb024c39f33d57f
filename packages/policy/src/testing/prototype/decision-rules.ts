import type { RecordedDecision } from './decision-case.js';
import type { DecisionDeviation } from './decision-deviations.js';
import { type ExpectedDecision, isVisible } from './expected-decision.js';
import { isMapping, type Mapping } from './python-values.js';
import type { RecordedOutputs } from './recorded-outputs.js';
import type { RecordedPacket } from './recorded-packet.js';

/** One recorded decision beside what ours should be. */
export interface DecisionComparison {
  readonly step: RecordedDecision;
  readonly packet: RecordedPacket;
  readonly outputs: RecordedOutputs;
  readonly expected: ExpectedDecision;
  /** The case names its own blending methods. */
  readonly custom: boolean;
}

/** The deviations behind what differs in outcome and payload, or a sentence about what none explains. */
export function commandRules(comparison: DecisionComparison): readonly DecisionDeviation[] | string {
  const { step, expected } = comparison;
  if ('refused' in expected) return refusalRules(comparison, expected.refused);
  const action = actionOf(step, comparison.outputs);
  if (action !== expected.action) return actionRules(comparison, action);
  if (step.raises !== undefined) return `recorded raises ${JSON.stringify(step.raises)}`;
  if (action !== 0) return sameButSpelling(step.command ?? {}, expected.command) ? [] : 'payload differs';
  return graftRules(comparison, expected.command);
}

/** The recorded action; where the prototype raised, the one it was about to build. */
function actionOf({ annotations }: RecordedDecision, outputs: RecordedOutputs): number {
  const logits = outputs['policy_logits'] ?? [];
  return annotations?.['policy_action'] === undefined
    ? logits.indexOf(Math.max(...logits))
    : Number(annotations['policy_action']);
}

function refusalRules({ step }: DecisionComparison, refused: string): readonly DecisionDeviation[] | string {
  if (refused === 'nonfinite_output') return ['DEV-DEC-01'];
  if (refused === 'blend_violation') return ['DEV-DEC-10'];
  if (step.raises?.['reason'] === refused) return ['DEV-DEC-17'];
  if (refused === 'seed command missing target_seed_id') return ['DEV-DEC-13'];
  return refused === 'seed command missing blueprint_id' ? ['DEV-DEC-05'] : `refused as ${refused}`;
}

function actionRules(
  { packet, outputs, expected }: DecisionComparison,
  recorded: number,
): readonly DecisionDeviation[] | string {
  const logits = outputs['policy_logits'] ?? [];
  const busy = packet.seeds.some(({ seedId }) => isVisible(seedId));
  const rules: DecisionDeviation[] = [];
  if ('action' in expected && (logits[expected.action] as number) > (logits[recorded] as number)) return ['DEV-DEC-16'];
  if (recorded > 4) rules.push('DEV-DEC-02');
  if (recorded === 0 && busy) rules.push('DEV-DEC-03');
  return rules.length > 0 ? rules : `action is recorded as ${recorded}`;
}

/** Target, blueprint and parameters of a graft that both propose. */
function graftRules({ step, custom }: DecisionComparison, ours: Mapping): readonly DecisionDeviation[] | string {
  const recorded = step.command ?? {};
  const [theirs, our] = [operationOf(recorded), operationOf(ours)];
  const target = idRules(recorded['targetSeedId'], ours['targetSeedId']) ?? ['DEV-DEC-03'];
  const blueprint = idRules(theirs.blueprintId, our.blueprintId);
  if (blueprint === undefined) return `blueprint is ${our.blueprintId}`;
  const rules = [...target, ...blueprint];
  for (const [key, value] of Object.entries(our.parameters)) {
    if (Math.fround(Number(theirs.parameters[key])) === Math.fround(Number(value))) continue;
    const rule = PARAMETER_RULES[key];
    if (rule === undefined || (rule === 'DEV-DEC-11' && !custom)) return `parameter ${key} is ${String(value)}`;
    rules.push(rule);
  }
  return rules;
}

const PARAMETER_RULES: Readonly<Record<string, DecisionDeviation>> = {
  alpha: 'DEV-DEC-07',
  blending_method_index: 'DEV-DEC-11',
};

/** Nothing when two ids are the same, the rule when one was trimmed, `undefined` when they name two things. */
function idRules(recorded: unknown, ours: unknown): DecisionDeviation[] | undefined {
  if (recorded === ours) return [];
  return String(ours).trim() === recorded ? ['DEV-DEC-13'] : undefined;
}

function operationOf(command: Mapping): { blueprintId: string; parameters: Mapping } {
  const operation = isMapping(command['seedOperation']) ? command['seedOperation'] : {};
  const parameters = isMapping(operation['parameters']) ? operation['parameters'] : {};
  return { blueprintId: String(operation['blueprintId'] ?? ''), parameters };
}

const PREFIXES = /^(COMMAND_|CIRCUIT_STATE_|SEED_OP_)/;

/** Equal but for enum prefixes and the width of floats. */
function sameButSpelling(recorded: unknown, ours: unknown): boolean {
  if (typeof recorded === 'string' && typeof ours === 'string') return recorded.replace(PREFIXES, '') === ours;
  if (typeof recorded === 'number' && typeof ours === 'number') return Math.fround(recorded) === Math.fround(ours);
  if (!isMapping(recorded) || !isMapping(ours)) return recorded === ours;
  const keys = new Set([...Object.keys(recorded), ...Object.keys(ours)]);
  return [...keys].every((key) => sameButSpelling(recorded[key], ours[key]));
}
