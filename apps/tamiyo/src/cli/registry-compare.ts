import {
  checkTables,
  type EntryDifference,
  type NameTables,
  type RegistryRefusal,
  TABLE_NAMES,
  type TableName,
  tableDifferences,
} from '@esper/registry';
import { inspectNameTables, sha256 } from '@esper/registry/node';
import { tablesIn } from '../adapters/policy-store-open.js';
import { EXIT } from './output.js';
import type { CommandContext } from './program.js';
import { type ComparedPolicy, comparedPolicy, expectedTables } from './registry-bundle.js';
import { registryExit } from './registry-exit.js';
import { wholeNumber } from './whole-number.js';

const LIMIT_MAX = 100_000;

/** One table against the policy: equal or grown, damaged, or another one. */
export type TableVerdict = { readonly table: TableName; readonly refusal: RegistryRefusal | undefined };

/** Every table, damaged ones included; nothing stops at the first. */
export async function compareEveryTable(policy: ComparedPolicy): Promise<readonly TableVerdict[]> {
  const found = await inspectNameTables(policy.tablesFolder);
  return TABLE_NAMES.map((table): TableVerdict => {
    const finding = found[table];
    return { table, refusal: finding.kind === 'damaged' ? finding.refusal : compareOne(table, finding.table, policy) };
  });
}

function compareOne(
  table: TableName,
  held: NameTables[TableName],
  { bundle, tablesFolder, expected }: ComparedPolicy,
): RegistryRefusal | undefined {
  const { tables, pathOf } = tablesIn(tablesFolder, { [table]: held } as NameTables);
  const outcome = checkTables({
    manifest: bundle.manifest,
    tables: tables(),
    pathOf,
    sha256,
    names: [table],
    ...(expected === undefined ? {} : { expected }),
  });
  return outcome.ok ? undefined : outcome.error;
}

/** `tamiyo registry verify`. */
export async function verifyTables(context: CommandContext, options: { readonly bundle?: string }): Promise<number> {
  const policy = await comparedPolicy(context, options.bundle);
  const verdicts = await compareEveryTable(policy);
  const { output } = context;
  output.object({
    policy: policy.bundle.digest,
    tables: verdicts.map(({ table, refusal }) => ({ table, ok: refusal === undefined, ...refusal })),
  });
  for (const { table, refusal } of verdicts) {
    const word = refusal === undefined ? output.style('green', 'ok') : output.style('red', refusal.code);
    output.line(`${table.padEnd(17)} ${word}`);
    if (refusal !== undefined) output.line(`  ${refusal.message}`);
  }
  const bad = verdicts.flatMap(({ refusal }) => (refusal === undefined ? [] : [registryExit(refusal.code)]));
  if (bad.length > 0) output.line('next: tamiyo registry diff, then restore a backup or tamiyo registry repair');
  return Math.max(EXIT.ok, ...bad);
}

/** `tamiyo registry diff`. */
export async function diffTables(
  context: CommandContext,
  options: { readonly bundle?: string; readonly limit: string },
): Promise<number> {
  const limit = wholeNumber('--limit', options.limit, { least: 1, most: LIMIT_MAX });
  const policy = await comparedPolicy(context, options.bundle);
  const expected = expectedTables(policy);
  const found = await inspectNameTables(policy.tablesFolder);
  let differing = 0;
  for (const table of TABLE_NAMES) {
    const finding = found[table];
    if (finding.kind === 'damaged') {
      context.output.object({ table, problem: finding.refusal.message });
      context.output.line(`${table}: ${finding.refusal.message}`);
      return EXIT.corrupt;
    }
    // What a table has learnt since is no difference: the policy does not know it.
    const differences = tableDifferences(expected[table], finding.table, limit).filter(isDifference);
    const learnt = Math.max(0, finding.table.indexByName.size - expected[table].indexByName.size);
    context.output.object({ table, differences, learntSince: learnt });
    if (differences.length > 0) differing += 1;
    printDifferences(context, { table, differences, learnt });
  }
  return differing > 0 ? EXIT.verification : EXIT.ok;
}

const isDifference = ({ expected }: EntryDifference): boolean => expected !== undefined;

function printDifferences(
  { output }: CommandContext,
  of: { readonly table: TableName; readonly differences: readonly EntryDifference[]; readonly learnt: number },
): void {
  const since = of.learnt === 0 ? '' : `, ${of.learnt} learnt since`;
  output.line(
    `${of.table}: ${of.differences.length === 0 ? 'the same' : `${of.differences.length} differences`}${since}`,
  );
  for (const { index, expected, found } of of.differences) {
    output.line(
      `  ${String(index).padStart(5)}  policy ${JSON.stringify(expected)}  here ${JSON.stringify(found) ?? 'nothing'}`,
    );
  }
}
