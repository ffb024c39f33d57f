import { createHmac } from 'node:crypto';
import type { WallClock } from '@esper/std';
import { FakeClock } from '@esper/testkit';
import {
  type BundleManifest,
  type BundleSource,
  manifestBytes,
  type PolicyStoreFiles,
  type PolicyStorePorts,
} from '../../src/index.js';
import { sha256 } from '../../src/node.js';

const KEY = Buffer.alloc(32, 3);
export const sign = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHmac('sha256', KEY).update(bytes).digest());
const holds = (bytes: Uint8Array, signature: Uint8Array): boolean => Buffer.compare(sign(bytes), signature) === 0;

export const NOTE = { who: 'ada', why: 'test' };
export const START_MS = 1_700_000_000_000;

/** A signed bundle in memory. */
export function bundleInMemory(policyVersion: number, given: Partial<BundleManifest> = {}) {
  const model = new TextEncoder().encode(`model ${policyVersion}`);
  const files = new Map([['policy.onnx', model]]);
  const manifest = manifestBytes({
    format: 1,
    policyId: `p-${policyVersion}`,
    policyVersion,
    architecture: 'tamiyo_gnn_v1',
    contract: 'c',
    dims: { a: 1 },
    actionChoice: 'argmax',
    actions: ['pause'],
    origin: { kind: 'trained', source: 'test' },
    tables: {},
    createdAtMs: START_MS,
    files: { 'policy.onnx': { sha256: sha256(model), bytes: model.length } },
    ...given,
  });
  const all = new Map([...files, ['manifest.json', manifest], ['manifest.sig', sign(manifest)]]);
  const source: BundleSource = { location: `memory-${policyVersion}`, read: async (name) => all.get(name) };
  return { digest: sha256(manifest), files: all, source };
}

/** The process is gone: what follows in it never happens. */
export class Crash extends Error {}

/**
 * A store's disk in memory. Fault model: the process may die before, in the middle of, or after any write; what a resolved
 * write promised survives, and of the write under way any prefix of a line, or a bundle whole or not at all.
 */
export class MemoryFiles implements PolicyStoreFiles {
  readonly location = 'memory';
  history = new Uint8Array(0);
  readonly bundles = new Map<string, ReadonlyMap<string, Uint8Array>>();
  writes = 0;
  /** Which write dies, and how: before it, in the middle, or after it is durable. */
  crash: { readonly at: number; readonly how: 'before' | 'middle' | 'after' } | undefined;

  async readHistory(): Promise<Uint8Array> {
    return this.history;
  }

  async appendHistory(line: Uint8Array): Promise<void> {
    this.#write((ratio) => {
      const part = line.subarray(0, Math.floor(line.length * ratio));
      this.history = Uint8Array.from([...this.history, ...part]);
    });
  }

  async cutHistory(bytes: number): Promise<void> {
    this.history = this.history.slice(0, bytes);
  }

  async keepOnly(digests: ReadonlySet<string>): Promise<void> {
    for (const digest of this.bundles.keys()) if (!digests.has(digest)) this.bundles.delete(digest);
  }

  async keepBundle(digest: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    this.#write((ratio) => {
      if (ratio === 1) this.bundles.set(digest, files);
    });
  }

  bundle(digest: string): BundleSource {
    return { location: digest.slice(0, 12), read: async (name) => this.bundles.get(digest)?.get(name) };
  }

  #write(apply: (ratio: number) => void): void {
    this.writes += 1;
    const how = this.crash?.at === this.writes ? this.crash.how : undefined;
    if (how !== 'before') apply(how === 'middle' ? 0.5 : 1);
    if (how !== undefined) throw new Crash(`write ${this.writes}`);
  }
}

export function storePorts(files: PolicyStoreFiles, clock: WallClock = new FakeClock(START_MS)): PolicyStorePorts {
  return { files, clock, sha256, signature: holds, architecture: 'tamiyo_gnn_v1', downgrade: holds };
}
