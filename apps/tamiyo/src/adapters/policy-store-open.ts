import { join } from 'node:path';
import { type BytesSigner, createBytesSigner, type KeyRingHolder } from '@esper/command-verifier';
import type { TelemetryEvent } from '@esper/leyline';
import { type NameTables, openPolicyStore, type PolicyStore, RegistryError, TABLE_SPECS } from '@esper/registry';
import { bundleFolder, type PolicyStoreFolder, policyStoreFolder } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import type { ResolvedConfig } from '../config/resolve.js';
import type { Timers } from '../decision/deadline.js';
import { TamiyoError } from '../errors.js';
import { blendSettings } from './blend-settings.js';
import { bundleChecks, downgradeHolds } from './policy-bundle.js';
import {
  firstThatRuns,
  LivePolicies,
  type LivePolicyParts,
  type PolicyStoreSettings,
  type TablesHeld,
} from './policy-store.js';

/** Where the store of a host lies. */
export const storeFolderOf = ({ values }: ResolvedConfig): string => join(values.dataDir, 'policies');
/** Where a host looks for its first policy. */
export const bundleFolderOf = ({ values }: ResolvedConfig): string =>
  values.policyDir === '' ? join(values.dataDir, 'policy') : values.policyDir;
/** Where the name tables of a host lie. */
export const tablesFolderOf = ({ values }: ResolvedConfig): string => join(values.dataDir, 'tables');

/** Tables that were read, with where they lie. */
export const tablesIn = (folder: string, tables: NameTables): TablesHeld => ({
  tables: () => tables,
  pathOf: (table) => join(folder, TABLE_SPECS[table].file),
});

/** A store with its folder, held until it is released. */
export interface HeldStore {
  readonly store: PolicyStore;
  readonly files: PolicyStoreFolder;
}

/** Takes the store of a configuration. Rejects with `STORE_LOCKED` while a host or another command holds it. */
export async function openStore(config: ResolvedConfig, signer: BytesSigner): Promise<HeldStore> {
  const files = await policyStoreFolder(storeFolderOf(config));
  try {
    const store = await openPolicyStore(
      {
        files,
        clock: systemClock,
        ...bundleChecks(signer),
        downgrade: (statement, signature) => downgradeHolds(signer, statement, signature),
      },
      { ageMsMax: config.values['policy.updateAgeSecMax'] * 1000 },
    );
    return { store, files };
  } catch (cause) {
    await files.release();
    throw cause;
  }
}

/**
 * A run that came late mostly lacked a core, and starting another process would take the next ones far more of it than letting this
 * one end: so an overdue one gets as long as a whole decision has by default before it is killed.
 */
const OVERDUE_MS_MAX = 250;

/** How candidates run and are judged. */
export function storeSettings(config: ResolvedConfig): PolicyStoreSettings {
  const { values } = config;
  return {
    runtime: {
      host: values['inference.host'],
      standbyCount: values['inference.standbyCount'],
      overdueMsMax: Math.min(OVERDUE_MS_MAX, values['deadlines.decisionMs']),
      unreadMsMax: values['inference.unreadMs'],
      blend: blendSettings(config),
    },
    latencyMsMax: values['policy.latencyMsMax'],
    shadow: { decisions: values['policy.shadowDecisions'], withinMs: values['policy.shadowMs'] },
    health: { decisions: values['policy.healthDecisions'], withinMs: values['policy.healthMs'] },
  };
}

export interface PoliciesToOpen {
  readonly config: ResolvedConfig;
  readonly keys: KeyRingHolder;
  readonly tables: TablesHeld;
  readonly timers: Timers;
  readonly tell: (event: TelemetryEvent) => void;
}

const FIRST = { who: 'tamiyo', why: 'the first policy of this host', shadowDecisions: 0 } as const;

/**
 * The policies of a host. One that has never had any takes the bundle of the policy folder, and rejects when that is missing
 * or bad: nothing has ever worked there. One that had a policy starts without, if need be, and says so.
 */
export async function openLivePolicies(given: PoliciesToOpen): Promise<LivePolicies> {
  const signer = createBytesSigner({ keyRing: given.keys, clock: systemClock });
  const { store, files } = await openStore(given.config, signer);
  const { tables, timers, tell } = given;
  const parts: LivePolicyParts = {
    store,
    tables,
    timers,
    tell,
    settings: storeSettings(given.config),
    release: () => files.release(),
  };
  try {
    const hadOne = store.state().active !== undefined || store.state().lastGood !== undefined;
    return hadOne ? new LivePolicies(parts, await firstThatRuns(parts)) : await firstPolicy(given.config, parts);
  } catch (cause) {
    await files.release();
    throw cause;
  }
}

async function firstPolicy(config: ResolvedConfig, parts: LivePolicyParts): Promise<LivePolicies> {
  const folder = bundleFolderOf(config);
  const policies = new LivePolicies(parts, { kind: 'none', why: 'the first policy is being opened' });
  const outcome = await policies.update(bundleFolder(folder), FIRST);
  if (outcome.ok) return policies;
  const { code, message } = outcome.error;
  if (code === 'BUNDLE_FILE_MISSING' && message.includes('manifest')) throw new TamiyoError('POLICY_MISSING', message);
  throw new RegistryError(code, message);
}
