import { namesOf, TABLE_NAMES, TABLE_SPECS, type TableName, tableDigest } from '@esper/registry';
import { inspectNameTables, sha256, type TableFinding } from '@esper/registry/node';
import { tablesFolderOf } from '../adapters/policy-store-open.js';
import { TamiyoError } from '../errors.js';
import { loadConfig } from './load-config.js';
import { EXIT } from './output.js';
import type { CommandContext } from './program.js';

const SHORT = 12;

/** `tamiyo registry show`: reads only, also while a host holds the tables. */
export async function showTables(context: CommandContext, options: { readonly table?: string }): Promise<number> {
  const folder = tablesFolderOf(await loadConfig(context));
  const found = await inspectNameTables(folder);
  if (options.table !== undefined) return showNames(context, tableNamed(options.table), found);
  const tables = TABLE_NAMES.map((name) => describe(name, found[name]));
  const damaged = tables.filter(({ state }) => state === 'damaged').length;
  context.output.object({ folder, tables });
  for (const { table, state, entries, capacity, digest, problem } of tables) {
    const size = entries === undefined ? '' : `${entries} of ${capacity - 1}`;
    context.output.line(
      `${table.padEnd(17)} ${state.padEnd(8)} ${size.padEnd(13)} ${digest?.slice(0, SHORT) ?? problem ?? ''}`,
    );
  }
  context.output.line(`in ${folder}`);
  return damaged > 0 ? EXIT.corrupt : EXIT.ok;
}

interface DescribedTable {
  readonly table: TableName;
  readonly state: TableFinding['kind'];
  readonly capacity: number;
  readonly path: string;
  readonly entries?: number;
  readonly digest?: string;
  readonly problem?: string;
}

function describe(table: TableName, finding: TableFinding): DescribedTable {
  const { capacity } = TABLE_SPECS[table];
  const common = { table, state: finding.kind, capacity, path: finding.path };
  if (finding.kind === 'damaged') return { ...common, problem: finding.refusal.message };
  return { ...common, entries: finding.table.indexByName.size, digest: tableDigest(finding.table, sha256) };
}

function tableNamed(given: string): TableName {
  const table = TABLE_NAMES.find((name) => name === given);
  if (table !== undefined) return table;
  throw new TamiyoError('OPTION_INVALID', `--table takes one of ${TABLE_NAMES.join(', ')}; got ${given.slice(0, 40)}`);
}

function showNames(
  context: CommandContext,
  table: TableName,
  found: Readonly<Record<TableName, TableFinding>>,
): number {
  const finding = found[table];
  if (finding.kind === 'damaged') {
    context.output.object({ table, state: 'damaged', problem: finding.refusal.message });
    context.output.line(finding.refusal.message);
    return EXIT.corrupt;
  }
  const names = namesOf(finding.table);
  context.output.object({ table, state: finding.kind, names });
  names.forEach((name, at) => {
    context.output.line(`${String(at + 1).padStart(5)} ${name}`);
  });
  return EXIT.ok;
}
