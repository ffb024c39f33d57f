import type { Wal } from '@esper/wal';
import { timeOfDecisionId } from '../decision/decision-ids.js';
import type { DecisionView } from '../host/decision-host.js';
import type { LogMarks } from '../records/log-marks.js';
import type { DecisionRecord } from '../records/record.js';
import { decodeRecord } from '../records/record-codec.js';
import type { RecentRecords } from './recent-records.js';

/** How much later than its id a record can have been written: a slow disk, and a wall clock that stepped. */
const SLACK_MS = 10_000;
/** Every so many records one is looked at for its time, to see whether the search has gone past. */
const LOOK_EVERY = 64;

export interface LookupParts {
  readonly log: Pick<Wal, 'read'>;
  readonly marks: LogMarks;
  /** Decisions that need not be looked for in the log. */
  readonly recent: Pick<RecentRecords, 'find'>;
  readonly decisionDeadlineMs: number;
}

/** Finds records in the log, one search at a time: each reads up to a whole segment. */
export class DecisionLookup {
  readonly #parts: LookupParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: LookupParts) {
    this.#parts = parts;
  }

  /** A decision by its id; `undefined` when the log does not hold it (any more), or the id is none of ours. */
  byId(decisionId: string): Promise<DecisionView | undefined> {
    return this.#inTurn(() => this.#byId(decisionId));
  }

  /** The decision at a place of the log; `undefined` when something else stands there. */
  at(logSequence: number): Promise<DecisionRecord | undefined> {
    const recent = this.#parts.recent.find(logSequence);
    if (recent !== undefined) return Promise.resolve(decisionIn(recent));
    return this.#inTurn(() => this.#at(logSequence));
  }

  #inTurn<T>(search: () => Promise<T>): Promise<T> {
    const run = this.#last.then(search);
    this.#last = run.catch(() => undefined);
    return run;
  }

  async #at(logSequence: number): Promise<DecisionRecord | undefined> {
    for await (const { sequence, payload } of this.#parts.log.read({ fromSequence: logSequence })) {
      if (sequence !== logSequence) return undefined;
      return decisionIn(payload);
    }
    return undefined;
  }

  async #byId(decisionId: string): Promise<DecisionView | undefined> {
    const idMs = timeOfDecisionId(decisionId);
    if (idMs === undefined) return undefined;
    const { log, marks, decisionDeadlineMs } = this.#parts;
    const slackMs = decisionDeadlineMs + SLACK_MS;
    const fromSequence = marks.placeBefore(idMs - slackMs);
    if (fromSequence === undefined) return undefined;
    const wanted = Buffer.from(decisionId);
    let view: DecisionView | undefined;
    let read = 0;
    for await (const { payload } of log.read({ fromSequence })) {
      read += 1;
      // Decoding costs a hundred times what looking for the bytes of the id does.
      const mayBeIt = Buffer.from(payload.buffer, payload.byteOffset, payload.length).includes(wanted);
      if (!mayBeIt && read % LOOK_EVERY !== 0) continue;
      const record = decodeRecord(payload);
      if (!('decisionId' in record)) continue;
      if (record.decisionId === decisionId) view = viewOf(record, view);
      else if ((timeOfDecisionId(record.decisionId) ?? 0) > idMs + slackMs) break;
    }
    return view;
  }
}

function decisionIn(bytes: Uint8Array): DecisionRecord | undefined {
  const record = decodeRecord(bytes);
  return record.kind === 'decision' ? record : undefined;
}

type OfDecision = Extract<ReturnType<typeof decodeRecord>, { readonly decisionId: string }>;

/** What a record adds to what is known of a decision. A withheld command is told by its own record, behind the first. */
function viewOf(record: OfDecision, before: DecisionView | undefined): DecisionView | undefined {
  switch (record.kind) {
    case 'decision':
      return { record, withheld: before?.withheld ?? false };
    case 'failure':
      // A decision that came too late has both: its command, and the failure the caller was told.
      return before ?? { record, withheld: false };
    case 'withheld':
      return before === undefined ? undefined : { ...before, withheld: true };
  }
}
