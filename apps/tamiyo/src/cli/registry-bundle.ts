import { createBytesSigner } from '@esper/command-verifier';
import { loadBundle, type NameTables, parseTablesFile, TABLES_FILE, type VerifiedBundle } from '@esper/registry';
import { bundleFolder, keptBundle, readPolicyHistory } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import { openKeys } from '../adapters/keys.js';
import { bundleChecks } from '../adapters/policy-bundle.js';
import { bundleFolderOf, storeFolderOf, tablesFolderOf } from '../adapters/policy-store-open.js';
import { TamiyoError } from '../errors.js';
import { loadConfig } from './load-config.js';
import type { CommandContext } from './program.js';
import { asError } from './registry-exit.js';

/** The policy whose tables are looked for, and where this host's lie. */
export interface ComparedPolicy {
  readonly bundle: VerifiedBundle;
  readonly location: string;
  readonly tablesFolder: string;
  /** The entries the policy was made with; absent where the bundle does not carry them. */
  readonly expected: NameTables | undefined;
}

/** The bundle a command names, else the policy in force, else the policy folder; verified. */
export async function comparedPolicy(context: CommandContext, given: string | undefined): Promise<ComparedPolicy> {
  const config = await loadConfig(context);
  const keyRing = await openKeys({ folder: config.values['seal.keyFolder'], environment: context.environment });
  const { state } = await readPolicyHistory(storeFolderOf(config));
  const source =
    given === undefined && state.active !== undefined
      ? keptBundle(storeFolderOf(config), state.active)
      : bundleFolder(given ?? bundleFolderOf(config));
  const bundle = await loadBundle(source, bundleChecks(createBytesSigner({ keyRing, clock: systemClock })));
  if (!bundle.ok) throw asError(bundle.error);
  const file = bundle.value.files.get(TABLES_FILE);
  const expected = file === undefined ? undefined : parseTablesFile(file);
  if (expected?.ok === false) throw asError(expected.error);
  return {
    bundle: bundle.value,
    location: source.location,
    tablesFolder: tablesFolderOf(config),
    expected: expected?.value,
  };
}

/** Entries are needed. Throws `CONFIG_INVALID` for a bundle without `tables.json`. */
export function expectedTables({ expected, location }: ComparedPolicy): NameTables {
  if (expected !== undefined) return expected;
  throw new TamiyoError('CONFIG_INVALID', `${location} carries no ${TABLES_FILE}: only digests can be compared`);
}
