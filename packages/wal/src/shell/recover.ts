import { assertNever, elapsedMs, invariant } from '@esper/std';
import type { Damage } from '../core/damage.js';
import { isSerious } from '../core/damage.js';
import { type Judgement, judge, type TornTail } from '../core/judge.js';
import { QUARANTINE_DIRECTORY, SCARS_FILE } from '../core/layout.js';
import { decideRecovery, type RecoveryAction } from '../core/recovery-decision.js';
import type { RecoveryRepair, RecoveryReport } from '../core/recovery-report.js';
import { reportOf } from '../core/report-of.js';
import { encodeScars, type Scar } from '../core/scar.js';
import { SEGMENT_HEADER_BYTES } from '../core/segment-header.js';
import type { LogSurvey } from '../core/survey.js';
import { WalError } from '../errors.js';
import type { WalClock } from '../ports.js';
import { putFile, removeIfThere, withFile } from './disk-io.js';
import { quarantine } from './quarantine.js';
import { type SurveyInput, takeSurvey } from './take-survey.js';

export interface RecoverInput extends SurveyInput {
  readonly clock: WalClock;
}

/** A log that has been read and repaired as far as its mode allows. */
export interface Recovered {
  readonly survey: LogSurvey;
  readonly report: RecoveryReport;
  /** Sequence of the next record. */
  readonly nextSequence: number;
  /** True when the newest segment cannot be continued and a fresh one must be begun. */
  readonly needsFreshSegment: boolean;
}

/** Reads the log, decides by the table, repairs. Rejects with `WAL_CORRUPT` and the report when the mode refuses. */
export async function recover(input: RecoverInput): Promise<Recovered> {
  const startedMs = input.clock.monoMs();
  const mode = input.options.recovery;
  const survey = await takeSurvey(input);
  const judgement = judge(survey, mode);
  const action = decideRecovery(judgement.facts);
  const describe = (repairs: readonly RecoveryRepair[], after: LogSurvey): RecoveryReport =>
    reportOf({ survey, judgement, after, repairs, durationMs: elapsedMs(startedMs, input.clock.monoMs()) });
  const why = action === 'refuse' ? `mode ${mode} forbids going on` : whyNotRewind(action, judgement, input);
  if (why !== undefined) {
    throw new WalError('WAL_CORRUPT', `${summary(judgement)} in ${input.directory}; ${why}`, {
      report: describe([], survey),
    });
  }
  await tidy(input, survey);
  const repairs = await repair(input, action, { survey, judgement });
  const fence = repairs.some(({ kind }) => kind === 'tail-fenced') ? judgement.torn?.firstSequence : undefined;
  const after = repairs.length === 0 ? survey : await takeSurvey(input, fence);
  refuseNewlyUnreadable(survey, after);
  return { ...resume(judgement, after, fence), report: describe(repairs, after) };
}

/** `undefined` when nothing speaks against the action. */
function whyNotRewind(
  action: RecoveryAction,
  judgement: Judgement,
  { options }: Pick<RecoverInput, 'options'>,
): string | undefined {
  if (action !== 'rewind') return undefined;
  if (options.rewrite !== 'on') return 'rewinding is forbidden while rewriting is off';
  // A disk that refuses once and reads the next time would have whole records thrown out.
  if (firstLoss(judgement).cause !== 'unreadable') return undefined;
  return 'the disk refused to read that place, which may be whole, so it is not rewound over; try again, or open with salvage';
}

/** Where a rewind begins. */
function firstLoss({ damages }: Judgement): Damage {
  const first = damages.find((damage) => isSerious(damage) && damage.acknowledged && !damage.known);
  invariant(first !== undefined, 'a rewind needs damage');
  return first;
}

/** What the repair was decided by must still be there: going on from less would give sequences out a second time. */
function refuseNewlyUnreadable(before: LogSurvey, after: LogSurvey): void {
  const places = (survey: LogSurvey): readonly string[] =>
    survey.segments.flatMap(({ name, damages }) =>
      damages.filter(({ cause }) => cause === 'unreadable').map(({ offset }) => `${name} at byte ${offset}`),
    );
  const known = new Set(places(before));
  const fresh = places(after).find((place) => !known.has(place));
  if (fresh !== undefined) throw new WalError('WAL_IO', `${fresh} could be read before the repair and cannot be now`);
}

function summary(judgement: Judgement): string {
  const news = judgement.damages.filter((damage) => isSerious(damage) && !damage.known);
  const [first] = news;
  if (first === undefined) return 'a torn tail';
  const place = `${first.file} at byte ${first.offset} (${first.cause}, sequence ${first.firstSequence})`;
  return news.length === 1 ? `damage in ${place}` : `${news.length} damaged places, the first in ${place},`;
}

/** Removes what an earlier crash left unfinished. */
async function tidy(input: RecoverInput, survey: LogSurvey): Promise<void> {
  const doomed = input.options.rewrite === 'on' ? [...survey.temporaries, ...survey.leftovers] : survey.temporaries;
  for (const name of doomed) await removeIfThere(input.disk, `${input.directory}/${name}`);
  if (doomed.length > 0) await input.disk.syncDirectory(input.directory);
}

interface Known {
  readonly survey: LogSurvey;
  readonly judgement: Judgement;
}

async function repair(input: RecoverInput, action: RecoveryAction, known: Known): Promise<readonly RecoveryRepair[]> {
  switch (action) {
    case 'keep':
    case 'refuse':
      return [];
    case 'cut':
      return [await cut(input, known.judgement)];
    case 'note':
      return note(input, known);
    case 'note-and-cut':
      return [...(await note(input, known)), await cut(input, known.judgement)];
    case 'rewind':
      return rewind(input, known);
    default:
      return assertNever(action, 'recovery action');
  }
}

async function cut(input: RecoverInput, judgement: Judgement): Promise<RecoveryRepair> {
  const { torn } = judgement;
  invariant(torn !== undefined, 'a cut needs a torn tail');
  const { name: file, offset, bytes } = torn;
  // Without the right to cut, the next segment's first sequence fences the tail off.
  if (input.options.rewrite !== 'on') return { kind: 'tail-fenced', file, offset, bytes };
  const savedAs = await quarantine(input.disk, { directory: input.directory, name: file, offset });
  await truncate(input, torn);
  return { kind: 'tail-truncated', file, offset, bytes, savedAs };
}

async function truncate(input: RecoverInput, at: Pick<TornTail, 'name' | 'offset'>): Promise<void> {
  await withFile(input.disk, { path: `${input.directory}/${at.name}`, how: 'write' }, async (file) => {
    await file.truncate(Math.max(at.offset, SEGMENT_HEADER_BYTES));
    await file.sync();
  });
}

async function note(input: RecoverInput, known: Known): Promise<readonly RecoveryRepair[]> {
  const losses = known.judgement.damages.filter(
    (damage) => isSerious(damage) && !damage.known && !beyondTorn(damage, known),
  );
  // The scars promise the whole records among the losses. A process that died may have left those unsynced.
  await syncNewest(input, known.survey);
  await writeScars(input, known.survey, losses);
  return losses.map(({ file, offset, bytes }) => ({ kind: 'noted', file, offset, bytes }));
}

/** Makes durable what the newest segment holds. All older ones were synced before the next was begun. */
export async function syncNewest(input: Pick<RecoverInput, 'disk' | 'directory'>, survey: LogSurvey): Promise<void> {
  const newest = survey.segments.at(-1);
  if (newest === undefined) return;
  await withFile(input.disk, { path: `${input.directory}/${newest.name}`, how: 'write' }, (file) => file.sync());
}

/** A torn tail that will be cut off leaves no hole, so it needs no scar. */
function beyondTorn(damage: Damage, { judgement }: Known): boolean {
  const { torn, facts } = judgement;
  return (
    torn !== undefined && !facts.survivors && damage.file === torn.name && damage.firstSequence >= torn.firstSequence
  );
}

async function writeScars(input: RecoverInput, survey: LogSurvey, losses: readonly Damage[]): Promise<void> {
  const notedAtMs = input.clock.wallMs();
  const fresh = losses.map(
    ({ firstSequence: first, lastSequence: last, file, offset, cause, acknowledged }): Scar => ({
      first,
      last,
      file,
      offset,
      cause,
      acknowledged,
      notedAtMs,
    }),
  );
  const scars = encodeScars([...survey.scars, ...fresh]);
  await putFile(input.disk, { directory: input.directory, name: SCARS_FILE }, scars);
}

/** Sets aside everything from the first damage on. The order matters: the scar comes last, so a crash starts over. */
async function rewind(input: RecoverInput, { survey, judgement }: Known): Promise<readonly RecoveryRepair[]> {
  const { disk, directory } = input;
  const first = firstLoss(judgement);
  const from = survey.segments.findIndex((one) => one.name === first.file);
  const repairs: RecoveryRepair[] = [];
  await disk.makeDirectory(`${directory}/${QUARANTINE_DIRECTORY}`);
  for (const later of survey.segments.slice(from + 1).reverse()) {
    const savedAs = await quarantine(disk, { directory, name: later.name, offset: 0 });
    await disk.remove(`${directory}/${later.name}`);
    await disk.syncDirectory(directory);
    repairs.push({ kind: 'rewound', file: later.name, offset: 0, bytes: later.fileBytes, savedAs });
  }
  const damaged = survey.segments[from];
  if (damaged !== undefined) {
    const { name, fileBytes } = damaged;
    const savedAs = await quarantine(disk, { directory, name, offset: 0 });
    await truncate(input, { name, offset: first.offset });
    repairs.push({ kind: 'rewound', file: name, offset: first.offset, bytes: fileBytes - first.offset, savedAs });
  }
  const lastSequence = Math.max(judgement.acknowledgedThrough, judgement.lastSequence);
  await writeScars(input, survey, [{ ...first, lastSequence }]);
  return repairs;
}

/** Where the next record goes. With a fence, a fresh segment begins there. */
function resume(before: Judgement, after: LogSurvey, fence: number | undefined): Omit<Recovered, 'report'> {
  const newest = after.segments.at(-1);
  const beyond = Math.max(
    before.acknowledgedThrough,
    after.segments.reduce((last, one) => Math.max(last, one.lastRecord, one.firstSequence - 1), 0),
    after.scars.reduce((last, scar) => Math.max(last, scar.last), 0),
  );
  const nextSequence = fence ?? beyond + 1;
  const continuable =
    newest?.headerKnown === true &&
    !newest.damages.some(isSerious) &&
    newest.endOffset === newest.fileBytes &&
    Math.max(newest.lastRecord + 1, newest.firstSequence) === nextSequence;
  return { survey: after, nextSequence, needsFreshSegment: !continuable };
}
