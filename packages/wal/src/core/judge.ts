import { type Damage, isSerious } from './damage.js';
import type { RecoveryFacts, RecoveryMode } from './recovery-decision.js';
import type { DamageFinding } from './segment-scan.js';
import { uncovered } from './sequence-ranges.js';
import type { LogSurvey, SegmentSurvey } from './survey.js';

/** Where the torn tail begins, in the newest segment. */
export interface TornTail {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  readonly firstSequence: number;
}

/** A survey, understood: which damage hit acknowledged records, which was never acknowledged, what is already noted. */
export interface Judgement {
  readonly facts: RecoveryFacts;
  /** Every record up to here is certain to have been acknowledged, or was settled by a noted loss: kept, or noted as gone. */
  readonly acknowledgedThrough: number;
  readonly damages: readonly Damage[];
  readonly torn: TornTail | undefined;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/**
 * Tells rot from torn writes. What is certain to have been acknowledged comes from the anchor and from what later frames
 * carry; damage at or below it is rot, damage above it is a write that never finished. Without a readable anchor nothing
 * is certain, so damage counts as rot. So does a place that the disk refuses to read: a whole record may lie there, and the
 * next attempt may find it. Whoever noted a loss has kept the whole records before it, and its sequences are never given out
 * again: up to there everything counts as acknowledged, also when a crash kept the anchor from saying so.
 */
export function judge(survey: LogSurvey, mode: RecoveryMode): Judgement {
  const carried = survey.segments.reduce(
    (max, one) => Math.max(max, one.acknowledgedThrough, one.firstSequence - 1),
    0,
  );
  const settled = survey.scars.reduce((max, { last }) => Math.max(max, last), carried);
  const acknowledgedThrough = Math.max(settled, survey.anchor.anchor?.acknowledgedThrough ?? 0);
  const certainThrough = survey.anchor.anchor === undefined ? Number.POSITIVE_INFINITY : acknowledgedThrough;
  const newest = survey.segments.at(-1);
  const lastSequence = survey.segments.reduce((last, one) => Math.max(last, one.lastRecord), 0);
  const damages = [
    ...survey.minor,
    ...missingAtStart(survey),
    ...survey.segments.flatMap((one) =>
      one.damages.flatMap((each) => resolve(one, each, { certainThrough, acknowledgedThrough })),
    ),
    ...brokenBetween(survey),
    ...missingAtEnd(survey, acknowledgedThrough),
  ].flatMap((damage) => markKnown(damage, survey));
  const serious = damages.filter((damage) => isSerious(damage) && !damage.known);
  const torn = newest === undefined ? undefined : findTorn(newest, survey, certainThrough);
  return {
    facts: {
      mode,
      rot: serious.some((damage) => damage.acknowledged),
      torn: torn !== undefined,
      survivors:
        torn !== undefined && newest !== undefined && newest.records > 0 && newest.lastRecordOffset >= torn.offset,
    },
    acknowledgedThrough,
    damages,
    torn,
    firstSequence: survey.anchor.anchor?.firstSequence ?? survey.segments[0]?.firstSequence ?? 1,
    lastSequence,
  };
}

interface Certainty {
  readonly certainThrough: number;
  readonly acknowledgedThrough: number;
}

/** A raw finding with its range closed. A range that reaches past what was acknowledged is cut in two. */
function resolve(segment: SegmentSurvey, finding: DamageFinding, certainty: Certainty): readonly Damage[] {
  const { cause, offset, bytes, firstSequence } = finding;
  const { certainThrough, acknowledgedThrough } = certainty;
  const unreadable = cause === 'unreadable';
  const acknowledged = unreadable || firstSequence <= certainThrough;
  const open = acknowledged ? Math.max(firstSequence, acknowledgedThrough) : firstSequence - 1;
  const lastSequence = finding.lastSequence ?? open;
  const whole = { cause, file: segment.name, offset, bytes, firstSequence, lastSequence, acknowledged, known: false };
  if (!acknowledged || unreadable || lastSequence <= certainThrough) return [whole];
  return [
    { ...whole, lastSequence: certainThrough },
    { ...whole, firstSequence: certainThrough + 1, acknowledged: false },
  ];
}

const missing = (file: string, offset: number, range: { readonly first: number; readonly last: number }): Damage => ({
  cause: 'missing',
  file,
  offset,
  bytes: 0,
  firstSequence: range.first,
  lastSequence: range.last,
  acknowledged: true,
  known: false,
});

function missingAtStart(survey: LogSurvey): readonly Damage[] {
  const [oldest] = survey.segments;
  const from = survey.anchor.anchor?.firstSequence ?? 1;
  if (oldest === undefined || survey.anchor.anchor === undefined || oldest.firstSequence <= from) return [];
  return [missing(oldest.name, 0, { first: from, last: oldest.firstSequence - 1 })];
}

/** A segment that does not continue the one before it, although no sequence is missing between them. */
function brokenBetween(survey: LogSurvey): readonly Damage[] {
  return survey.segments.flatMap((one, at) => {
    const before = survey.segments[at - 1];
    if (before === undefined || before.chainEnd === undefined || one.chainBefore === undefined) return [];
    if (before.lastRecord !== one.firstSequence - 1 || before.chainEnd === one.chainBefore) return [];
    if (one.chainBefore === 0 && notedAsLost(survey, before.lastRecord)) return [];
    const range = { first: one.firstSequence, last: one.firstSequence - 1 };
    return [{ ...missing(one.name, 0, range), cause: 'chain' as const }];
  });
}

/**
 * A segment that was begun after a noted loss has no chain value to continue from. What was lost because the disk refused to read
 * it may be readable again, and then seems to be followed by a stranger.
 */
const notedAsLost = ({ scars }: LogSurvey, sequence: number): boolean =>
  scars.some(({ first, last }) => first <= sequence && sequence <= last);

/** Acknowledged records after the last byte of the newest segment: the file was cut, or whole segments are gone. */
function missingAtEnd(survey: LogSurvey, acknowledgedThrough: number): readonly Damage[] {
  const newest = survey.segments.at(-1);
  const from = survey.anchor.anchor?.firstSequence ?? 1;
  if (newest === undefined) {
    return acknowledgedThrough >= from ? [missing('', 0, { first: from, last: acknowledgedThrough })] : [];
  }
  const accounted = newest.damages.reduce(
    (last, each) => Math.max(last, each.lastSequence ?? acknowledgedThrough),
    Math.max(newest.lastRecord, newest.firstSequence - 1),
  );
  if (accounted >= acknowledgedThrough) return [];
  return [missing(newest.name, newest.endOffset, { first: accounted + 1, last: acknowledgedThrough })];
}

function findTorn(newest: SegmentSurvey, survey: LogSurvey, certainThrough: number): TornTail | undefined {
  const first = newest.damages.find(
    (each) =>
      isSerious(each) &&
      each.cause !== 'unreadable' &&
      each.firstSequence > certainThrough &&
      !notedAt(survey, newest.name, each.offset),
  );
  if (first === undefined) return undefined;
  const { offset, firstSequence } = first;
  return { name: newest.name, offset, bytes: newest.fileBytes - offset, firstSequence };
}

/** A loss without a known sequence is told by its place alone. */
const notedAt = ({ scars }: LogSurvey, file: string, offset: number): boolean =>
  scars.some((scar) => scar.file === file && scar.offset === offset);

/** Splits a damage into what the scars already tell and what is news. */
function markKnown(damage: Damage, survey: LogSurvey): readonly Damage[] {
  if (survey.scars.length === 0) return [damage];
  if (damage.lastSequence < damage.firstSequence) {
    return [{ ...damage, known: notedAt(survey, damage.file, damage.offset) }];
  }
  const range = { first: damage.firstSequence, last: damage.lastSequence };
  const news = uncovered(range, survey.scars);
  const old = uncovered(range, news);
  const part = (piece: typeof range, known: boolean): Damage => ({
    ...damage,
    firstSequence: piece.first,
    lastSequence: piece.last,
    known,
  });
  return [...old.map((piece) => part(piece, true)), ...news.map((piece) => part(piece, false))];
}
