/**
 * Why bytes are not what was written.
 * `payload`: the frame's header holds, its payload does not. `frame`: no header could be read there. `zeroed`: the same,
 * and nothing but zeros is left. `missing`: the sequence has a hole and no bytes belong to it. `out-of-order`: a whole
 * frame that has no business there (duplicate or stale). `chain`: a record does not follow the one before it.
 * `padding`: stray bits between two frames. `unreadable`: the disk refused to read. `segment-header`, `anchor`, `scars`:
 * bookkeeping that exists more than once was damaged; no record is lost by that.
 */
export type DamageCause =
  | 'payload'
  | 'frame'
  | 'zeroed'
  | 'missing'
  | 'out-of-order'
  | 'chain'
  | 'padding'
  | 'unreadable'
  | 'segment-header'
  | 'anchor'
  | 'scars';

/** One damaged place and what it cost. */
export interface Damage {
  readonly cause: DamageCause;
  /** File name within the log's directory. */
  readonly file: string;
  /** Where the damage begins in the file, and how far it reaches, in bytes. */
  readonly offset: number;
  readonly bytes: number;
  /** The sequences that are lost by it, both included; none when `lastSequence < firstSequence`. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /**
   * True when the log is certain that the lost records had been acknowledged, or cannot read what would tell: then it is
   * rot, else a torn write.
   */
  readonly acknowledged: boolean;
  /** True when an earlier recovery has already noted it (see the scars file). */
  readonly known: boolean;
}

/** How many records the damage cost. */
export const lostCount = (damage: Pick<Damage, 'firstSequence' | 'lastSequence'>): number =>
  Math.max(0, damage.lastSequence - damage.firstSequence + 1);

const HARMLESS: ReadonlySet<DamageCause> = new Set(['padding', 'segment-header', 'anchor', 'scars']);

/** True when a record was lost or is doubtful; false for bookkeeping damage that redundancy made good. */
export const isSerious = (damage: Pick<Damage, 'cause'>): boolean => !HARMLESS.has(damage.cause);
