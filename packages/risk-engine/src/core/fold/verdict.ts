import { type CommandDraft, type CommandType, TELEMETRY_LEVELS } from '@esper/leyline';
import type { Comparison, Finding } from '../finding.js';
import { carefulnessOf, graver, type Mitigation, severityOf } from '../severity.js';
import type { Judged } from './judgement.js';

/** What all enforced findings together ask for. */
export interface Verdicts {
  readonly mitigation: Mitigation;
  /** The gravest enforced finding that acts; `undefined` when the policy's proposal stands unopposed. */
  readonly deciding: Judged | undefined;
  /** The enforced findings that ask for something, gravest first. */
  readonly acting: readonly Judged[];
  /** The deciding reason, or `policy`. */
  readonly reason: string;
  /** Every reason that was found, the deciding one first. */
  readonly reasons: readonly string[];
}

/** The reason of a decision nothing was found against. */
const NO_REASON = 'policy';

/**
 * The order of findings, gravest first: what they ask for, then whether they enter conservative mode, then the level of
 * their event, then observations before what merely stands, then table order. Total, so no order of evaluation shows.
 */
function compareGravity(a: Judged, b: Judged): number {
  return (
    severityOf(b.raw.mitigation) - severityOf(a.raw.mitigation) ||
    Number(b.raw.entersMode) - Number(a.raw.entersMode) ||
    TELEMETRY_LEVELS[b.raw.level] - TELEMETRY_LEVELS[a.raw.level] ||
    Number(a.raw.standing) - Number(b.raw.standing) ||
    a.index - b.index
  );
}

const UNOPPOSED: Verdicts = Object.freeze({
  mitigation: 'none',
  deciding: undefined,
  acting: Object.freeze([]),
  reason: NO_REASON,
  reasons: Object.freeze([NO_REASON]),
});

/** Joins all findings: the gravest mitigation wins, every reason is kept, the deciding one is named. */
export function foldFindings(judged: readonly Judged[]): Verdicts {
  const found = judged.filter(({ enforced, raw }) => enforced && raw.reason !== '');
  if (found.length === 0) return UNOPPOSED;
  found.sort(compareGravity);
  const acting = found.filter(({ raw }) => raw.mitigation !== 'none');
  const [deciding] = acting;
  const reason = deciding?.raw.reason ?? NO_REASON;
  return {
    mitigation: deciding?.raw.mitigation ?? 'none',
    deciding,
    acting,
    reason,
    reasons: [...new Set([reason, ...found.map(({ raw }) => raw.reason)])],
  };
}

const TYPE_OF = {
  downgrade: 'OPTIMIZER',
  pause: 'PAUSE',
  rollback: 'ROLLBACK',
  emergency: 'EMERGENCY',
} as const satisfies Record<Exclude<Mitigation, 'none'>, CommandType>;

/** True when the mitigation is more careful than what is proposed. A graver proposal is never softened. */
export const tightens = (draft: CommandDraft, mitigation: Mitigation): boolean =>
  severityOf(mitigation) > carefulnessOf(draft);

/** The type a command gets. */
export const typeAfter = (draft: CommandDraft, mitigation: Mitigation): CommandType =>
  mitigation !== 'none' && tightens(draft, mitigation) ? TYPE_OF[mitigation] : draft.commandType;

/** What the command would have been without one of the findings that act. */
function typeWithout(acting: readonly Judged[], left: Judged, draft: CommandDraft): CommandType {
  let mitigation = left.raw.otherwise;
  for (const other of acting) {
    if (other !== left) mitigation = graver(mitigation, other.raw.mitigation);
  }
  return typeAfter(draft, mitigation);
}

/** A number in words: six digits after the point, or six significant ones below 1. */
const rounded = (value: number): string =>
  String(Math.abs(value) < 1 ? Number(value.toPrecision(6)) : Math.round(value * 1e6) / 1e6);

/** Value and threshold in words, in full where rounding would make them look equal: 0.15 that came as float32. */
function shownPair(value: number, threshold: number): readonly [string, string] {
  const pair = [rounded(value), rounded(threshold)] as const;
  return pair[0] === pair[1] ? [String(value), String(threshold)] : pair;
}

/** Where the good side of a comparison begins. */
const EDGE = { '>': 'at', '<': 'at', '>=': 'below', '<=': 'above', '=': 'at' } as const satisfies Record<
  Comparison,
  string
>;

/** A finding that compares no number, in words. */
function wordsOf({ signal, value, verdict }: Judged['raw']): readonly [string, string] {
  if (verdict === 'unknown') return [`${signal} is ${value === null ? 'absent' : 'no evidence'}`, 'with a good value'];
  if (value === null) return [signal, 'otherwise'];
  return [`${signal} is ${typeof value === 'number' ? rounded(value) : value}`, 'otherwise'];
}

/** The condition in words, and what would have undone it. */
function condition(raw: Judged['raw']): readonly [string, string] {
  const { signal, value, threshold, comparison } = raw;
  if (typeof value !== 'number' || typeof threshold !== 'number' || comparison === null) return wordsOf(raw);
  const [is, limit] = shownPair(value, threshold);
  return [`${signal} ${is} ${comparison} ${limit}`, `${EDGE[comparison]} ${limit}`];
}

/** The nearest counterfactual: what would have been different on the good side of this finding's threshold. */
function counterfactualOf(entry: Judged, acting: readonly Judged[], draft: CommandDraft): string {
  const [is, were] = condition(entry.raw);
  if (!entry.enforced) return `${is}; in shadow, it would have asked for: ${entry.raw.mitigation}`;
  const type = typeWithout(acting, entry, draft);
  return `${is}; ${were} it would have ${type === draft.commandType ? 'stayed' : 'become'} ${type}`;
}

/** The finding as it is recorded; `acting` are all enforced findings that ask for something. */
export function publish(entry: Judged, acting: readonly Judged[], draft: CommandDraft): Finding {
  const { evaluator, raw, enforced } = entry;
  const { value, threshold } = raw;
  return {
    evaluator,
    signal: raw.signal,
    value,
    threshold,
    comparison: raw.comparison,
    margin: typeof value === 'number' && typeof threshold === 'number' ? value - threshold : null,
    verdict: raw.verdict,
    mitigation: raw.mitigation,
    reason: raw.reason,
    level: raw.level,
    attributes: raw.attributes,
    entersMode: raw.entersMode,
    enforced,
    counterfactual: raw.reason === '' ? null : counterfactualOf(entry, acting, draft),
  };
}
