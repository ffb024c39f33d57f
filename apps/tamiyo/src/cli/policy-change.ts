import { nodeWorkerPorts } from '@esper/async-worker/node';
import { type BytesSigner, createBytesSigner } from '@esper/command-verifier';
import { type BundleSource, type HistoryNote, UPDATE_STEPS, type UpdateApplied } from '@esper/registry';
import { bundleFolder, readNameTables } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import { openKeys } from '../adapters/keys.js';
import { signDowngrade } from '../adapters/policy-bundle.js';
import { LivePolicies, type PolicyWish } from '../adapters/policy-store.js';
import { namedPolicy } from '../adapters/policy-store-named.js';
import { bundleFolderOf, openStore, storeSettings, tablesFolderOf, tablesIn } from '../adapters/policy-store-open.js';
import type { ResolvedConfig } from '../config/resolve.js';
import { TamiyoError } from '../errors.js';
import type { AccessOptions } from './host-access.js';
import { loadConfig } from './load-config.js';
import { EXIT } from './output.js';
import { asksHost, bundlePath, orderRunning } from './policy-running.js';
import type { CommandContext } from './program.js';
import { asError, noteOf } from './registry-exit.js';
import { wholeNumber } from './whole-number.js';

const SHORT = 12;
const COUNT_MAX = 1_000_000;

interface ChangeOptions extends AccessOptions {
  readonly who?: string;
  readonly why?: string;
}

interface Prepared {
  readonly config: ResolvedConfig;
  readonly signer: BytesSigner;
}

async function prepare(context: CommandContext): Promise<Prepared> {
  const config = await loadConfig(context);
  const keyRing = await openKeys({ folder: config.values['seal.keyFolder'], environment: context.environment });
  return { config, signer: createBytesSigner({ keyRing, clock: systemClock }) };
}

/** `tamiyo policy stage`. */
export async function stagePolicy(
  context: CommandContext,
  options: ChangeOptions & { readonly bundle?: string },
): Promise<number> {
  const note = noteOf(context, options);
  if (asksHost(options)) {
    const bundle = bundlePath(options.bundle ?? bundleFolderOf(await loadConfig(context)));
    return orderRunning(context, options, { kind: 'stage', bundle, ...note });
  }
  const { config, signer } = await prepare(context);
  const { store, files } = await openStore(config, signer);
  try {
    const staged = await store.stage(bundleFolder(options.bundle ?? bundleFolderOf(config)), note);
    if (!staged.ok) throw asError(staged.error);
    const { digest, manifest } = staged.value;
    context.output.object({ digest, policyVersion: manifest.policyVersion, standing: 'staged' });
    context.output.line(`staged ${manifest.policyId}, version ${manifest.policyVersion}`);
    context.output.line(`digest ${digest}`);
    context.output.line(`next: tamiyo policy promote ${digest.slice(0, SHORT)} --why "..."`);
    return EXIT.ok;
  } finally {
    await files.release();
  }
}

export interface PromoteOptions extends ChangeOptions {
  readonly bundle?: string;
  readonly acceptLooser: string;
  readonly shadowDecisions?: string;
  readonly downgrade?: boolean;
}

/** `tamiyo policy promote [digest]`: asked of a running host, or done on a data folder that no host runs on. */
export async function promotePolicy(
  context: CommandContext,
  options: PromoteOptions,
  digest: string | undefined,
): Promise<number> {
  const note = noteOf(context, options);
  if (asksHost(options)) return promoteRunning(context, { ...options, ...note }, digest);
  const prepared = await prepare(context);
  return withPolicies(prepared, async (policies) => {
    const source = sourceOf({ policies, digest, config: prepared.config, bundle: options.bundle });
    const outcome = await policies.update(source, {
      ...note,
      ...wishOf(options, prepared.signer),
      onStep: (step) => context.output.progress(UPDATE_STEPS.indexOf(step), UPDATE_STEPS.length, step),
    });
    if (!outcome.ok) throw asError(outcome.error);
    printApplied(context, outcome.value);
    return EXIT.ok;
  });
}

async function promoteRunning(
  context: CommandContext,
  options: PromoteOptions & HistoryNote,
  digest: string | undefined,
): Promise<number> {
  if (options.downgrade === true)
    throw new TamiyoError('OPTION_INVALID', 'a running host signs no downgrade: stop it, and leave out --url');
  const { who, why } = options;
  const from =
    digest === undefined
      ? { bundle: bundlePath(options.bundle ?? bundleFolderOf(await loadConfig(context))) }
      : { digest };
  const { acceptLooserMax: acceptLooser, shadowDecisions } = countsOf(options);
  return orderRunning(context, options, {
    kind: 'promote',
    from,
    who,
    why,
    acceptLooser,
    ...(shadowDecisions === undefined ? {} : { shadowDecisions }),
  });
}

/** `tamiyo policy rollback`. */
export async function rollBack(context: CommandContext, options: ChangeOptions): Promise<number> {
  const note = noteOf(context, options);
  if (asksHost(options)) return orderRunning(context, options, { kind: 'roll_back', ...note });
  return withPolicies(await prepare(context), async (policies) => {
    const outcome = await policies.rollBack(note);
    if (!outcome.ok) throw asError(outcome.error);
    const { digest, manifest } = outcome.value;
    context.output.object({ digest, policyVersion: manifest.policyVersion, standing: 'active', returned: true });
    context.output.line(`back in force: ${manifest.policyId}, version ${manifest.policyVersion}`);
    context.output.line(`digest ${digest}`);
    return EXIT.ok;
  });
}

/** The policies of a data folder that no host runs on: every gate but those that need live packets. */
async function withPolicies({ config, signer }: Prepared, work: (policies: LivePolicies) => Promise<number>) {
  const { store, files } = await openStore(config, signer);
  const settings = storeSettings(config);
  const folder = tablesFolderOf(config);
  const tables = await readNameTables(folder).catch(async (cause: unknown) => {
    await files.release();
    throw cause;
  });
  const policies = new LivePolicies(
    {
      store,
      tables: tablesIn(folder, tables),
      timers: nodeWorkerPorts().timers,
      settings: { ...settings, runtime: { ...settings.runtime, standbyCount: 0 } },
      tell: () => undefined,
      release: () => files.release(),
    },
    { kind: 'none', why: 'no host is running' },
  );
  try {
    return await work(policies);
  } finally {
    await policies.close();
  }
}

interface Source {
  readonly policies: LivePolicies;
  readonly digest: string | undefined;
  readonly bundle: string | undefined;
  readonly config: ResolvedConfig;
}

/** The staged policy that a digest or its beginning names, else a bundle's folder. */
function sourceOf({ policies: { store }, digest, bundle, config }: Source): BundleSource {
  if (digest === undefined) return bundleFolder(bundle ?? bundleFolderOf(config));
  return store.kept(namedPolicy(store, digest));
}

interface Counts {
  readonly acceptLooserMax: number;
  readonly shadowDecisions?: number;
}

function countsOf({ acceptLooser, shadowDecisions }: PromoteOptions): Counts {
  const count = (name: string, text: string) => wholeNumber(name, text, { least: 0, most: COUNT_MAX });
  return {
    acceptLooserMax: count('--accept-looser', acceptLooser),
    ...(shadowDecisions === undefined ? {} : { shadowDecisions: count('--shadow-decisions', shadowDecisions) }),
  };
}

function wishOf(options: PromoteOptions, signer: BytesSigner): Partial<PolicyWish> {
  const { downgrade } = options;
  return {
    ...countsOf(options),
    ...(downgrade === true ? { downgrade: (statement: Uint8Array) => signDowngrade(signer, statement) } : {}),
  };
}

function printApplied({ output }: CommandContext, applied: UpdateApplied): void {
  const { shadow } = applied;
  output.object({ ...applied, standing: 'active', shadow: shadow ?? 'no host was running' });
  output.line(`in force at the next start: ${applied.policyId}, version ${applied.policyVersion}`);
  output.line(`digest ${applied.digest}`);
  output.line(`${applied.goldenCases} golden cases recomputed, p95 ${applied.latencyMs.toFixed(2)} ms`);
  output.line('no host was running: nothing was compared on live packets');
}
