import type { Vocabularies } from '@esper/policy';
import { COMPILED_CONTRACT } from '@esper/policy';
import { type BundleChecks, loadBundle, type NameTable, RegistryError, type VerifiedBundle } from '@esper/registry';
import { bundleFolder, keptBundle, readNameTables, sha256 } from '@esper/registry/node';
import type { ResolvedConfig } from '../config/resolve.js';
import type { HostRecord, VocabularySizes } from '../records/record.js';
import { type DecisionScene, readScene, SCENE_NOTES, type SceneRuntime } from '../records/scene.js';
import type { ReplayWorld } from '../replay/replayer.js';
import type { ActivePolicy } from '../stages/parts.js';
import { ARCHITECTURE } from './policy-bundle.js';
import { openRuntime, type PolicyRuntime, runtimeOf } from './policy-runtime.js';
import { bundleFolderOf, storeFolderOf, tablesFolderOf } from './policy-store-open.js';

export interface ReplayWorldParts {
  readonly config: ResolvedConfig;
  /** Every record of the log, from the beginning: read once more when a scene stands further on. */
  readonly notes: () => AsyncIterable<HostRecord>;
}

/** Policies that are loaded at once; the one that was opened first is given up. */
const POLICIES_MAX = 3;

/** What a name says is checked by its digest: who signed the bundle was asked when it was put in force. */
const CHECKS: BundleChecks = {
  sha256,
  architecture: ARCHITECTURE,
  contract: COMPILED_CONTRACT,
  signature: () => true,
};

/** A bundle as it stands in a folder, every file held against its manifest; who signed it is not asked. */
export class CandidatePolicy {
  readonly #bundle: VerifiedBundle;
  readonly #opened = new Map<string, Promise<PolicyRuntime>>();

  private constructor(bundle: VerifiedBundle) {
    this.#bundle = bundle;
  }

  /** Rejects with what is wrong with the bundle. */
  static async open(folder: string): Promise<CandidatePolicy> {
    const bundle = await loadBundle(bundleFolder(folder), CHECKS);
    if (!bundle.ok) throw new RegistryError(bundle.error.code, bundle.error.message);
    return new CandidatePolicy(bundle.value);
  }

  /** The policy with that blend. */
  async with(blend: DecisionScene['blend']): Promise<ActivePolicy> {
    const key = JSON.stringify(blend);
    const runtime = { host: 'thread', standbyCount: 0, blend } as const;
    const opened = this.#opened.get(key) ?? openRuntime(this.#bundle, runtime);
    this.#opened.set(key, opened);
    return (await opened).active;
  }

  async close(): Promise<void> {
    for (const opened of await Promise.allSettled(this.#opened.values())) {
      if (opened.status === 'fulfilled') await opened.value.host.close();
    }
  }
}

/** What the data folder of a host still holds of the world in which it decided. */
export class FolderReplayWorld implements ReplayWorld {
  readonly #parts: ReplayWorldParts;
  readonly #tables: Readonly<Record<keyof VocabularySizes, NameTable>>;
  readonly #scenes = new Map<string, DecisionScene>();
  readonly #policies = new Map<string, Promise<PolicyRuntime | undefined>>();
  #loaded: PolicyRuntime | undefined;
  #isScanned = false;

  private constructor(parts: ReplayWorldParts, tables: Readonly<Record<keyof VocabularySizes, NameTable>>) {
    this.#parts = parts;
    this.#tables = tables;
  }

  static async open(parts: ReplayWorldParts): Promise<FolderReplayWorld> {
    return new FolderReplayWorld(parts, await readNameTables(tablesFolderOf(parts.config)));
  }

  /** Takes the scenes of a log as they come by. */
  take(record: HostRecord): void {
    if (record.kind !== 'note' || record.stream !== SCENE_NOTES) return;
    const { id, scene } = readScene(record.bytes, sha256);
    this.#scenes.set(id, scene);
  }

  async scene(id: string): Promise<DecisionScene | undefined> {
    if (!this.#scenes.has(id) && !this.#isScanned) {
      this.#isScanned = true;
      for await (const record of this.#parts.notes()) this.take(record);
    }
    return this.#scenes.get(id);
  }

  async policy(digest: string, { blend }: Pick<DecisionScene, 'blend'>): Promise<ActivePolicy | undefined> {
    const key = `${digest} ${JSON.stringify(blend)}`;
    const known = this.#policies.get(key) ?? this.#open(digest, blend);
    this.#policies.set(key, known);
    await this.#giveUpOldest();
    const runtime = await known;
    this.#loaded = runtime ?? this.#loaded;
    return runtime?.active;
  }

  vocabularies(sizes: VocabularySizes): Vocabularies | undefined {
    const names = (['seed', 'blueprint', 'layer_type', 'activation_type'] as const).map((table) => {
      const all = [...this.#tables[table].indexByName].sort(([, one], [, other]) => one - other);
      return [table, all.length < sizes[table] ? undefined : new Map(all.slice(0, sizes[table]))] as const;
    });
    return names.some(([, known]) => known === undefined)
      ? undefined
      : (Object.fromEntries(names) as unknown as Vocabularies);
  }

  runtime(): SceneRuntime {
    return runtimeOf(this.#loaded);
  }

  async close(): Promise<void> {
    const opened = await Promise.all(this.#policies.values());
    this.#policies.clear();
    for (const runtime of opened) await runtime?.host.close();
  }

  async #open(digest: string, blend: DecisionScene['blend']): Promise<PolicyRuntime | undefined> {
    const { config } = this.#parts;
    for (const source of [keptBundle(storeFolderOf(config), digest), bundleFolder(bundleFolderOf(config))]) {
      const bundle = await loadBundle(source, CHECKS);
      if (!bundle.ok || bundle.value.digest !== digest) continue;
      return openRuntime(bundle.value, { host: 'thread', standbyCount: 0, blend });
    }
    return undefined;
  }

  async #giveUpOldest(): Promise<void> {
    const [oldest] = this.#policies;
    if (this.#policies.size <= POLICIES_MAX || oldest === undefined) return;
    this.#policies.delete(oldest[0]);
    await (await oldest[1])?.host.close();
  }
}
