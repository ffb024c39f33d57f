import { invariant } from '@esper/std';

/**
 * How much damage opening accepts.
 * `strict`: none; a torn tail refuses too. `tail` (default): a torn, never acknowledged tail is cut off; damage to an
 * acknowledged record refuses. `point-in-time`: the log is rewound to before the first such damage; what came later is
 * set aside. `salvage`: every whole record is kept, what is lost is noted in the scars file.
 */
export type RecoveryMode = 'strict' | 'tail' | 'point-in-time' | 'salvage';
export const RECOVERY_MODES = ['strict', 'tail', 'point-in-time', 'salvage'] as const satisfies readonly RecoveryMode[];

/** What the scan of a whole log comes down to. */
export interface RecoveryFacts {
  readonly mode: RecoveryMode;
  /** An acknowledged record is damaged, lost or doubtful, and no scar says so yet. */
  readonly rot: boolean;
  /** After the last acknowledged record there are bytes that are no whole record. */
  readonly torn: boolean;
  /** Whole records follow those bytes. */
  readonly survivors: boolean;
}

/**
 * `refuse`: reject, change nothing. `keep`: nothing to do. `cut`: remove the torn tail. `rewind`: remove everything from
 * the first damage on. `note`: keep all whole records, write scars. `note-and-cut`: both.
 */
export type RecoveryAction = 'refuse' | 'keep' | 'cut' | 'rewind' | 'note' | 'note-and-cut';

type Fit<T> = T | '*';
type Row = readonly [
  name: string,
  mode: Fit<RecoveryMode>,
  rot: Fit<boolean>,
  torn: Fit<boolean>,
  survivors: Fit<boolean>,
  action: RecoveryAction,
];

/** Exactly one row fits each combination; `survivors` without `torn` does not occur and fits none. */
const RECOVERY_TABLE: readonly Row[] = [
  //                                  mode             rot    torn   survivors
  ['clean log', '*', false, false, false, 'keep'],
  ['strict: torn tail', 'strict', false, true, '*', 'refuse'],
  ['strict: rot', 'strict', true, '*', '*', 'refuse'],
  ['tail: torn tail', 'tail', false, true, '*', 'cut'],
  ['tail: rot', 'tail', true, '*', '*', 'refuse'],
  ['point in time: torn tail', 'point-in-time', false, true, '*', 'cut'],
  ['point in time: rot', 'point-in-time', true, '*', '*', 'rewind'],
  ['salvage: torn tail, nothing after', 'salvage', false, true, false, 'cut'],
  ['salvage: torn, records after it', 'salvage', false, true, true, 'note'],
  ['salvage: rot alone', 'salvage', true, false, false, 'note'],
  ['salvage: rot and a torn tail', 'salvage', true, true, false, 'note-and-cut'],
  ['salvage: rot, torn, and records', 'salvage', true, true, true, 'note'],
];

/** The one action for these facts. Throws `InvariantError` when the table has a hole or an overlap. */
export function decideRecovery(facts: RecoveryFacts): RecoveryAction {
  const actual = [facts.mode, facts.rot, facts.torn, facts.survivors] as const;
  const rows = RECOVERY_TABLE.filter((row) =>
    actual.every((value, at) => row[at + 1] === '*' || row[at + 1] === value),
  );
  const [row] = rows;
  invariant(row !== undefined && rows.length === 1, `${rows.length} rows fit ${actual.join(', ')}`);
  return row[5];
}
