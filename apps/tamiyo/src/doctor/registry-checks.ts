import { type NameTables, REGISTRY_ERRORS, TABLE_NAMES, type TableName } from '@esper/registry';
import { inspectNameTables, type TableFinding } from '@esper/registry/node';
import { compareTables } from '../adapters/policy-store.js';
import { tablesFolderOf, tablesIn } from '../adapters/policy-store-open.js';
import { type Check, type Finding, fail, pass, skipped } from './check.js';
import type { Scene } from './scene.js';

/** The name tables that give the policy's indices their meaning. */
export const REGISTRY_CHECKS: readonly Check[] = [
  { id: 'registry.tables', asks: 'Is every name table whole?', look: lookAtTables },
  { id: 'registry.policy', asks: 'Are they the tables the policy was made with?', look: compareWithPolicy },
];

type Found = Readonly<Record<TableName, TableFinding>>;

const NO_FOLDER = skipped('there is no data folder');

/** The tables as they lie there; `undefined` without a data folder. */
async function tablesOf(scene: Scene): Promise<Found | undefined> {
  const folder = tablesFolderOf(scene.setup.config);
  return (await scene.isWithoutFolder(folder)) ? undefined : inspectNameTables(folder);
}

async function lookAtTables(scene: Scene): Promise<Finding> {
  const found = await tablesOf(scene);
  if (found === undefined) return NO_FOLDER;
  const damaged = Object.values(found).flatMap((one) => (one.kind === 'damaged' ? [one.refusal] : []));
  if (damaged.length > 0) {
    const saw = damaged.map(({ message }) => message).join('; ');
    return fail(
      saw,
      'Restore the file from a backup, or run tamiyo registry repair; a guessed table would change what indices mean.',
    );
  }
  const held = Object.values(found).filter(({ kind }) => kind === 'held').length;
  return pass(`${held} of ${TABLE_NAMES.length} tables have a file, the others start with their fixed names`);
}

async function compareWithPolicy(scene: Scene): Promise<Finding> {
  const found = await tablesOf(scene);
  if (found === undefined) return NO_FOLDER;
  const tables = wholeTables(found);
  if (tables === undefined) return skipped('a table is damaged');
  // Why the policy cannot be read is told by the checks of keys and policy.
  const policy = await scene.policy().catch(() => undefined);
  if (policy?.ok !== true) return skipped('there is no policy to compare with');
  const folder = tablesFolderOf(scene.setup.config);
  const same = compareTables(policy.value.bundle, tablesIn(folder, tables));
  if (same.ok) return pass('their digests are those in the manifest');
  return fail(`${same.error.code}: ${same.error.message}`, REGISTRY_ERRORS[same.error.code].next);
}

function wholeTables(found: Found): NameTables | undefined {
  const tables: Partial<Record<TableName, NameTables[TableName]>> = {};
  for (const name of TABLE_NAMES) {
    const one = found[name];
    if (one.kind === 'damaged') return undefined;
    tables[name] = one.table;
  }
  return tables as NameTables;
}
