import { err, ok, type Result } from '@esper/std';
import type { HistoryNote } from '../core/history/history-entry.js';
import { appliedEvent, rejectedEvent, type UpdateEvent } from '../core/update-event.js';
import type { RegistryErrorCode, RegistryRefusal } from '../errors.js';
import type { BundleSource } from '../ports.js';
import type { VerifiedBundle } from './load-bundle.js';
import { downgradeStatement, type PolicyStore } from './policy-store.js';

/** What a candidate did beside the live policy on live packets. */
export interface ShadowReport {
  /** Decisions that both were asked for. */
  readonly decisions: number;
  /** Decisions that were asked for; fewer are too few. */
  readonly wanted: number;
  /** How often each pair of commands came, as `LIVE→CANDIDATE`. */
  readonly agreement: Readonly<Record<string, number>>;
  /** Decisions in which the candidate, after the risk engine, was looser than the live policy. */
  readonly looser: readonly string[];
}

/** A candidate loaded and warm in a runtime of its own. */
export interface PolicyCandidate {
  /** Recomputes the golden decisions, and compares inputs and outputs with the manifest's sizes. */
  checkGolden(): Promise<Result<number, RegistryRefusal>>;
  /** p95 of a decision, in milliseconds. */
  measureLatencyMs(): Promise<number>;
  /** Absent where nothing is live to compare with. */
  shadow?(): Promise<ShadowReport>;
  /** Puts the candidate in place between two decisions. The old one stays warm until `settle` or `swapBack`. */
  swapIn(): Promise<void>;
  /** Looks at the first decisions after the swap; the text says what is wrong. */
  checkHealth(): Promise<Result<true, string>>;
  /** Puts back what was there before the swap, and resolves when no decision uses the candidate any more. */
  swapBack(): Promise<void>;
  /** The swap stands: lets the old one go when it has drained. */
  settle(): Promise<void>;
  /** Called when the candidate is not, or no longer, in place. */
  close(): Promise<void>;
}

export interface UpdatePorts {
  readonly store: PolicyStore;
  /** Compares the host's name tables with the bundle's: see `checkTables`. */
  readonly tables: (bundle: VerifiedBundle) => Result<true, RegistryRefusal>;
  /** Rejects when the model cannot be loaded and warmed. */
  readonly open: (bundle: VerifiedBundle) => Promise<PolicyCandidate>;
  readonly onEvent: (event: UpdateEvent) => void;
  /** Told before each step, for progress on long work. */
  readonly onStep?: (step: UpdateStep) => void;
}

export interface UpdateWish extends HistoryNote {
  /** Looser decisions in shadow that `who` accepts. Default 0. */
  readonly acceptLooserMax?: number;
  /** Gate on the candidate's p95, in milliseconds. */
  readonly latencyMsMax: number;
  /** Signs that an older version may be activated in this very state of the history: see `downgradeStatement`. */
  readonly downgrade?: (statement: Uint8Array) => Uint8Array;
}

export const UPDATE_STEPS = [
  'stage',
  'tables',
  'open',
  'golden',
  'latency',
  'shadow',
  'activate',
  'swap',
  'health',
  'settle',
] as const;
export type UpdateStep = (typeof UPDATE_STEPS)[number];

/** What an update came to. */
export interface UpdateApplied {
  readonly digest: string;
  readonly policyId: string;
  readonly policyVersion: number;
  readonly goldenCases: number;
  readonly latencyMs: number;
  readonly shadow: ShadowReport | undefined;
}

type Step<T> = Result<T, RegistryRefusal>;

/**
 * One update, all or nothing: stage, name tables, load apart, golden decisions, latency, shadow, activate, swap, health,
 * settle. Any failure leaves the live policy deciding, or puts it back, and is recorded and announced with its reason. Never
 * rejects for a bad candidate; rejects when the store cannot be written. One at a time: the caller's turn to take care of.
 */
export async function updatePolicy(
  source: BundleSource,
  wish: UpdateWish,
  ports: UpdatePorts,
): Promise<Result<UpdateApplied, RegistryRefusal>> {
  const outcome = await new PolicyUpdateRun(wish, ports).run(source);
  ports.onEvent(outcome.ok ? appliedEvent(outcome.value) : rejectedEvent(outcome.error));
  return outcome;
}

class PolicyUpdateRun {
  readonly #wish: UpdateWish;
  readonly #ports: UpdatePorts;

  constructor(wish: UpdateWish, ports: UpdatePorts) {
    this.#wish = wish;
    this.#ports = ports;
  }

  async run(source: BundleSource): Promise<Step<UpdateApplied>> {
    this.#step('stage');
    const staged = await this.#ports.store.stage(source, this.#wish);
    if (!staged.ok) return staged;
    this.#step('tables');
    const tables = this.#ports.tables(staged.value);
    if (!tables.ok) return this.#giveUp(staged.value, tables.error);
    this.#step('open');
    let candidate: PolicyCandidate;
    try {
      candidate = await this.#ports.open(staged.value);
    } catch (cause) {
      return this.#giveUp(staged.value, refusal('POLICY_OPEN_FAILED', cause));
    }
    return this.#tryOut(staged.value, candidate);
  }

  async #tryOut(bundle: VerifiedBundle, candidate: PolicyCandidate): Promise<Step<UpdateApplied>> {
    let outcome: Step<UpdateApplied> | undefined;
    try {
      outcome = await this.#proveAndPlace(bundle, candidate);
    } finally {
      if (outcome?.ok !== true) await candidate.close();
    }
    if (outcome.ok) {
      this.#step('settle');
      await candidate.settle();
    }
    return outcome;
  }

  async #proveAndPlace(bundle: VerifiedBundle, candidate: PolicyCandidate): Promise<Step<UpdateApplied>> {
    const proven = await this.#prove(bundle, candidate);
    if (!proven.ok) return this.#giveUp(bundle, proven.error);
    this.#step('activate');
    const { store } = this.#ports;
    const downgrade = this.#wish.downgrade?.(downgradeStatement(bundle.digest, store.state().headHash));
    const activated = await store.activate(bundle.digest, this.#wish, downgrade);
    if (!activated.ok) return this.#giveUp(bundle, activated.error);
    const placed = await this.#putInPlace(candidate);
    return placed.ok ? proven : this.#fallBack(placed.error);
  }

  async #prove(bundle: VerifiedBundle, candidate: PolicyCandidate): Promise<Step<UpdateApplied>> {
    this.#step('golden');
    const golden = await attempt(candidate.checkGolden(), 'POLICY_GOLDEN_MISMATCH');
    if (!golden.ok) return golden;
    this.#step('latency');
    const latency = await attempt(candidate.measureLatencyMs().then(ok), 'POLICY_TOO_SLOW');
    if (!latency.ok) return latency;
    const { latencyMsMax } = this.#wish;
    if (!(latency.value <= latencyMsMax)) {
      return err(refusal('POLICY_TOO_SLOW', `p95 ${latency.value.toFixed(2)} ms, at most ${latencyMsMax} ms`));
    }
    const shadow = await this.#shadow(bundle, candidate);
    if (!shadow.ok) return shadow;
    const { policyId, policyVersion } = bundle.manifest;
    return ok({
      digest: bundle.digest,
      policyId,
      policyVersion,
      goldenCases: golden.value,
      latencyMs: latency.value,
      shadow: shadow.value,
    });
  }

  async #shadow(bundle: VerifiedBundle, candidate: PolicyCandidate): Promise<Step<ShadowReport | undefined>> {
    if (candidate.shadow === undefined) return ok(undefined);
    this.#step('shadow');
    const recorded = await this.#ports.store.shadow(bundle.digest, this.#wish);
    if (!recorded.ok) return recorded;
    const report = await attempt(candidate.shadow().then(ok), 'POLICY_SHADOW_SHORT');
    if (!report.ok) return report;
    const { decisions, wanted, looser } = report.value;
    if (decisions < wanted)
      return err(refusal('POLICY_SHADOW_SHORT', `${decisions} of ${wanted} decisions came while it was in shadow`));
    const acceptedMax = this.#wish.acceptLooserMax ?? 0;
    if (looser.length <= acceptedMax) return report;
    const shown = looser.slice(0, 5).join('; ');
    const message = `${looser.length} of ${decisions} decisions looser, at most ${acceptedMax}: ${shown}`;
    return err(refusal('POLICY_LOOSER', message));
  }

  async #putInPlace(candidate: PolicyCandidate): Promise<Step<true>> {
    this.#step('swap');
    const swapped = await attempt(candidate.swapIn().then(ok), 'POLICY_SWAP_FAILED');
    if (!swapped.ok) return swapped;
    this.#step('health');
    const healthy = await attempt(inWords(candidate.checkHealth()), 'POLICY_UNHEALTHY');
    if (healthy.ok) return healthy;
    await candidate.swapBack();
    return healthy;
  }

  /** The candidate is in the history as active already: the history must say that it is so no longer. */
  async #fallBack(why: RegistryRefusal): Promise<Step<never>> {
    const { store } = this.#ports;
    const note = { who: this.#wish.who, why: reasonOf(why) };
    const returned = await store.returnToLastGood(note);
    if (!returned.ok && store.state().active !== undefined) await store.retire(store.state().active ?? '', note);
    return err(why);
  }

  async #giveUp(bundle: VerifiedBundle, why: RegistryRefusal): Promise<Step<never>> {
    await this.#ports.store.reject(bundle.digest, { who: this.#wish.who, why: reasonOf(why) });
    return err(why);
  }

  #step(step: UpdateStep): void {
    this.#ports.onStep?.(step);
  }
}

const REASON_CHARS_MAX = 1000;
const reasonOf = ({ code, message }: RegistryRefusal): string => `${code}: ${message}`.slice(0, REASON_CHARS_MAX);

const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

const refusal = (code: RegistryErrorCode, cause: unknown): RegistryRefusal => ({ code, message: textOf(cause) });

/** A check that rejects has failed like one that says no. */
async function attempt<T>(check: Promise<Step<T>>, code: RegistryErrorCode): Promise<Step<T>> {
  try {
    return await check;
  } catch (cause) {
    return err(refusal(code, cause));
  }
}

async function inWords(check: Promise<Result<true, string>>): Promise<Step<true>> {
  const outcome = await check;
  return outcome.ok ? outcome : err(refusal('POLICY_UNHEALTHY', outcome.error));
}
