import type { Disk, DiskFile, HolderState } from '../ports.js';

/** File name (full path) → content. What a disk looks like at one moment. */
export type DiskImage = ReadonlyMap<string, Uint8Array>;

/** An error as the system would give it. */
export function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}

/** Bytes that can grow; shares what it was made from until the first change. */
export class ByteFile {
  #bytes: Uint8Array;
  #size: number;
  #shared = true;

  constructor(bytes: Uint8Array = new Uint8Array()) {
    this.#bytes = bytes;
    this.#size = bytes.length;
  }

  get size(): number {
    return this.#size;
  }

  content(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  read(into: Uint8Array, position: number): number {
    const end = Math.min(this.#size, position + into.length);
    if (end <= position) return 0;
    into.set(this.#bytes.subarray(position, end));
    return end - position;
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    this.#own(end);
    this.#bytes.set(bytes, position);
    this.#size = Math.max(this.#size, end);
  }

  resize(size: number): void {
    this.#own(size);
    if (size < this.#size) this.#bytes.fill(0, size, this.#size);
    this.#size = size;
  }

  #own(size: number): void {
    if (!this.#shared && size <= this.#bytes.length) return;
    const grown = new Uint8Array(
      size <= this.#bytes.length ? this.#bytes.length : Math.max(size, 2 * this.#bytes.length),
    );
    grown.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = grown;
    this.#shared = false;
  }
}

/** A disk in memory on which everything succeeds at once and is durable at once. */
export class MemoryDisk implements Disk {
  readonly #files = new Map<string, ByteFile>();
  readonly #identity: string;

  constructor(image: DiskImage = new Map(), identity = 'memory') {
    for (const [path, bytes] of image) this.#files.set(path, new ByteFile(bytes));
    this.#identity = identity;
  }

  /** A copy of everything. */
  image(): DiskImage {
    return new Map([...this.#files].map(([path, file]) => [path, file.content()]));
  }

  async list(directory: string): Promise<readonly string[]> {
    const start = `${directory}/`;
    const names: string[] = [];
    for (const path of this.#files.keys()) {
      if (path.startsWith(start) && !path.includes('/', start.length)) names.push(path.slice(start.length));
    }
    return names;
  }

  async makeDirectory(): Promise<void> {
    // Directories exist as soon as a file lies in them.
  }

  async open(path: string, how: 'read' | 'write' | 'create'): Promise<DiskFile> {
    const there = this.#files.get(path);
    if (how === 'create') {
      if (there !== undefined) throw systemError('EEXIST', path);
      const made = new ByteFile();
      this.#files.set(path, made);
      return new MemoryFile(made);
    }
    if (there === undefined) throw systemError('ENOENT', path);
    return new MemoryFile(there);
  }

  async rename(from: string, to: string): Promise<void> {
    const moved = [...this.#files].filter(([path]) => path === from || path.startsWith(`${from}/`));
    if (moved.length === 0) throw systemError('ENOENT', from);
    for (const [path, file] of moved) {
      this.#files.delete(path);
      this.#files.set(to + path.slice(from.length), file);
    }
  }

  async remove(path: string): Promise<void> {
    if (!this.#files.delete(path)) throw systemError('ENOENT', path);
  }

  async syncDirectory(): Promise<void> {
    // Durable already.
  }

  async identity(): Promise<string> {
    return this.#identity;
  }

  /** Whoever held this disk before is another instance, and gone. */
  async holderState(identity: string): Promise<HolderState> {
    return identity === this.#identity ? 'alive' : 'dead';
  }
}

class MemoryFile implements DiskFile {
  readonly #file: ByteFile;

  constructor(file: ByteFile) {
    this.#file = file;
  }

  async sizeBytes(): Promise<number> {
    return this.#file.size;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    return this.#file.read(into, position);
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    this.#file.write(bytes, position);
    return bytes.length;
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#file.resize(sizeBytes);
  }

  async sync(): Promise<void> {
    // Durable already.
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}
