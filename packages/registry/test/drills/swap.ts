import { err, ok } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { SeededRandom, tempFolder } from '@esper/testkit';
import { type DrillFlags, type DrillOutcome, runDrill } from '../../../../tools/drill/drill.ts';
import {
  foldHistory,
  type LiveSlot,
  liveSlot,
  openPolicyStore,
  type PolicyStore,
  updatePolicy,
} from '../../src/index.js';
import { policyStoreFolder, sha256 } from '../../src/node.js';
import { bundleInMemory, NOTE, storePorts } from '../bundle/store-bench.js';

/**
 * Whole updates (stage, check, activate, swap, health) on a real folder, while decisions go on. What decides is a stand-in
 * with a buffer of its own and answers after a random while: this drill is about the swap, not about inference.
 */
const DECISIONS_AT_ONCE = 8;
const WEIGHTS_BYTES = 4 << 20;
const RSS_SLOPE_MAX = 0.05;

const SABOTAGES = {
  'closed-before-drained': 'the old policy is closed at the swap, while decisions still use it',
  'read-twice': 'a decision asks for the policy in force again half way',
  'never-closed': 'replaced policies are kept for ever',
  'history-skipped': 'a swap is not recorded in the history',
  'golden-unchecked': 'a candidate whose golden decisions differ is accepted',
} as const;

interface Policy {
  readonly digest: string;
  readonly weights: Uint8Array;
  isClosed: boolean;
}
const policy = (digest: string): Policy => ({
  digest,
  weights: new Uint8Array(WEIGHTS_BYTES).fill(1),
  isClosed: false,
});

class SwapDrill {
  readonly #sabotage: string | undefined;
  readonly #random: SeededRandom;
  readonly #store: PolicyStore;
  readonly #leaked: Policy[] = [];
  readonly #slot: LiveSlot<Policy>;
  readonly rssBytes: number[] = [];
  decisions = 0;
  failed = 0;
  mixed = 0;
  swaps = 0;
  wronglyAccepted = 0;
  isStopping = false;

  constructor(store: PolicyStore, { seed, sabotage }: DrillFlags) {
    this.#store = store;
    this.#sabotage = sabotage;
    this.#random = new SeededRandom(seed);
    this.#slot = liveSlot(policy(store.state().active ?? ''), async (old) => {
      if (sabotage === 'never-closed') this.#leaked.push(old);
      else old.isClosed = true;
    });
  }

  async decideForEver(): Promise<void> {
    while (!this.isStopping) {
      await this.#slot
        .use((live) => this.#decide(live))
        .catch(() => {
          this.failed += 1;
        });
    }
  }

  async #decide(live: Policy): Promise<void> {
    await pause(this.#random.int(0, 4));
    const sealedBy = this.#sabotage === 'read-twice' ? this.#slot.current() : live;
    if (live.isClosed || live.weights[0] !== 1) throw new Error('the policy was closed under a decision');
    if (sealedBy.digest !== live.digest) this.mixed += 1;
    this.decisions += 1;
  }

  /** One update; every third candidate is bad and must be refused. */
  async update(version: number): Promise<void> {
    const isBad = version % 3 === 0;
    const { source, digest } = bundleInMemory(version);
    const next = policy(digest);
    const before = this.#store.state().active;
    const outcome = await updatePolicy(
      source,
      { ...NOTE, latencyMsMax: 45 },
      {
        store: this.#sabotage === 'history-skipped' ? forgetful(this.#store) : this.#store,
        onEvent: () => undefined,
        open: async () => ({
          checkGolden: async () => (isBad && this.#sabotage !== 'golden-unchecked' ? err('case 1 differs') : ok(1)),
          measureLatencyMs: async () => 1,
          swapIn: async () => {
            if (this.#sabotage === 'closed-before-drained') this.#slot.current().isClosed = true;
            void this.#slot.replace(next);
          },
          checkHealth: async () => ok(true),
          swapBack: async () => undefined,
          close: async () => {
            next.isClosed = true;
          },
        }),
      },
    );
    this.swaps += outcome.ok ? 1 : 0;
    if (outcome.ok === isBad || this.#store.state().active !== (isBad ? before : digest)) this.wronglyAccepted += 1;
    globalThis.gc?.();
    this.rssBytes.push(process.memoryUsage().rss);
  }
}

/** A store that says it has activated, and has not. */
function forgetful(store: PolicyStore): PolicyStore {
  return new Proxy(store, {
    get: (target, name) => {
      const value = Reflect.get(target, name, target) as unknown;
      if (name === 'activate') return (digest: string) => target.load(digest);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Growth over the second half, by least squares, as a share of its mean. */
function slopeRatio(samples: readonly number[]): number {
  const half = samples.slice(Math.floor(samples.length / 2));
  const mean = half.reduce((sum, one) => sum + one, 0) / half.length;
  const centre = (half.length - 1) / 2;
  let over = 0;
  let under = 0;
  half.forEach((one, at) => {
    over += (at - centre) * (one - mean);
    under += (at - centre) ** 2;
  });
  return under === 0 ? 0 : ((over / under) * half.length) / mean;
}

await runDrill(
  { name: 'registry:swap', defaultBudgetMs: 20_000, sabotages: SABOTAGES },
  async (flags): Promise<DrillOutcome> => {
    const folder = await tempFolder();
    const files = await policyStoreFolder(folder.path);
    const store = await openPolicyStore(storePorts(files, systemClock));
    const first = bundleInMemory(1);
    await store.stage(first.source, NOTE);
    await store.activate(first.digest, NOTE);
    const drill = new SwapDrill(store, flags);
    const deciding = Array.from({ length: DECISIONS_AT_ONCE }, () => drill.decideForEver());
    const endAt = performance.now() + flags.budgetMs;
    const goesOn = (version: number): boolean =>
      flags.count === undefined ? performance.now() < endAt : version - 2 < flags.count;
    for (let version = 2; goesOn(version); version += 1) await drill.update(version);
    drill.isStopping = true;
    await Promise.all(deciding);
    const reopened = await openPolicyStore(storePorts(files, systemClock));
    const isWhole = foldHistory(reopened.history(), sha256).ok && (await reopened.policyToRun()).ok;
    await files.release();
    await folder.remove();
    const rssSlopeRatio = Number(slopeRatio(drill.rssBytes).toFixed(4));
    const rules: readonly (readonly [broken: boolean, what: string])[] = [
      [drill.swaps === 0 || drill.decisions === 0, 'nothing was swapped or decided'],
      [drill.failed > 0, `${drill.failed} decisions failed`],
      [drill.mixed > 0, `${drill.mixed} decisions saw two policies`],
      [drill.wronglyAccepted > 0, `${drill.wronglyAccepted} updates ended with another policy active than they should`],
      [!isWhole, 'the history is broken or no policy can run after a restart'],
      [rssSlopeRatio > RSS_SLOPE_MAX, `memory grows by ${rssSlopeRatio} of its mean over the second half`],
    ];
    return {
      json: { swaps: drill.swaps, decisions: drill.decisions, failed: drill.failed, mixed: drill.mixed, rssSlopeRatio },
      failures: rules.filter(([broken]) => broken).map(([, what]) => what),
    };
  },
);
