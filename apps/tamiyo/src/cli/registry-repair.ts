import { type NameTables, namesOf, type TableName } from '@esper/registry';
import { restoreNameTables } from '@esper/registry/node';
import { EXIT } from './output.js';
import type { CommandContext } from './program.js';
import { comparedPolicy, expectedTables } from './registry-bundle.js';
import { compareEveryTable } from './registry-compare.js';

/** `tamiyo registry repair`: the tables the policy was made with take the place of those that are damaged or differ. */
export async function repairTables(
  context: CommandContext,
  options: { readonly bundle?: string; readonly write?: boolean },
): Promise<number> {
  const policy = await comparedPolicy(context, options.bundle);
  const expected = expectedTables(policy);
  const wrong = (await compareEveryTable(policy)).flatMap(({ table, refusal }) =>
    refusal ? [{ table, refusal }] : [],
  );
  const { output } = context;
  if (wrong.length === 0) {
    output.object({ repaired: [], kept: [], written: false });
    output.line('every table is the one the policy was made with; nothing to repair');
    return EXIT.ok;
  }
  for (const { table, refusal } of wrong) {
    output.line(`${table}: ${refusal.message}`);
    output.line(`  would be put back with the ${namesOf(expected[table]).length} names of ${policy.location}`);
  }
  const tables = wrong.map(({ table }) => table);
  if (options.write !== true) {
    output.object({ wouldRepair: tables, written: false });
    output.line('nothing has been written; add --write to do it');
    return EXIT.ok;
  }
  const kept = await restoreNameTables(policy.tablesFolder, pick(expected, tables));
  output.object({ repaired: tables, kept, written: true });
  output.line(`put back: ${tables.join(', ')}`);
  for (const path of kept) output.line(`  kept aside: ${path}`);
  return EXIT.ok;
}

const pick = (tables: NameTables, names: readonly TableName[]): Partial<NameTables> =>
  Object.fromEntries(names.map((name) => [name, tables[name]]));
