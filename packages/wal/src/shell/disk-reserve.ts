import { RESERVE_FILE } from '../core/layout.js';
import { WalError } from '../errors.js';
import { diskCode, isFull, putFile, removeIfThere } from './disk-io.js';
import type { LogState } from './log-state.js';

/** Space that is kept so that the end of all space can still be recorded. */
export class DiskReserve {
  readonly #state: Pick<LogState, 'disk' | 'directory' | 'options' | 'tell'>;
  #there = false;

  constructor(state: Pick<LogState, 'disk' | 'directory' | 'options' | 'tell'>) {
    this.#state = state;
  }

  get there(): boolean {
    return this.#there;
  }

  /** Makes the reserve when it is wanted, absent, and there is room. Anything but a full disk rejects. */
  async restore(): Promise<void> {
    const { disk, directory, options, tell } = this.#state;
    if (this.#there || options.reserveBytes === 0) return;
    try {
      // Not zeros: a file system that compresses would keep no room for them.
      const bytes = new Uint8Array(options.reserveBytes).map((_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24);
      await putFile(disk, { directory, name: RESERVE_FILE }, bytes);
      this.#there = true;
    } catch (error) {
      if (!isFull(error)) throw error;
      tell('wal.reserve_missing', { bytes: options.reserveBytes });
      await removeIfThere(disk, `${directory}/${RESERVE_FILE}`);
    }
  }

  /** Says that a file of the right size was found when the log was opened. */
  found(): void {
    this.#there = true;
  }

  /**
   * Gives the space back to the file system. Resolves to false when there was none; rejects with `WAL_FULL` when the disk does
   * not let it go, and may be asked again.
   */
  async release(): Promise<boolean> {
    if (!this.#there) return false;
    const { disk, directory, tell } = this.#state;
    try {
      await removeIfThere(disk, `${directory}/${RESERVE_FILE}`);
      await disk.syncDirectory(directory);
    } catch (cause) {
      const why = `the disk is full and does not let go of the reserve: ${diskCode(cause)}`;
      throw new WalError('WAL_FULL', why, { cause });
    }
    this.#there = false;
    tell('wal.reserve_used', {});
    return true;
  }
}
