import { err, ok, type Result } from '@esper/std';
import type { HistoryNote } from '../core/history/history-entry.js';
import { appliedEvent, rejectedEvent, type UpdateEvent } from '../core/update-event.js';
import type { RegistryErrorCode, RegistryRefusal } from '../errors.js';
import type { BundleSource } from '../ports.js';
import type { VerifiedBundle } from './load-bundle.js';
import type { PolicyStore } from './policy-store.js';

/** What a candidate did beside the live policy on live packets. */
export interface ShadowReport {
  readonly decisions: number;
  /** How often each pair of commands came, as `LIVE→CANDIDATE`. */
  readonly agreement: Readonly<Record<string, number>>;
  /** Decisions in which the candidate, after the risk engine, was looser than the live policy; bounded by the maker. */
  readonly looser: readonly string[];
}

/** A candidate loaded and warm in a runtime of its own. */
export interface PolicyCandidate {
  /** Recomputes the golden decisions; the text says which differ. */
  checkGolden(): Promise<Result<number, string>>;
  /** p95 of a decision, in milliseconds. */
  measureLatencyMs(): Promise<number>;
  /** Absent where nothing is live to compare with. */
  shadow?(): Promise<ShadowReport>;
  /** Puts the candidate in place between two decisions and keeps the old one until it has drained. */
  swapIn(): Promise<void>;
  /** Looks at the first decisions after the swap; the text says what is wrong. */
  checkHealth(): Promise<Result<true, string>>;
  /** Puts back what was there before the swap. */
  swapBack(): Promise<void>;
  close(): Promise<void>;
}

export interface UpdatePorts {
  readonly store: PolicyStore;
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
  /** Signature that allows an older version. */
  readonly downgrade?: Uint8Array;
}

export const UPDATE_STEPS = ['stage', 'open', 'golden', 'latency', 'shadow', 'activate', 'swap', 'health'] as const;
export type UpdateStep = (typeof UPDATE_STEPS)[number];

/** What an update came to. */
export interface UpdateApplied {
  readonly digest: string;
  readonly policyVersion: number;
  readonly goldenCases: number;
  readonly latencyMs: number;
  readonly shadow: ShadowReport | undefined;
}

type Step<T> = Result<T, RegistryRefusal>;

/**
 * One update, all or nothing: stage, load apart, golden decisions, latency, shadow, activate, swap, health. Any failure
 * leaves the live policy deciding, or puts it back, and is recorded and announced with its reason. Never rejects for a bad
 * candidate; rejects when the store cannot be written.
 */
export async function updatePolicy(
  source: BundleSource,
  wish: UpdateWish,
  ports: UpdatePorts,
): Promise<Result<UpdateApplied, RegistryRefusal>> {
  const update = new PolicyUpdateRun(wish, ports);
  const outcome = await update.run(source);
  ports.onEvent(
    outcome.ok
      ? appliedEvent(
          outcome.value.digest,
          update.manifest ?? { policyId: '', policyVersion: outcome.value.policyVersion },
        )
      : rejectedEvent(outcome.error),
  );
  return outcome;
}

class PolicyUpdateRun {
  readonly #wish: UpdateWish;
  readonly #ports: UpdatePorts;
  manifest: VerifiedBundle['manifest'] | undefined;

  constructor(wish: UpdateWish, ports: UpdatePorts) {
    this.#wish = wish;
    this.#ports = ports;
  }

  async run(source: BundleSource): Promise<Step<UpdateApplied>> {
    this.#step('stage');
    const staged = await this.#ports.store.stage(source, this.#wish);
    if (!staged.ok) return staged;
    this.manifest = staged.value.manifest;
    this.#step('open');
    let candidate: PolicyCandidate;
    try {
      candidate = await this.#ports.open(staged.value);
    } catch (cause) {
      return this.#giveUp(staged.value, refusal('POLICY_OPEN_FAILED', cause));
    }
    const outcome = await this.#tryOut(staged.value, candidate);
    if (!outcome.ok) await candidate.close();
    return outcome;
  }

  async #tryOut(bundle: VerifiedBundle, candidate: PolicyCandidate): Promise<Step<UpdateApplied>> {
    const proven = await this.#prove(bundle, candidate);
    if (!proven.ok) return this.#giveUp(bundle, proven.error);
    this.#step('activate');
    const activated = await this.#ports.store.activate(bundle.digest, this.#wish, this.#wish.downgrade);
    if (!activated.ok) return this.#giveUp(bundle, activated.error);
    const placed = await this.#putInPlace(candidate);
    if (placed.ok) return proven;
    return this.#fallBack(placed.error);
  }

  async #prove(bundle: VerifiedBundle, candidate: PolicyCandidate): Promise<Step<UpdateApplied>> {
    this.#step('golden');
    const golden = await attempt(candidate.checkGolden());
    if (!golden.ok) return err(refusal('POLICY_GOLDEN_MISMATCH', golden.error));
    this.#step('latency');
    const latencyMs = await candidate.measureLatencyMs();
    const { latencyMsMax } = this.#wish;
    if (!(latencyMs <= latencyMsMax)) {
      return err(refusal('POLICY_TOO_SLOW', `p95 ${latencyMs.toFixed(2)} ms, at most ${latencyMsMax} ms`));
    }
    const shadow = await this.#shadow(bundle, candidate);
    if (!shadow.ok) return shadow;
    const { digest, manifest } = bundle;
    const { policyVersion } = manifest;
    return ok({ digest, policyVersion, goldenCases: golden.value, latencyMs, shadow: shadow.value });
  }

  async #shadow(bundle: VerifiedBundle, candidate: PolicyCandidate): Promise<Step<ShadowReport | undefined>> {
    if (candidate.shadow === undefined) return ok(undefined);
    this.#step('shadow');
    const recorded = await this.#ports.store.shadow(bundle.digest, this.#wish);
    if (!recorded.ok) return recorded;
    const report = await candidate.shadow();
    const acceptedMax = this.#wish.acceptLooserMax ?? 0;
    if (report.looser.length <= acceptedMax) return ok(report);
    const shown = report.looser.slice(0, 5).join('; ');
    const message = `${report.looser.length} of ${report.decisions} decisions looser, at most ${acceptedMax}: ${shown}`;
    return err(refusal('POLICY_LOOSER', message));
  }

  async #putInPlace(candidate: PolicyCandidate): Promise<Step<true>> {
    this.#step('swap');
    try {
      await candidate.swapIn();
    } catch (cause) {
      return err(refusal('POLICY_SWAP_FAILED', cause));
    }
    this.#step('health');
    const healthy = await attempt(candidate.checkHealth());
    if (healthy.ok) return ok(true);
    await candidate.swapBack();
    return err(refusal('POLICY_UNHEALTHY', healthy.error));
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
async function attempt<T>(check: Promise<Result<T, string>>): Promise<Result<T, string>> {
  try {
    return await check;
  } catch (cause) {
    return err(textOf(cause));
  }
}
