/** Names of everything that lies in a log's directory beside its segments. */
export const ANCHOR_FILE = 'anchor';
export const SCARS_FILE = 'scars';
export const RESERVE_FILE = 'reserve';
/** Sub-directory for copies of what repair removed. Nothing in it is ever read again by the log. */
export const QUARANTINE_DIRECTORY = 'quarantine';
/** A file under this ending was not finished; opening removes it. */
export const TEMPORARY_ENDING = '.tmp';
const LOCK_PREFIX = 'lock-';

const LOCK = /^lock-([0-9a-f]{8})$/;

/** `lock-<generation>`, eight hexadecimal digits. */
export const lockName = (generation: number): string => LOCK_PREFIX + generation.toString(16).padStart(8, '0');

/** The generation of a lock file's name, or `undefined` for any other file. */
export function parseLockName(name: string): number | undefined {
  const match = LOCK.exec(name);
  return match === null ? undefined : Number.parseInt(match[1] as string, 16);
}
