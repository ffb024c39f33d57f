import { copyFile, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { BlueprintDescriptor } from '@esper/leyline';
import { RegistryError, type RegistryRefusal } from '../errors.js';
import { BLUEPRINTS_MAX } from '../wire/catalogue-file.js';
import { blueprintOfRow, type SheetCheck, type UrzaRow } from '../wire/urza-row.js';
import { type FileCatalogue, fileCatalogue } from './file-catalogue.js';

export interface UrzaOptions {
  /** Checks `bsds_sig` over the sheet's canonical text. Absent: signed sheets are `unchecked`. */
  readonly checkSheet?: SheetCheck;
  /** Told of each row that is refused; the others are served. */
  readonly onRefused?: (refusal: RegistryRefusal) => void;
}

/** Urza's library, read-only, as it was when it last stood still. */
export interface UrzaCatalogue extends FileCatalogue {
  /** Reads again if the database has changed. Rejects with `CATALOGUE_FAILED`; what was read before stays in force. */
  refresh(): Promise<void>;
}

const DATABASE_BYTES_MAX = 256 << 20;
const ATTEMPTS_MAX = 5;
/** How long a commit under way is given before the next look. */
const RETRY_MS = 20;
/** Where the header counts changes, and where it says which journal is in use. */
const CHANGE_COUNTER_AT = 24;
const JOURNAL_VERSION_AT = 18;
const HEADER_BYTES = 100;
const WAL_VERSION = 2;

/**
 * Opens Urza's SQLite database. Nothing is ever written beside it, no lock included: the file is copied while it stands
 * still (no journal, change counter the same before and after), and the copy is read. Rejects with `CATALOGUE_MISSING`,
 * `CATALOGUE_FAILED`, or `CATALOGUE_INVALID` when every row is refused.
 */
export async function openUrzaCatalogue(path: string, options: UrzaOptions = {}): Promise<UrzaCatalogue> {
  let read = await readLibrary(path, options);
  return {
    candidates: () => read.catalogue.candidates(),
    lookup: (blueprintId) => read.catalogue.lookup(blueprintId),
    knownIds: () => read.catalogue.knownIds(),
    refresh: async () => {
      if ((await versionOf(path)) !== read.version) read = await readLibrary(path, options);
    },
  };
}

async function readLibrary(path: string, options: UrzaOptions) {
  const { rows, version } = await readRows(path);
  const blueprints: BlueprintDescriptor[] = [];
  const refusals: RegistryRefusal[] = [];
  for (const row of rows) {
    const blueprint = blueprintOfRow(row, options.checkSheet);
    if (blueprint.ok) blueprints.push(blueprint.value);
    else refusals.push(blueprint.error);
  }
  for (const refusal of refusals) options.onRefused?.(refusal);
  if (blueprints.length === 0 && refusals.length > 0) {
    throw new RegistryError('CATALOGUE_INVALID', `${path}: every blueprint is refused, first ${refusals[0]?.message}`);
  }
  return { catalogue: fileCatalogue(blueprints), version };
}

async function readRows(path: string): Promise<{ rows: readonly UrzaRow[]; version: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'urza-'));
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const version = await versionOf(path);
      if (version === undefined) {
        await setTimeout(RETRY_MS);
        continue;
      }
      await copyFile(path, join(folder, 'catalog.db'));
      if ((await versionOf(path)) === version) return { rows: await query(join(folder, 'catalog.db')), version };
    }
    throw new RegistryError('CATALOGUE_FAILED', `${path} did not stand still in ${ATTEMPTS_MAX} attempts`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Changes with every commit; `undefined` while one is under way. */
async function versionOf(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new RegistryError('CATALOGUE_MISSING', `cannot read the blueprint library ${path}`, { cause });
  });
  try {
    const { size } = await file.stat();
    if (size > DATABASE_BYTES_MAX)
      throw new RegistryError('CATALOGUE_FAILED', `${path} has ${size} bytes, at most ${DATABASE_BYTES_MAX}`);
    const header = new Uint8Array(HEADER_BYTES);
    await file.read(header, 0, HEADER_BYTES, 0);
    if (header[JOURNAL_VERSION_AT] === WAL_VERSION) {
      throw new RegistryError(
        'CATALOGUE_FAILED',
        `${path} is in WAL mode; this reader needs the rollback journal Urza uses`,
      );
    }
    const counter = new DataView(header.buffer).getUint32(CHANGE_COUNTER_AT);
    return (await hasHotJournal(path)) ? undefined : `${counter}/${size}`;
  } finally {
    await file.close();
  }
}

async function hasHotJournal(path: string): Promise<boolean> {
  const journal = await stat(`${path}-journal`).catch(() => undefined);
  return journal !== undefined && journal.size > 0;
}

async function query(path: string): Promise<readonly UrzaRow[]> {
  try {
    const sqlite = await import('node-sqlite3-wasm');
    const { Database } = sqlite.default ?? sqlite;
    const database = new Database(path, { readOnly: true });
    try {
      const sql = `SELECT blueprint_id, name, tier, metadata_json FROM blueprints ORDER BY blueprint_id LIMIT ${BLUEPRINTS_MAX + 1}`;
      const rows = database.all(sql) as unknown as readonly UrzaRow[];
      if (rows.length > BLUEPRINTS_MAX) throw new RangeError(`more than ${BLUEPRINTS_MAX} blueprints`);
      return rows;
    } finally {
      database.close();
    }
  } catch (cause) {
    throw new RegistryError('CATALOGUE_FAILED', `the blueprint library cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}
