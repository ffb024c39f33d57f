import { stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { createBytesSigner, type KeyRingHolder } from '@esper/command-verifier';
import { loadBundle, RegistryError, type RegistryRefusal, type VerifiedBundle } from '@esper/registry';
import { bundleFolder, keptBundle, readPolicyHistory } from '@esper/registry/node';
import type { MonoMs, Result, UnixMs } from '@esper/std';
import { err, ok } from '@esper/std';
import { type InspectionReport, inspectWal, type LockHolder, lockHolder, type ProgressListener } from '@esper/wal';
import { openKeys } from '../adapters/keys.js';
import { bundleChecks } from '../adapters/policy-bundle.js';
import { bundleFolderOf, storeFolderOf } from '../adapters/policy-store-open.js';
import type { ConfigProblem, ResolvedConfig } from '../config/resolve.js';
import { codeOf } from './check.js';
import { once } from './once.js';
import type { DoctorPorts } from './ports.js';

/** The logs of a host, by their folders below the data folder. */
export const LOG_FOLDERS = ['log', 'bus', 'telemetry'] as const;
export type LogFolder = (typeof LOG_FOLDERS)[number];

/** The installation to look at. */
export interface SceneSetup {
  readonly ports: DoctorPorts;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The configuration, with defaults where a value does not fit, and what is wrong with it. */
  readonly config: ResolvedConfig;
  readonly problems: readonly ConfigProblem[];
  readonly configFile: string | undefined;
  /** What reading the configuration file failed with. */
  readonly fileFailure: unknown;
  readonly onProgress: (label: string) => ProgressListener;
}

/** The policy that a host would run. */
export interface PolicySeen {
  readonly bundle: VerifiedBundle;
  readonly location: string;
  /** The digest that the history has put in force; absent before the first start. */
  readonly expected: string | undefined;
}

/** Everything the checks look at, read when it is first asked for and only once. */
export class Scene {
  readonly setup: SceneSetup;
  readonly startedAt: { readonly wallMs: UnixMs; readonly monoMs: MonoMs };
  readonly keys: () => Promise<KeyRingHolder>;
  readonly policy: () => Promise<Result<PolicySeen, RegistryRefusal>>;
  readonly #holders: ReadonlyMap<LogFolder, () => Promise<LockHolder | undefined>>;
  readonly #reports: ReadonlyMap<LogFolder, () => Promise<InspectionReport | undefined>>;

  constructor(setup: SceneSetup) {
    this.setup = setup;
    const { clock } = setup.ports;
    this.startedAt = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
    this.keys = once(() => openKeys({ folder: this.values['seal.keyFolder'], environment: setup.environment }));
    this.policy = once(() => this.#readPolicy());
    this.#holders = new Map(LOG_FOLDERS.map((name) => [name, once(() => this.#readHolder(name))]));
    this.#reports = new Map(LOG_FOLDERS.map((name) => [name, once(() => this.#inspect(name))]));
  }

  get values(): ResolvedConfig['values'] {
    return this.setup.config.values;
  }

  pathOf(name: string): string {
    return join(this.values.dataDir, name);
  }

  nowMs(): UnixMs {
    return this.setup.ports.clock.wallMs();
  }

  /** Whether the path lies in a data folder that is not there: the finding about that folder says it all. */
  async isWithoutFolder(path: string): Promise<boolean> {
    const inside = relative(this.values.dataDir, path);
    return !(inside === '..' || inside.startsWith(`..${sep}`)) && !(await isThere(this.values.dataDir));
  }

  /** Who holds a log; `undefined` when nobody does or there is no log. */
  holder(name: LogFolder): Promise<LockHolder | undefined> {
    return (this.#holders.get(name) as () => Promise<LockHolder | undefined>)();
  }

  /** What reading every byte of a log found; `undefined` when there is none yet. */
  report(name: LogFolder): Promise<InspectionReport | undefined> {
    return (this.#reports.get(name) as () => Promise<InspectionReport | undefined>)();
  }

  /** Whether a process that still runs, or may run on another machine, holds one of the logs. */
  async isHeld(): Promise<boolean> {
    const holders = await Promise.all(LOG_FOLDERS.map((name) => this.holder(name)));
    return holders.some((holder) => holder !== undefined && holder.state !== 'dead');
  }

  async #readHolder(name: LogFolder): Promise<LockHolder | undefined> {
    try {
      return await lockHolder(this.setup.ports.disk, this.pathOf(name));
    } catch (cause) {
      // A host that has never been started has no logs, and nobody holds them.
      if (['ENOENT', 'ENOTDIR'].includes(codeOf(cause))) return undefined;
      throw cause;
    }
  }

  async #inspect(name: LogFolder): Promise<InspectionReport | undefined> {
    const directory = this.pathOf(name);
    if (!(await isThere(directory))) return undefined;
    const { disk, clock } = this.setup.ports;
    return inspectWal({ disk, clock, directory, onProgress: this.setup.onProgress(`reading ${name}`) });
  }

  async #readPolicy(): Promise<Result<PolicySeen, RegistryRefusal>> {
    const { config, ports } = this.setup;
    const checks = bundleChecks(createBytesSigner({ keyRing: await this.keys(), clock: ports.clock }));
    try {
      const { active } = (await readPolicyHistory(storeFolderOf(config))).state;
      const source =
        active === undefined ? bundleFolder(bundleFolderOf(config)) : keptBundle(storeFolderOf(config), active);
      const loaded = await loadBundle(source, checks);
      return loaded.ok ? ok({ bundle: loaded.value, location: source.location, expected: active }) : loaded;
    } catch (cause) {
      if (cause instanceof RegistryError) return err({ code: cause.code, message: cause.message });
      throw cause;
    }
  }
}

/** Whether something lies at a path. Rejects when that cannot be said. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(cause))) return false;
    throw cause;
  }
}
