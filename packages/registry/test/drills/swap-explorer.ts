import { err, ok } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { SeededRandom, tempFolder } from '@esper/testkit';
import {
  foldHistory,
  type LiveSlot,
  liveSlot,
  openPolicyStore,
  type PolicyCandidate,
  type PolicyStore,
  type UpdatePorts,
  updatePolicy,
} from '../../src/index.js';
import { policyStoreFolder, sha256 } from '../../src/node.js';
import { bundleInMemory, NOTE, storePorts } from '../bundle/store-bench.js';

/**
 * Whole updates (stage, check, activate, swap, health, settle) on a real folder, while decisions go on. What decides is a
 * stand-in that answers after a random while: this is about the swap alone, and fast enough for every test run. The host's
 * `registry:swap` does the same with real models in their processes.
 */
const DECISIONS_AT_ONCE = 8;

export const SWAP_SABOTAGES = {
  'closed-before-drained': 'the old policy is closed at the swap, while decisions still use it',
  'read-twice': 'a decision asks for the policy in force again half way',
  'never-closed': 'replaced policies are kept for ever',
  'history-skipped': 'a swap is not recorded in the history',
  'golden-unchecked': 'a candidate whose golden decisions differ is accepted',
  'not-swapped-back': 'an unhealthy policy stays in force',
} as const;
export type SwapSabotage = keyof typeof SWAP_SABOTAGES;

export interface SwapTotals {
  swaps: number;
  decisions: number;
  /** Decisions whose policy was closed under them. */
  failed: number;
  /** Decisions that saw two policies. */
  mixed: number;
  /** Updates after which another policy was in force, in the slot or in the history, than should be. */
  wrong: number;
  /** Policies neither closed nor in force at the end. */
  leaked: number;
  /** Whether the history holds and its active policy verifies after the last swap. */
  isWhole: boolean;
}

interface Policy {
  readonly digest: string;
  isClosed: boolean;
}

/** Every third candidate fails its golden decisions, every fifth its health gate. */
const isBad = (version: number): boolean => version % 3 === 0;
const isSick = (version: number): boolean => version % 5 === 0;

class SwapBench {
  readonly totals: SwapTotals = { swaps: 0, decisions: 0, failed: 0, mixed: 0, wrong: 0, leaked: 0, isWhole: false };
  readonly #sabotage: SwapSabotage | undefined;
  readonly #random: SeededRandom;
  readonly #store: PolicyStore;
  readonly #slot: LiveSlot<Policy>;
  readonly #made: Policy[] = [];
  isStopping = false;

  constructor(store: PolicyStore, { seed, sabotage }: { seed: number; sabotage: SwapSabotage | undefined }) {
    this.#store = store;
    this.#sabotage = sabotage;
    this.#random = new SeededRandom(seed);
    this.#slot = liveSlot(this.#make(store.state().active ?? ''));
  }

  async decideForEver(): Promise<void> {
    while (!this.isStopping) {
      await this.#slot
        .use((live) => this.#decide(live))
        .catch(() => {
          this.totals.failed += 1;
        });
    }
  }

  /** One update, and what must be in force after it. */
  async update(version: number): Promise<void> {
    const { source, digest } = bundleInMemory(version);
    const before = this.#slot.current().digest;
    const ports: UpdatePorts = {
      store: this.#sabotage === 'history-skipped' ? forgetful(this.#store) : this.#store,
      tables: () => ok(true),
      onEvent: () => undefined,
      open: async () => this.#candidate(version, this.#make(digest)),
    };
    const outcome = await updatePolicy(source, { ...NOTE, latencyMsMax: 45 }, ports);
    this.totals.swaps += outcome.ok ? 1 : 0;
    const mayPass = !(isBad(version) || isSick(version));
    const expected = mayPass ? digest : before;
    const inForce = [this.#store.state().active, this.#slot.current().digest];
    if (outcome.ok !== mayPass || inForce.some((one) => one !== expected)) this.totals.wrong += 1;
  }

  leaked(): number {
    return this.#made.filter((one) => !one.isClosed && one !== this.#slot.current()).length;
  }

  #make(digest: string): Policy {
    const made = { digest, isClosed: false };
    this.#made.push(made);
    return made;
  }

  #candidate(version: number, next: Policy): PolicyCandidate {
    let old = { value: next, drained: Promise.resolve() };
    return {
      checkGolden: async () =>
        isBad(version) && this.#sabotage !== 'golden-unchecked'
          ? err({ code: 'POLICY_GOLDEN_MISMATCH', message: 'case 1 differs' })
          : ok(1),
      measureLatencyMs: async () => 1,
      swapIn: async () => {
        old = this.#slot.replace(next);
        if (this.#sabotage === 'closed-before-drained') old.value.isClosed = true;
      },
      checkHealth: async () => (isSick(version) ? err('3 of 5 decisions failed') : ok(true)),
      swapBack: async () => {
        if (this.#sabotage !== 'not-swapped-back') await this.#slot.replace(old.value).drained;
      },
      settle: async () => {
        await old.drained;
        old.value.isClosed = this.#sabotage !== 'never-closed';
      },
      close: async () => {
        next.isClosed = true;
      },
    };
  }

  async #decide(live: Policy): Promise<void> {
    await pause(this.#random.int(0, 4));
    const sealedBy = this.#sabotage === 'read-twice' ? this.#slot.current() : live;
    if (live.isClosed) throw new Error('the policy was closed under a decision');
    if (sealedBy.digest !== live.digest) this.totals.mixed += 1;
    this.totals.decisions += 1;
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

/** `count` updates under load, then a restart. */
export async function exploreSwaps(plan: {
  readonly seed: number;
  readonly count: number;
  readonly sabotage?: SwapSabotage;
}): Promise<SwapTotals> {
  const folder = await tempFolder();
  const files = await policyStoreFolder(folder.path);
  const store = await openPolicyStore(storePorts(files, systemClock));
  const first = bundleInMemory(1);
  await store.stage(first.source, NOTE);
  await store.activate(first.digest, NOTE);
  const bench = new SwapBench(store, { seed: plan.seed, sabotage: plan.sabotage });
  const deciding = Array.from({ length: DECISIONS_AT_ONCE }, () => bench.decideForEver());
  for (let version = 2; version - 2 < plan.count; version += 1) {
    await bench.update(version);
    await pause(1);
  }
  bench.isStopping = true;
  await Promise.all(deciding);
  const reopened = await openPolicyStore(storePorts(files, systemClock));
  const isWhole = foldHistory(reopened.history(), sha256).ok && (await reopened.policyToRun()).ok;
  await files.release();
  await folder.remove();
  return { ...bench.totals, leaked: bench.leaked(), isWhole };
}
