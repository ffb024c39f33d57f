import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TableName } from '../core/bundle/manifest.js';
import type { NameTables } from '../core/tables/check-tables.js';
import type { RegistryError, RegistryRefusal } from '../errors.js';
import { type KeeperStats, type OfferedName, TableKeeper } from '../shell/table-keeper.js';
import { tableText } from '../wire/table-file.js';
import { replaceFile } from './durable-file.js';
import { lockFolder } from './folder-lock.js';
import { LOCK_FILE, readNameTables, tablePath } from './table-files.js';

export interface NameTableOptions {
  /** How long new names are collected before one save, in milliseconds. Default 250. */
  readonly saveDelayMs?: number;
  /** New names that wait for a save. Default 1,024. At the bound: dropped and counted. */
  readonly pendingMax?: number;
  /** Told once for each name that gets no index. */
  readonly onRefused?: (offered: OfferedName, refusal: RegistryRefusal) => void;
  /** Told once, when saving has failed; from then on no name gets an index. */
  readonly onFailed?: (failure: RegistryError) => void;
}

/** The seven tables of a folder, held by this process alone. */
export interface NameTableFolder {
  /** The tables as they are on disk; immutable values. */
  tables(): NameTables;
  /** Asks for indices. Never waits, never throws. A name has its index once it is durable, not before. */
  offer(names: Iterable<OfferedName>): void;
  stats(): KeeperStats;
  pathOf(table: TableName): string;
  /** Registers and saves what is pending now. */
  flush(): Promise<void>;
  /** Saves what is pending and lets the folder go. Idempotent. */
  close(): Promise<void>;
}

const SAVE_DELAY_MS = 250;
const PENDING_MAX = 1024;

/**
 * Opens the tables of a folder; a table without a file starts with its fixed names. Rejects with `TABLE_LOCKED`, or with
 * `TABLE_CORRUPT` after keeping a copy of the damaged file as `<file>.damaged-<digest>`: it never starts empty instead.
 */
export async function openNameTables(folder: string, options: NameTableOptions = {}): Promise<NameTableFolder> {
  await mkdir(folder, { recursive: true });
  const lock = await lockFolder(join(folder, LOCK_FILE), 'TABLE_LOCKED');
  try {
    return keep(folder, await readNameTables(folder), { options, release: () => lock.release() });
  } catch (cause) {
    await lock.release();
    throw cause;
  }
}

function keep(
  folder: string,
  tables: NameTables,
  { options, release }: { readonly options: NameTableOptions; readonly release: () => Promise<void> },
): NameTableFolder {
  const limits = {
    saveDelayMs: atLeast('saveDelayMs', options.saveDelayMs ?? SAVE_DELAY_MS, 0),
    pendingMax: atLeast('pendingMax', options.pendingMax ?? PENDING_MAX, 1),
  };
  const keeper = new TableKeeper(tables, limits, {
    save: (table, next) => replaceFile(tablePath(folder, table), tableText(next[table])),
    after: (delayMs, fire) => {
      const timer = setTimeout(fire, delayMs);
      return () => clearTimeout(timer);
    },
    ...(options.onRefused === undefined ? {} : { onRefused: options.onRefused }),
    ...(options.onFailed === undefined ? {} : { onFailed: options.onFailed }),
  });
  let closing: Promise<void> | undefined;
  return {
    tables: () => keeper.tables(),
    offer: (names) => keeper.offer(names),
    stats: () => keeper.stats(),
    pathOf: (table) => tablePath(folder, table),
    flush: () => keeper.flush(),
    close: () => {
      closing ??= keeper.flush().then(release);
      return closing;
    },
  };
}

function atLeast(name: string, value: number, min: number): number {
  if (!(value >= min && value <= 2 ** 31 - 1)) throw new RangeError(`${name} must be at least ${min}, got ${value}`);
  return value;
}
