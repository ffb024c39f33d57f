/**
 * A disk that remembers what a real one may forget.
 *
 * Must be survived (nothing acknowledged lost, nothing invented, everything dropped reported):
 *   - a crash at any moment, after which any subset of the writes since the last sync is there, in any order, in units of
 *     512-byte sectors, the last of them possibly torn within the sector;
 *   - a file that has grown on disk without its data (zeros or garbage in place of it), or not grown at all;
 *   - creations, renames and removals that were not followed by a sync of the directory and are gone, in any subset;
 *   - short writes, EINTR, EAGAIN and ENOSPC at any call;
 *   - EIO from any write or sync; after a failed sync the unsynced pages are dropped or kept at random, and a later sync
 *     of the same file reports success without saving them;
 *   - EIO from any read of a segment while it is scanned (the piece counts as damaged).
 * May stop us (a typed error, and nothing acknowledged afterwards):
 *   - two such failures in a row on a data path, and any failure of opening, creating, renaming, removing, listing.
 * Not promised:
 *   - a disk that reports a sync as done and forgets the data without a crash (lost or stale writes long after);
 *   - damage to bytes at rest: that is the rot model's business (`rot.ts`).
 */
import type { Disk, DiskFile, HolderState } from '../ports.js';
import { ByteFile, type DiskImage, systemError } from './memory-disk.js';

/** Chance for the crash disk. `SeededRandom` of a test kit fits. */
export interface Chance {
  /** A whole number in [min, max], both included. */
  int(min: number, max: number): number;
  /** True with probability `p`. */
  chance(p: number): boolean;
  /** A fraction in [0, 1). */
  fraction(): number;
}

/** The calls that can be made to fail. */
export type DiskCall =
  | 'list'
  | 'open'
  | 'create'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'size'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'makeDirectory';

/** What goes wrong with one call: a system error, or fewer bytes than asked for. */
export type Fault = 'EIO' | 'ENOSPC' | 'EINTR' | 'EAGAIN' | 'short';

export interface CrashDiskOptions {
  readonly chance: Chance;
  /** Asked before each call; `undefined` lets it pass. `index` counts calls from 0. */
  readonly fault?: (call: DiskCall, path: string, index: number) => Fault | undefined;
  /** Told after each call that changed something: the moments at which a crash is interesting. */
  readonly onChange?: (call: DiskCall, path: string) => void;
  /** Names the process. Whoever else is named in a lock is dead, so a disk made from an image needs a name of its own. */
  readonly identity?: string;
}

export const SECTOR_BYTES = 512;

type DataOperation =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number };

interface Inode {
  readonly now: ByteFile;
  /** What a crash certainly leaves. */
  durable: Uint8Array;
  /** In order; any subset may survive. */
  unsynced: DataOperation[];
}

type EntryOperation =
  | { readonly kind: 'add'; readonly path: string; readonly inode: Inode }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly inode: Inode }
  | { readonly kind: 'remove'; readonly path: string };

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

export class CrashDisk implements Disk {
  readonly #options: CrashDiskOptions;
  readonly #now = new Map<string, Inode>();
  readonly #durable = new Map<string, Inode>();
  readonly #entries = new Map<string, EntryOperation[]>();
  #calls = 0;

  constructor(options: CrashDiskOptions, image: DiskImage = new Map()) {
    this.#options = options;
    for (const [path, bytes] of image) {
      const inode: Inode = { now: new ByteFile(bytes), durable: bytes, unsynced: [] };
      this.#now.set(path, inode);
      this.#durable.set(path, inode);
    }
  }

  /** How many calls have been made. */
  get calls(): number {
    return this.#calls;
  }

  /** One disk that a crash at this moment could leave. `keep` is the probability that an unsynced piece survives. */
  crash(keep: number): DiskImage {
    const { chance } = this.#options;
    const entries = new Map(this.#durable);
    for (const operations of this.#entries.values()) {
      for (const operation of operations) if (chance.chance(keep)) applyEntry(entries, operation);
    }
    return new Map([...entries].map(([path, inode]) => [path, survivingContent(inode, keep, chance)]));
  }

  /** The disk after the process was killed but the machine went on: everything written is there. */
  kill(): DiskImage {
    return new Map([...this.#now].map(([path, inode]) => [path, inode.now.content()]));
  }

  #enter(call: DiskCall, path: string): Fault | undefined {
    const fault = this.#options.fault?.(call, path, this.#calls);
    this.#calls += 1;
    if (fault !== undefined && fault !== 'short') throw systemError(fault, `${call} ${path}`);
    return fault;
  }

  #changed(call: DiskCall, path: string): void {
    this.#options.onChange?.(call, path);
  }

  #entry(operation: EntryOperation, path: string): void {
    const parent = parentOf(path);
    const operations = this.#entries.get(parent) ?? [];
    operations.push(operation);
    this.#entries.set(parent, operations);
    applyEntry(this.#now, operation);
  }

  async list(directory: string): Promise<readonly string[]> {
    this.#enter('list', directory);
    return [...this.#now.keys()]
      .filter((path) => parentOf(path) === directory)
      .map((path) => path.slice(directory.length + 1));
  }

  async makeDirectory(directory: string): Promise<void> {
    this.#enter('makeDirectory', directory);
  }

  async open(path: string, how: 'read' | 'write' | 'create'): Promise<DiskFile> {
    this.#enter(how === 'create' ? 'create' : 'open', path);
    const there = this.#now.get(path);
    if (how === 'create') {
      if (there !== undefined) throw systemError('EEXIST', path);
      const inode: Inode = { now: new ByteFile(), durable: new Uint8Array(), unsynced: [] };
      this.#entry({ kind: 'add', path, inode }, path);
      this.#changed('create', path);
      return this.#file(path, inode);
    }
    if (there === undefined) throw systemError('ENOENT', path);
    return this.#file(path, there);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#enter('rename', from);
    const inode = this.#now.get(from);
    if (inode === undefined) throw systemError('ENOENT', from);
    this.#entry({ kind: 'rename', from, to, inode }, to);
    this.#changed('rename', to);
  }

  async remove(path: string): Promise<void> {
    this.#enter('remove', path);
    if (!this.#now.has(path)) throw systemError('ENOENT', path);
    this.#entry({ kind: 'remove', path }, path);
    this.#changed('remove', path);
  }

  async syncDirectory(directory: string): Promise<void> {
    this.#enter('syncDirectory', directory);
    for (const operation of this.#entries.get(directory) ?? []) applyEntry(this.#durable, operation);
    this.#entries.delete(directory);
    this.#changed('syncDirectory', directory);
  }

  async identity(): Promise<string> {
    return this.#options.identity ?? 'crash-disk';
  }

  async holderState(identity: string): Promise<HolderState> {
    return identity === (await this.identity()) ? 'alive' : 'dead';
  }

  #file(path: string, inode: Inode): DiskFile {
    const { chance } = this.#options;
    return {
      sizeBytes: async () => {
        this.#enter('size', path);
        return inode.now.size;
      },
      read: async (into, position) => {
        const fault = this.#enter('read', path);
        const wanted = fault === 'short' ? into.subarray(0, chance.int(1, into.length)) : into;
        return inode.now.read(wanted, position);
      },
      write: async (bytes, position) => {
        const fault = this.#enter('write', path);
        const kept = bytes.slice(0, fault === 'short' ? chance.int(0, bytes.length) : bytes.length);
        inode.unsynced.push({ kind: 'write', offset: position, bytes: kept });
        inode.now.write(kept, position);
        this.#changed('write', path);
        return kept.length;
      },
      truncate: async (size) => {
        this.#enter('truncate', path);
        inode.unsynced.push({ kind: 'truncate', size });
        inode.now.resize(size);
        this.#changed('truncate', path);
      },
      sync: async () => {
        this.#sync(path, inode);
        this.#changed('sync', path);
      },
      close: async () => undefined,
    };
  }

  #sync(path: string, inode: Inode): void {
    try {
      this.#enter('sync', path);
    } catch (error) {
      // Some of the pages were written before the failure; the others are now clean, and no later sync saves them.
      inode.durable = survivingContent(inode, this.#options.chance.fraction(), this.#options.chance);
      inode.unsynced = [];
      throw error;
    }
    const saved = new ByteFile(inode.durable);
    for (const operation of inode.unsynced) applyData(saved, operation);
    inode.durable = saved.content();
    inode.unsynced = [];
  }
}

function applyEntry(entries: Map<string, Inode>, operation: EntryOperation): void {
  if (operation.kind === 'remove') {
    entries.delete(operation.path);
    return;
  }
  if (operation.kind === 'rename') entries.delete(operation.from);
  entries.set(operation.kind === 'rename' ? operation.to : operation.path, operation.inode);
}

function applyData(file: ByteFile, operation: DataOperation): void {
  if (operation.kind === 'truncate') file.resize(operation.size);
  else file.write(operation.bytes, operation.offset);
}

/** The durable content plus a random subset of what was not synced, sector by sector. */
function survivingContent(inode: Inode, keep: number, chance: Chance): Uint8Array {
  if (inode.unsynced.length === 0) return inode.durable;
  const file = new ByteFile(inode.durable);
  for (const operation of inode.unsynced) {
    if (operation.kind === 'truncate') {
      if (chance.chance(keep)) file.resize(operation.size);
      continue;
    }
    const end = operation.offset + operation.bytes.length;
    for (let from = operation.offset; from < end; ) {
      const to = Math.min(end, (Math.floor(from / SECTOR_BYTES) + 1) * SECTOR_BYTES);
      survivePiece(
        file,
        { at: from, bytes: operation.bytes.subarray(from - operation.offset, to - operation.offset) },
        { keep, chance },
      );
      from = to;
    }
  }
  return file.content();
}

interface Luck {
  readonly keep: number;
  readonly chance: Chance;
}

function survivePiece(file: ByteFile, piece: { readonly at: number; readonly bytes: Uint8Array }, luck: Luck): void {
  const { at, bytes } = piece;
  const { keep, chance } = luck;
  if (chance.chance(keep)) {
    file.write(bytes, at);
  } else if (chance.chance(0.2)) {
    file.write(bytes.subarray(0, chance.int(0, bytes.length)), at);
  } else if (at + bytes.length > file.size && chance.chance(0.4)) {
    // The file grew and its data did not come: zeros, or whatever lay there before.
    const garbage = chance.chance(0.5);
    file.write(
      Uint8Array.from(bytes, () => (garbage ? chance.int(0, 255) : 0)),
      at,
    );
  }
}
