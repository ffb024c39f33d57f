import { randomFillSync } from 'node:crypto';
import * as fs from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, resolve as resolvePath } from 'node:path';
import type { Disk, DiskFile, HolderState, RandomFill } from '../ports.js';

/**
 * The machine's file system. Data is synced with `fdatasync`, directories with `fsync` after every create, rename and
 * unlink that the log asks for. Callback functions of `node:fs` are used because they are faster than file handles.
 */
export function nodeDisk(): Disk {
  const own = ownIdentity();
  return {
    list: listFiles,
    makeDirectory,
    open: openFile,
    rename: (from, to) => call((done) => fs.rename(from, to, done)),
    remove: (path) => call((done) => fs.unlink(path, done)),
    syncDirectory,
    identity: async () => JSON.stringify(own),
    holderState: async (identity) => holderState(own, identity),
  };
}

/** Random bytes from the operating system. */
export const nodeRandom: RandomFill = (bytes) => {
  randomFillSync(bytes);
};

const call = (start: (done: (error: NodeJS.ErrnoException | null) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    start((error) => (error === null ? resolve() : reject(error)));
  });

class NodeFile implements DiskFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  sizeBytes(): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.fstat(this.#fd, (error, stats) => (error === null ? resolve(stats.size) : reject(error)));
    });
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#fd, into, 0, into.length, position, (error, got) =>
        error === null ? resolve(got) : reject(error),
      );
    });
  }

  write(bytes: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.write(this.#fd, bytes, 0, bytes.length, position, (error, wrote) =>
        error === null ? resolve(wrote) : reject(error),
      );
    });
  }

  truncate(sizeBytes: number): Promise<void> {
    return call((done) => fs.ftruncate(this.#fd, sizeBytes, done));
  }

  sync(): Promise<void> {
    return call((done) => fs.fdatasync(this.#fd, done));
  }

  close(): Promise<void> {
    return call((done) => fs.close(this.#fd, done));
  }
}

const FLAGS = { read: 'r', write: 'r+', create: 'wx+' } as const;

function openFile(path: string, how: keyof typeof FLAGS): Promise<DiskFile> {
  return new Promise((resolve, reject) => {
    fs.open(path, FLAGS[how], 0o640, (error, fd) => (error === null ? resolve(new NodeFile(fd)) : reject(error)));
  });
}

async function listFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

/** Every level that had to be made is synced into its parent, from the top down. */
async function makeDirectory(directory: string): Promise<void> {
  const path = resolvePath(directory);
  const topmost = await mkdir(path, { recursive: true, mode: 0o750 });
  if (topmost === undefined) return;
  const made: string[] = [];
  for (let level = path; level.length >= topmost.length; level = dirname(level)) made.push(level);
  for (const level of made.reverse()) await syncDirectory(dirname(level));
}

async function syncDirectory(directory: string): Promise<void> {
  const fd = await new Promise<number>((resolve, reject) => {
    fs.open(directory, 'r', (error, opened) => (error === null ? resolve(opened) : reject(error)));
  });
  try {
    await call((done) => fs.fsync(fd, done));
  } finally {
    await call((done) => fs.close(fd, done));
  }
}

interface Identity {
  readonly pid: number;
  readonly host: string;
  /** Changes with each start of the machine; empty where the system does not tell. */
  readonly boot: string;
  /** When the process started, in the system's own ticks; tells a later process with the same number apart. */
  readonly started: string;
}

function ownIdentity(): Identity {
  return { pid: process.pid, host: hostname(), boot: bootId(), started: processFacts(process.pid)?.started ?? '' };
}

function readText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8').trim();
  } catch {
    // Systems without /proc have no such file; the process number alone must do there.
    return undefined;
  }
}

const bootId = (): string => readText('/proc/sys/kernel/random/boot_id') ?? '';

/** From /proc/PID/stat, whose second field is in brackets and may hold anything: state (3rd) and start (22nd field). */
function processFacts(pid: number): { readonly state: string; readonly started: string } | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined ? undefined : { state: fields[0] ?? '', started: fields[19] ?? '' };
}

function parseIdentity(text: string): Partial<Identity> {
  try {
    return JSON.parse(text) as Partial<Identity>;
  } catch {
    // Somebody else's lock file: nothing is known about its holder.
    return {};
  }
}

function holderState(own: Identity, identity: string): HolderState {
  const holder = parseIdentity(identity);
  if (holder.host !== own.host || typeof holder.pid !== 'number') return 'unknown';
  if (holder.boot !== own.boot) return 'dead';
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead';
  }
  return stillRuns(holder.pid, holder.started) ? 'alive' : 'dead';
}

/** The number is in use; but is it the same process, and does it still run? */
function stillRuns(pid: number, started: string | undefined): boolean {
  const facts = processFacts(pid);
  if (facts === undefined || started === undefined || started === '') return true;
  // A zombie runs no more code; only its parent has not looked yet.
  return facts.started === started && !['Z', 'X'].includes(facts.state);
}
