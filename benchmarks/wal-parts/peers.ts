import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A store that keeps acknowledged records: appended in groups, durable, and read back whole. */
export interface Peer {
  readonly name: string;
  /** Durable when resolved. */
  append(records: readonly Uint8Array[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens a peer in a folder of its own. */
export interface PeerKind {
  readonly name: string;
  /** What "durable" means there. */
  readonly durability: string;
  open(folder: string): Promise<Peer>;
  /** Everything that a fresh opening finds, by key. Rejects when it refuses. */
  readAll(folder: string): Promise<ReadonlyMap<number, Uint8Array>>;
}

/**
 * The other stores are optional dependencies of the benchmarks and of nothing else (docs/decisions/0020). Other versions of them
 * can be measured from a folder into which somebody has installed them: `peers=/that/folder`.
 */
interface PeerModules {
  readonly 'classic-level': { readonly ClassicLevel: new (path: string, options: object) => LevelDatabase };
  readonly lmdb: { open(options: object): LmdbDatabase };
  readonly libsql: new (path: string) => SqlDatabase;
}

interface LevelDatabase {
  batch(operations: readonly object[], options: object): Promise<void>;
  iterator(): AsyncIterable<readonly [string, Uint8Array]>;
  close(): Promise<void>;
}

interface LmdbDatabase {
  put(key: number, value: Uint8Array): Promise<unknown>;
  readonly flushed: Promise<unknown>;
  getRange(options: object): Iterable<{ readonly key: number; readonly value: Uint8Array }>;
  close(): Promise<void>;
}

interface SqlDatabase {
  exec(sql: string): unknown;
  pragma(pragma: string): unknown;
  prepare(sql: string): { run(...values: unknown[]): unknown; all(): unknown[] };
  close(): void;
}

let modulesFolder = '';

/** Says where the stores are installed; an empty name means the benchmarks' own. */
export function peersFrom(folder: string): void {
  modulesFolder = folder;
}

function load<Name extends keyof PeerModules>(name: Name): PeerModules[Name] {
  const from = modulesFolder === '' ? import.meta.url : join(modulesFolder, 'package.json');
  return createRequire(from)(name) as PeerModules[Name];
}

const key = (at: number): string => String(at).padStart(12, '0');

const classicLevel: PeerKind = {
  name: 'classic-level',
  durability: 'batch with sync: true',
  async open(folder) {
    const { ClassicLevel } = load('classic-level');
    const db = new ClassicLevel(join(folder, 'level'), { valueEncoding: 'view' });
    let next = 0;
    return {
      name: 'classic-level',
      append: (records) =>
        db.batch(
          records.map((value) => ({ type: 'put', key: key(next++), value })),
          { sync: true },
        ),
      close: () => db.close(),
    };
  },
  async readAll(folder) {
    const { ClassicLevel } = load('classic-level');
    const db = new ClassicLevel(join(folder, 'level'), { valueEncoding: 'view' });
    const found = new Map<number, Uint8Array>();
    try {
      for await (const [name, value] of db.iterator()) found.set(Number(name), value);
    } finally {
      await db.close();
    }
    return found;
  },
};

const lmdb: PeerKind = {
  name: 'lmdb',
  durability: 'transaction, flushed',
  async open(folder) {
    const { open } = load('lmdb');
    const db = open({ path: join(folder, 'lmdb'), encoding: 'binary', keyEncoding: 'uint32' });
    let next = 1;
    return {
      name: 'lmdb',
      async append(records) {
        const puts = records.map((value) => db.put(next++, Buffer.from(value)));
        await Promise.all(puts);
        await db.flushed;
      },
      close: () => db.close(),
    };
  },
  async readAll(folder) {
    const { open } = load('lmdb');
    const db = open({ path: join(folder, 'lmdb'), encoding: 'binary', keyEncoding: 'uint32' });
    const found = new Map<number, Uint8Array>();
    for (const { key: at, value } of db.getRange({})) found.set(at - 1, Uint8Array.from(value));
    await db.close();
    return found;
  },
};

const sqlite: PeerKind = {
  name: 'sqlite (libsql, WAL, FULL)',
  durability: 'transaction with synchronous=FULL',
  async open(folder) {
    const Database = load('libsql');
    const db = new Database(join(folder, 'sqlite.db'));
    for (const pragma of ['journal_mode=WAL', 'synchronous=FULL', 'wal_autocheckpoint=0']) db.pragma(pragma);
    db.exec('CREATE TABLE IF NOT EXISTS log (at INTEGER PRIMARY KEY, value BLOB)');
    const insert = db.prepare('INSERT INTO log (value) VALUES (?)');
    return {
      name: 'sqlite',
      async append(records) {
        db.exec('BEGIN');
        for (const value of records) insert.run([Buffer.from(value)]);
        db.exec('COMMIT');
      },
      close: async () => void db.close(),
    };
  },
  async readAll(folder) {
    const Database = load('libsql');
    const db = new Database(join(folder, 'sqlite.db'));
    const rows = db.prepare('SELECT at, value FROM log ORDER BY at').all() as { at: number; value: ArrayBuffer }[];
    db.close();
    return new Map(rows.map(({ at, value }) => [at - 1, new Uint8Array(value)]));
  },
};

export const PEERS: readonly PeerKind[] = [classicLevel, lmdb, sqlite];
