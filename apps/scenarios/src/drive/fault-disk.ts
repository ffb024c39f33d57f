import type { Disk, DiskFile } from '@esper/wal';

/** What a disk does wrong at the moment. */
export interface DiskFault {
  /** The folders whose files it hits, by name. */
  readonly folders: readonly string[];
  readonly code: 'ENOSPC' | 'EIO';
}

/** A real disk whose writes can be made to fail by folder, for as long as a scenario wants. */
export class FaultDisk implements Disk {
  /** The fault in force; `undefined`: the disk is well. */
  fault: DiskFault | undefined;
  readonly #disk: Disk;
  #refused = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Calls that failed on purpose so far. */
  get refused(): number {
    return this.#refused;
  }

  /** Throws the fault's error when it hits `path`. */
  check(path: string): void {
    const { fault } = this;
    if (fault?.folders.some((folder) => path.includes(`/${folder}/`)) !== true) return;
    this.#refused += 1;
    throw Object.assign(new Error(`${fault.code}: injected`), { code: fault.code });
  }

  async open(path: string, how: 'read' | 'write' | 'create'): Promise<DiskFile> {
    if (how === 'create') this.check(path);
    return new FaultFile(this, path, await this.#disk.open(path, how));
  }

  list = (directory: string): Promise<readonly string[]> => this.#disk.list(directory);
  makeDirectory = (directory: string): Promise<void> => this.#disk.makeDirectory(directory);
  rename = (from: string, to: string): Promise<void> => this.#disk.rename(from, to);
  remove = (path: string): Promise<void> => this.#disk.remove(path);
  syncDirectory = (directory: string): Promise<void> => this.#disk.syncDirectory(directory);
  identity = (): Promise<string> => this.#disk.identity();
  holderState = (identity: string): ReturnType<Disk['holderState']> => this.#disk.holderState(identity);
}

class FaultFile implements DiskFile {
  readonly #disk: FaultDisk;
  readonly #path: string;
  readonly #file: DiskFile;

  constructor(disk: FaultDisk, path: string, file: DiskFile) {
    this.#disk = disk;
    this.#path = path;
    this.#file = file;
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    this.#disk.check(this.#path);
    return this.#file.write(bytes, position);
  }

  sizeBytes = (): Promise<number> => this.#file.sizeBytes();
  read = (into: Uint8Array, position: number): Promise<number> => this.#file.read(into, position);
  truncate = (sizeBytes: number): Promise<void> => this.#file.truncate(sizeBytes);
  sync = (): Promise<void> => this.#file.sync();
  close = (): Promise<void> => this.#file.close();
}
