import { createBytesSigner } from '@esper/command-verifier';
import { parseActionPrior } from '@esper/policy';
import { readNameTables, readPolicyHistory } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import { openKeys } from '../adapters/keys.js';
import { initPolicyBundle } from '../adapters/policy-bundle.js';
import { bundleFolderOf, storeFolderOf, tablesFolderOf } from '../adapters/policy-store-open.js';
import { TamiyoError } from '../errors.js';
import { loadConfig } from './load-config.js';
import { EXIT } from './output.js';
import { policyVersionOf } from './policy-version.js';
import type { CommandContext } from './program.js';
import { wholeNumber } from './whole-number.js';

export const DEFAULT_PRIOR = 'seed=0.1,optimizer=0.3,pause=0.6';
const UINT32_MAX = 2 ** 32 - 1;
const DAY_MS = 86_400_000;
const DAYS_MAX = 36_500;

export interface InitOptions {
  readonly seed: string;
  readonly actionPrior: string;
  readonly policyVersion?: string;
  readonly validDays?: string;
  readonly out?: string;
}

/** `tamiyo policy init`: made with the name tables of the data folder, above every version that was in force there. */
export async function initPolicy(context: CommandContext, options: InitOptions): Promise<number> {
  const seed = wholeNumber('--seed', options.seed, { least: 0, most: UINT32_MAX });
  const actionPrior = parseActionPrior(options.actionPrior);
  if (!actionPrior.ok) throw new TamiyoError('OPTION_INVALID', `--action-prior: ${actionPrior.error.reason}`);
  const config = await loadConfig(context);
  const keyRing = await openKeys({ folder: config.values['seal.keyFolder'], environment: context.environment });
  const { state } = await readPolicyHistory(storeFolderOf(config));
  const policyVersion = policyVersionOf(options.policyVersion, state);
  const folder = options.out ?? bundleFolderOf(config);
  const digest = await initPolicyBundle({
    folder,
    seed,
    actionPrior: actionPrior.value,
    policyVersion,
    ...expiryOf(options.validDays),
    tables: await readNameTables(tablesFolderOf(config)),
    signer: createBytesSigner({ keyRing, clock: systemClock }),
    clock: systemClock,
  });
  const { output } = context;
  output.object({ folder, digest, seed, policyVersion, actionPrior: actionPrior.value, untrained: true });
  output.line(`untrained policy, version ${policyVersion}, written to ${folder}`);
  output.line(`digest ${digest}`);
  output.line(`proposes a draw from: ${options.actionPrior}`);
  if (state.active !== undefined) {
    output.line(`policy ${state.active.slice(0, 12)} is in force here; to replace it:`);
    output.line(`  tamiyo policy promote --bundle ${folder} --why "..."`);
  }
  return EXIT.ok;
}

function expiryOf(days: string | undefined): { readonly expiresAtMs?: number } {
  if (days === undefined) return {};
  const count = wholeNumber('--valid-days', days, { least: 1, most: DAYS_MAX });
  return { expiresAtMs: systemClock.wallMs() + count * DAY_MS };
}
