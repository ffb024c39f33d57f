import type { CommandDraft } from '@esper/leyline';
import type { DecodeRefusal } from '../../core/decode/proposal.js';
import { sameText } from './compare-decision.js';
import type { DecisionDeviation } from './decision-deviations.js';
import { commandRules, type DecisionComparison } from './decision-rules.js';
import type { ExpectedDecision } from './expected-decision.js';
import { isMapping } from './python-values.js';

export function refusalDifference(expected: ExpectedDecision, refusal: DecodeRefusal): string | undefined {
  const reason = refusal.code === 'dependency_violation' ? refusal.reason : refusal.code;
  if (!('refused' in expected) || expected.refused !== reason) return `refused as ${reason}`;
  const context = refusal.code === 'dependency_violation' ? refusal.context : {};
  const same = Object.entries(expected.context ?? {}).every(([key, value]) => context[key] === value);
  return same ? undefined : `refused with context ${JSON.stringify(context)}`;
}

export function draftDifference(
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

/** The recording against ours, field by field. */
export function recordedDecisionDifference(
  comparison: DecisionComparison,
  rules: Set<DecisionDeviation>,
): string | undefined {
  const found = commandRules(comparison);
  if (typeof found === 'string') return found;
  for (const rule of found) rules.add(rule);
  const { step, expected } = comparison;
  if ('refused' in expected || step.annotations === undefined) return undefined;
  return textsDifference({ recorded: step.annotations, ours: expected.annotations, ofAction: found[0] }, rules);
}

interface Texts {
  readonly recorded: Readonly<Record<string, string>>;
  readonly ours: Readonly<Record<string, string>>;
  /** What explains another action, when there is one. */
  readonly ofAction: DecisionDeviation | undefined;
}

function textsDifference({ recorded, ours, ofAction }: Texts, rules: Set<DecisionDeviation>): string | undefined {
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(ours)])) {
    const [theirs, text] = [recorded[key], ours[key]];
    if (theirs !== undefined && text !== undefined && sameText(key, theirs, text)) continue;
    const rule = OF_ACTION.includes(key) ? ofAction : ANNOTATION_RULES[key];
    if (rule === undefined) return `annotation ${key} is ${text}, recorded ${theirs}`;
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
