import type { MonoClock, WallClock } from '@esper/std';
import type { Disk } from '@esper/wal';

/** Room on a file system, in bytes, for who may not use the administrator's share. */
export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** A TCP address or a Unix socket that a host would listen on. */
export type Listening = { readonly host: string; readonly port: number } | { readonly path: string };

/** What the doctor looks at outside its own process. Everything that cannot be planted in a file is planted here. */
export interface DoctorPorts {
  readonly clock: WallClock & MonoClock;
  /** The disk of the data folder: its locks and logs are read, one probe file is written and removed. */
  readonly disk: Disk;
  space(folder: string): Promise<DiskSpace>;
  /** Resolves when the address is free, after letting go of it again; rejects with the system's `code`. */
  tryListening(where: Listening): Promise<void>;
  /**
   * Resolves when the Redis answered within a bound of the adapter's, with what it may lose of what it has answered (empty
   * when nothing). No error carries a part of the URL.
   */
  redisLosses(url: string): Promise<string>;
  /** Loads the inference runtime where a crash of it harms nobody. Resolves with its version. */
  loadRuntime(): Promise<string>;
}
