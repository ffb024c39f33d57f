import type { MonoClock, WallClock } from '@esper/std';

/**
 * One open file. Positions and lengths are bytes. Failures reject with an `Error` that carries the system's `code`
 * (`EIO`, `ENOSPC`, `ENOENT`, `EEXIST`, `EINTR`, …).
 */
export interface DiskFile {
  sizeBytes(): Promise<number>;
  /** Reads up to `into.length` bytes from `position`; resolves to how many, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes some or all of `bytes` at `position`; resolves to how many. Resolved means written, not durable. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  truncate(sizeBytes: number): Promise<void>;
  /** Resolved means: content and length are on stable storage (`fdatasync`). Never retried by the log. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Whether the process that left a lock behind still runs. `unknown` (another machine) counts as alive. */
export type HolderState = 'alive' | 'dead' | 'unknown';

/** The part of a file system that the log needs. Paths are `directory + '/' + name`. */
export interface Disk {
  /** Names of the plain files in the directory, in any order. */
  list(directory: string): Promise<readonly string[]>;
  /** Makes the directory and its parents, durably. No error when it is there. */
  makeDirectory(directory: string): Promise<void>;
  /** `create` fails with `EEXIST` when the file is there; `read` and `write` fail with `ENOENT` when it is not. */
  open(path: string, how: 'read' | 'write' | 'create'): Promise<DiskFile>;
  /** Atomic; a file replaces a file, a directory an empty one. Durable only after `syncDirectory`. */
  rename(from: string, to: string): Promise<void>;
  /** Durable only after `syncDirectory`. */
  remove(path: string): Promise<void>;
  syncDirectory(directory: string): Promise<void>;
  /** Names this process so that it can be told from every other, and from a later one with the same number. */
  identity(): Promise<string>;
  /** What has become of the process that {@link Disk.identity} named. */
  holderState(identity: string): Promise<HolderState>;
}

/** Both clocks: wall time stamps files and judges retention, monotonic time measures. */
export type WalClock = WallClock & MonoClock;

/** Fills `bytes` with random bits; names a new log. */
export type RandomFill = (bytes: Uint8Array) => void;

/** A fraction in [0, 1). */
export type RandomFraction = () => number;
