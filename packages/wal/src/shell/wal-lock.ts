import { lockName, parseLockName } from '../core/layout.js';
import { WalError } from '../errors.js';
import type { Disk, HolderState } from '../ports.js';
import { diskCode, readWhole, removeIfThere, withFile, writeFully } from './disk-io.js';

/** Longest identity that is read from a lock file. */
const IDENTITY_BYTES_MAX = 4096;

/**
 * Single-writer lock. Lock files carry a generation; the highest one counts. Whoever finds it dead creates the next
 * generation exclusively, so of two that take over at once only one can win, and no window exists in which a live lock
 * can be stolen. A crash leaves a file that names a dead process.
 */
export class WalLock {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #name: string;

  private constructor(disk: Disk, directory: string, name: string) {
    this.#disk = disk;
    this.#directory = directory;
    this.#name = name;
  }

  /** Takes the lock, or rejects with `WAL_LOCKED` and the holder's name. */
  static async take(disk: Disk, directory: string): Promise<WalLock> {
    const before = await generations(disk, directory);
    const highest = before.at(-1) ?? 0;
    if (highest > 0) await refuseIfAlive(disk, directory, highest);
    const mine = highest + 1;
    await claim(disk, directory, mine);
    const after = await generations(disk, directory);
    if (after.at(-1) !== mine) {
      await removeIfThere(disk, `${directory}/${lockName(mine)}`);
      throw new WalError('WAL_LOCKED', `another process took ${directory} at the same time`);
    }
    for (const old of after.slice(0, -1)) await removeIfThere(disk, `${directory}/${lockName(old)}`);
    return new WalLock(disk, directory, lockName(mine));
  }

  async release(): Promise<void> {
    await removeIfThere(this.#disk, `${this.#directory}/${this.#name}`);
  }
}

async function generations(disk: Disk, directory: string): Promise<readonly number[]> {
  const found = (await disk.list(directory)).map(parseLockName).filter((one) => one !== undefined);
  return found.sort((a, b) => a - b);
}

async function refuseIfAlive(disk: Disk, directory: string, generation: number): Promise<void> {
  const name = lockName(generation);
  const holder = await holderOf(disk, `${directory}/${name}`);
  if (holder === undefined || holder.state === 'dead') return;
  const { identity } = holder;
  throw new WalError('WAL_LOCKED', `${directory}/${name} is held by ${identity}`, { holder: identity });
}

/** The process that a lock names, and what has become of it. */
export interface LockHolder {
  readonly identity: string;
  readonly state: HolderState;
}

/**
 * Who holds a log, without taking or changing anything; `undefined` when nobody does. A holder that is `dead` stands in
 * nobody's way. Rejects with what the disk says when the directory cannot be read.
 */
export async function lockHolder(disk: Disk, directory: string): Promise<LockHolder | undefined> {
  const highest = (await generations(disk, directory)).at(-1);
  return highest === undefined ? undefined : holderOf(disk, `${directory}/${lockName(highest)}`);
}

async function holderOf(disk: Disk, path: string): Promise<LockHolder | undefined> {
  const bytes = await readWhole(disk, path, IDENTITY_BYTES_MAX);
  const holder = new TextDecoder().decode(bytes ?? new Uint8Array());
  // An empty or torn file was left by a crash between creating and writing it: nobody had the lock yet.
  if (!holder.endsWith('\n')) return undefined;
  const identity = holder.slice(0, -1);
  return { identity, state: await disk.holderState(identity) };
}

async function claim(disk: Disk, directory: string, generation: number): Promise<void> {
  const path = `${directory}/${lockName(generation)}`;
  const identity = new TextEncoder().encode(`${await disk.identity()}\n`);
  try {
    await withFile(disk, { path, how: 'create' }, (file) => writeFully(file, identity, 0));
  } catch (error) {
    if (diskCode(error) !== 'EEXIST') throw error;
    throw new WalError('WAL_LOCKED', `another process took ${path} at the same time`, { cause: error });
  }
}
