import { mapDifference } from './compare-recorded.js';
import type { RecordedDecision } from './decision-case.js';
import type { PrototypeDecision } from './prototype-decision.js';
import { isMapping, type Mapping } from './python-values.js';

/** One unit in the last printed digit: float32 kernels round differently. */
const PRINTED_TOLERANCE: Readonly<Record<string, number>> = {
  policy_risk_score: 1.01e-6,
  breaker_open_score: 1.01e-4,
  breaker_close_score: 1.01e-4,
};

/** Where the model of the decoder and the recording part; `undefined` when they agree. */
export function decisionDifference(recorded: RecordedDecision, model: PrototypeDecision): string | undefined {
  if ('raises' in model) return raiseDifference(recorded.raises, model);
  if (recorded.raises !== undefined) return `does not raise ${JSON.stringify(recorded.raises)}`;
  return (
    valueDifference('command', rounded(recorded.command), rounded(model.command)) ??
    annotationDifference(recorded.annotations ?? {}, model.annotations) ??
    lastActionDifference(recorded.last_action, model.lastAction)
  );
}

function raiseDifference(
  recorded: Mapping | undefined,
  model: { raises: string; context: Mapping },
): string | undefined {
  if (recorded === undefined) return `raises ${model.raises}`;
  const same =
    recorded['reason'] === model.raises && valueDifference('context', recorded['context'], model.context) === undefined;
  return same
    ? undefined
    : `raises ${model.raises} ${JSON.stringify(model.context)}, recorded ${JSON.stringify(recorded)}`;
}

/** Texts by equality; lists of numbers by their numbers; two scores by value. */
function annotationDifference(
  recorded: Readonly<Record<string, string>>,
  model: Readonly<Record<string, string>>,
): string | undefined {
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(model)])) {
    const [theirs, ours] = [recorded[key], model[key]];
    if (theirs === undefined || ours === undefined) return `annotation ${key} is on one side only`;
    if (!sameText(key, theirs, ours)) return `annotation ${key} is ${ours}, recorded ${theirs}`;
  }
  return undefined;
}

/** Whether two annotations say the same. */
export function sameText(key: string, theirs: string, ours: string): boolean {
  const tolerance = PRINTED_TOLERANCE[key];
  if (theirs === ours) return true;
  if (tolerance !== undefined) return Math.abs(Number(theirs) - Number(ours)) <= tolerance;
  if (!theirs.startsWith('[') || !ours.startsWith('[')) return false;
  const [a, b] = [numbersOf(theirs), numbersOf(ours)];
  return a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
}

const numbersOf = (list: string): readonly number[] =>
  list
    .slice(1, -1)
    .split(',')
    .map((entry) => (entry.trim() === 'null' ? Number.NaN : Number(entry)));

/** The model holds the fields a decision depends on; risk scores come from another kernel. */
function lastActionDifference(recorded: Mapping, model: Mapping): string | undefined {
  for (const [key, ours] of Object.entries(model)) {
    const theirs = recorded[key];
    const close =
      typeof theirs === 'number' &&
      typeof ours === 'number' &&
      Math.abs(theirs - ours) <= (key === 'risk_score' ? 1e-6 : 0);
    if (!close && valueDifference(key, theirs, ours) !== undefined)
      return `last action ${key} is ${String(ours)}, recorded ${String(theirs)}`;
  }
  return undefined;
}

/** Any plain values; numbers as numbers, whatever their spelling. */
function valueDifference(what: string, recorded: unknown, ours: unknown): string | undefined {
  if (typeof recorded === 'number' || typeof ours === 'number') return mapDifference(what, recorded, ours);
  if (!isMapping(recorded) || !isMapping(ours))
    return recorded === ours ? undefined : `${what} is ${String(ours)}, recorded ${String(recorded)}`;
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(ours)])) {
    const found = valueDifference(`${what}.${key}`, recorded[key], ours[key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Numbers of a command travel as float32. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Math.fround(value);
  return isMapping(value)
    ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, rounded(entry)]))
    : value;
}
