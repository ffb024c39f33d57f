import { err, ok, type Result } from '@esper/std';
import type { RegistryRefusal } from '../../errors.js';
import type { Sha256 } from '../../ports.js';
import { type BundleManifest, TABLE_NAMES, type TableName } from '../bundle/manifest.js';
import type { NameTable } from './name-table.js';
import { tableMismatch } from './table-diff.js';
import { tableDigest } from './table-digest.js';

/** The seven tables of a host. */
export type NameTables = Readonly<Record<TableName, NameTable>>;

export interface TablesToCheck {
  readonly manifest: Pick<BundleManifest, 'tables' | 'tableEntryCounts'>;
  readonly tables: NameTables;
  /** Where each table lies, for messages. */
  readonly pathOf: (table: TableName) => string;
  /** The tables the policy was made with, when the bundle carries them. */
  readonly expected?: Partial<NameTables>;
  readonly sha256: Sha256;
  /** The tables to look at. Default: all seven; a host looks at all seven. */
  readonly names?: readonly TableName[];
}

/**
 * Compares every table with what the policy was made with. A table that has only grown since passes: tables are append
 * only, so the indices the policy knows still mean the same. Any other difference is refused, for the first table in order,
 * with digests, path, counts and entries (RG-09, RG-10); a manifest that leaves a table out is refused too (D-33).
 */
export function checkTables({
  manifest,
  tables,
  pathOf,
  expected,
  sha256,
  names = TABLE_NAMES,
}: TablesToCheck): Result<true, RegistryRefusal> {
  for (const table of names) {
    const expectedDigest = manifest.tables[table];
    if (expectedDigest === undefined) {
      return err({ code: 'TABLE_MISSING_IN_MANIFEST', message: `the manifest gives no digest of the ${table} table` });
    }
    const found = tables[table];
    const expectedCount = manifest.tableEntryCounts?.[table];
    const firstCount = Math.min(expectedCount ?? found.indexByName.size, found.indexByName.size);
    if (tableDigest(found, sha256, firstCount) === expectedDigest) continue;
    return err(
      tableMismatch({
        table,
        path: pathOf(table),
        expectedDigest,
        foundDigest: tableDigest(found, sha256),
        expectedCount,
        found,
        expected: expected?.[table],
      }),
    );
  }
  return ok(true);
}

/** What a manifest says about the tables a policy is made with. */
export function describeTables(
  tables: NameTables,
  sha256: Sha256,
): Pick<BundleManifest, 'tables'> & Required<Pick<BundleManifest, 'tableEntryCounts'>> {
  const per = <T>(of: (table: NameTable) => T): Record<TableName, T> =>
    Object.fromEntries(TABLE_NAMES.map((name) => [name, of(tables[name])])) as Record<TableName, T>;
  return {
    tables: per((table) => tableDigest(table, sha256)),
    tableEntryCounts: per((table) => table.indexByName.size),
  };
}
