import { err, ok, type Result, type WallClock } from '@esper/std';
import { type BundleManifest, MANIFEST_FILE, MODEL_FILE, SIGNATURE_FILE } from '../core/bundle/manifest.js';
import type { HistoryAction, HistoryEntry, HistoryEvent, HistoryNote } from '../core/history/history-entry.js';
import { follow, mayFollow, type PolicyStanding, type PolicyState } from '../core/history/policy-state.js';
import { RegistryError, type RegistryRefusal } from '../errors.js';
import type { BundleSource, PolicyStoreFiles } from '../ports.js';
import { historyLine } from '../wire/history-file.js';
import { type BundleChecks, loadBundle, type VerifiedBundle } from './load-bundle.js';
import { readHistory } from './read-history.js';

export interface PolicyStorePorts extends BundleChecks {
  readonly files: PolicyStoreFiles;
  readonly clock: WallClock;
  /** Checks a signed wish to activate an older version: see {@link downgradeStatement}. Absent: no downgrades. */
  readonly downgrade?: (statement: Uint8Array, signature: Uint8Array) => boolean;
}

export interface PolicyStoreLimits {
  /** Oldest a bundle may be when it is staged, in milliseconds; 0 is no limit. Default 0. */
  readonly ageMsMax?: number;
  /** How far a bundle's date may lie ahead of this clock, in milliseconds. Default 300,000. */
  readonly aheadMsMax?: number;
}
const AHEAD_MS_MAX = 300_000;
/** Standings of a policy that has come and was not decided about. */
const WAITING: ReadonlySet<PolicyStanding> = new Set(['staged', 'shadow']);

/** A note, and whether an older version was asked for by a trusted key. */
type EventNote = HistoryNote & { readonly isDowngrade?: boolean };

type Answer<T> = Promise<Result<T, RegistryRefusal>>;

/** What opening has found in a store that was not closed in order. */
export interface StoreRecovery {
  /** Bytes of an unfinished last line that were cut off. */
  readonly tornBytes: number;
}

/** Which policy a host should run. */
export interface PolicyToRun {
  readonly bundle: VerifiedBundle;
  readonly from: 'active' | 'last-good';
  /** Why the active one is not the one, when it is not. */
  readonly refused?: RegistryRefusal;
}

/** The bytes that a trusted key signs to allow that an older version is activated in this very state of the history. */
export const downgradeStatement = (digest: string, headHash: string): Uint8Array =>
  new TextEncoder().encode(`esper.policy-downgrade.v1\n${digest}\n${headHash}\n`);

/**
 * Opens a store: reads the history, checks every link, cuts off a line that was never finished. Rejects with
 * `HISTORY_BROKEN` when the chain does not hold; nothing is repaired then.
 */
export async function openPolicyStore(ports: PolicyStorePorts, limits: PolicyStoreLimits = {}): Promise<PolicyStore> {
  const found = await readHistory(ports.files, ports.sha256);
  if (found.tornBytes > 0) await ports.files.cutHistory(found.wholeBytes);
  return new PolicyStore(ports, limits, found);
}

/**
 * Policies on disk and what was done with them. Each change is one durable line of the history: before it the old state
 * holds, after it the new one, whatever happens in between. Calls are carried out one after the other.
 */
export class PolicyStore {
  readonly recovery: StoreRecovery;
  readonly #ports: PolicyStorePorts;
  readonly #limits: Required<PolicyStoreLimits>;
  #entries: readonly HistoryEntry[];
  #state: PolicyState;
  #turn: Promise<unknown> = Promise.resolve();
  #failure: RegistryError | undefined;

  constructor(
    ports: PolicyStorePorts,
    limits: PolicyStoreLimits,
    found: { readonly entries: readonly HistoryEntry[]; readonly state: PolicyState; readonly tornBytes: number },
  ) {
    this.#ports = ports;
    this.#limits = { ageMsMax: limits.ageMsMax ?? 0, aheadMsMax: limits.aheadMsMax ?? AHEAD_MS_MAX };
    this.#entries = found.entries;
    this.#state = found.state;
    this.recovery = { tornBytes: found.tornBytes };
  }

  state(): PolicyState {
    return this.#state;
  }

  history(): readonly HistoryEntry[] {
    return this.#entries;
  }

  /**
   * Verifies a bundle, keeps its verified bytes, and records it as staged. Durable when resolved. One that is staged or in
   * shadow already stays where it stands: whoever was killed in an update may begin it again.
   */
  stage(source: BundleSource, note: HistoryNote): Answer<VerifiedBundle> {
    return this.#inTurn(async () => {
      const loaded = await loadBundle(source, this.#ports);
      if (!loaded.ok) return loaded;
      const fit = this.#fitToStage(loaded.value.manifest, source.location);
      if (!fit.ok) return fit;
      const { files, signed, digest } = loaded.value;
      const isWaiting = WAITING.has(this.#state.standings.get(digest) ?? 'unknown');
      const event = this.#event('staged', loaded.value, note);
      const allowed = isWaiting ? ok(true) : mayFollow(this.#state, event);
      if (!allowed.ok) return allowed;
      await this.#ports.files.keepOnly(this.#needed());
      await this.#ports.files.keepBundle(
        digest,
        new Map([...files, [MANIFEST_FILE, signed.manifest], [SIGNATURE_FILE, signed.signature]]),
      );
      if (!isWaiting) await this.#append(event);
      return loaded;
    });
  }

  /** Records that a staged policy now sees live packets without deciding. Durable when resolved; one in shadow stays so. */
  shadow(digest: string, note: HistoryNote): Answer<VerifiedBundle> {
    return this.#inTurn(() =>
      this.#state.standings.get(digest) === 'shadow' ? this.load(digest) : this.#record('shadowed', digest, note),
    );
  }

  /**
   * Verifies the kept bytes again and records the policy as the one in force; the one before it becomes the last known
   * good. A version that does not rise needs `downgrade`: a trusted signature over {@link downgradeStatement}.
   */
  activate(digest: string, note: HistoryNote, downgrade?: Uint8Array): Answer<VerifiedBundle> {
    return this.#inTurn(async () => {
      const statement = downgradeStatement(digest, this.#state.headHash);
      const mayGoBack = downgrade !== undefined && (this.#ports.downgrade?.(statement, downgrade) ?? false);
      if (downgrade !== undefined && !mayGoBack) {
        return err({
          code: 'POLICY_DOWNGRADE_UNSIGNED',
          message: `the downgrade to ${digest.slice(0, 12)} is not signed by a trusted key for this state of the history`,
        } as const);
      }
      return this.#record('activated', digest, { who: note.who, why: note.why, isDowngrade: mayGoBack });
    });
  }

  /** Puts the last known good policy back in force and rejects the one that was. */
  returnToLastGood(note: HistoryNote): Answer<VerifiedBundle> {
    return this.#inTurn(async () => {
      const { lastGood } = this.#state;
      if (lastGood !== undefined) return this.#record('returned', lastGood, note);
      return err({
        code: 'POLICY_NONE',
        message: `${this.#ports.files.location} has no last known good policy`,
      } as const);
    });
  }

  /** Records that a staged or shadowed policy will not be used. */
  reject(digest: string, note: HistoryNote): Answer<VerifiedBundle> {
    return this.#inTurn(() => this.#record('rejected', digest, note));
  }

  /** Takes the active policy out of force; then there is none. */
  retire(digest: string, note: HistoryNote): Answer<VerifiedBundle> {
    return this.#inTurn(() => this.#record('retired', digest, note));
  }

  /** A kept bundle as a source, to be verified like any other. */
  kept(digest: string): BundleSource {
    return this.#ports.files.bundle(digest);
  }

  /** The verified bytes of a kept bundle. */
  load(digest: string): Answer<VerifiedBundle> {
    return loadBundle(this.kept(digest), this.#ports);
  }

  /**
   * What to run at the start: the active policy; when its bytes do not hold, the last known good. `POLICY_NONE` when
   * neither can be used: the host then stays up in conservative mode.
   */
  async policyToRun(): Answer<PolicyToRun> {
    const { active, lastGood } = this.#state;
    const first = active === undefined ? undefined : await this.load(active);
    if (first?.ok) return ok({ bundle: first.value, from: 'active' });
    const second = lastGood === undefined ? undefined : await this.load(lastGood);
    if (second?.ok) return ok({ bundle: second.value, from: 'last-good', ...(first ? { refused: first.error } : {}) });
    const reasons = [first, second].flatMap((one) =>
      one === undefined ? [] : [`${one.error.code}: ${one.error.message}`],
    );
    const why = reasons.length === 0 ? 'none has been activated' : reasons.join('; ');
    return err({ code: 'POLICY_NONE', message: `${this.#ports.files.location} has no policy that can run: ${why}` });
  }

  /** Bundles that something may still ask for: in force, last known good, staged, in shadow. */
  #needed(): ReadonlySet<string> {
    const { active, lastGood, standings } = this.#state;
    const waiting = [...standings].filter(([, standing]) => WAITING.has(standing)).map(([digest]) => digest);
    return new Set([active, lastGood, ...waiting].filter((digest) => digest !== undefined));
  }

  #fitToStage(manifest: BundleManifest, location: string): Result<true, RegistryRefusal> {
    const ageMs = this.#ports.clock.wallMs() - manifest.createdAtMs;
    if (manifest.files[MODEL_FILE] === undefined) {
      return err({ code: 'BUNDLE_MODEL_MISSING', message: `${location}: the manifest names no ${MODEL_FILE}` });
    }
    if (ageMs < -this.#limits.aheadMsMax) {
      return err({
        code: 'POLICY_FROM_FUTURE',
        message: `${location}: the bundle is dated ${-ageMs} ms ahead of this clock`,
      });
    }
    if (this.#limits.ageMsMax > 0 && ageMs > this.#limits.ageMsMax) {
      return err({
        code: 'POLICY_STALE',
        message: `${location}: the bundle is ${ageMs} ms old, at most ${this.#limits.ageMsMax}`,
      });
    }
    return ok(true);
  }

  async #record(action: HistoryAction, digest: string, note: EventNote): Answer<VerifiedBundle> {
    const loaded = await this.load(digest);
    // What can no longer be verified can still be put away, by what the history knows about it.
    const known = this.#entries.findLast((entry) => entry.digest === digest);
    const policy = loaded.ok ? loaded.value : undefined;
    if (policy === undefined && !(known !== undefined && (action === 'rejected' || action === 'retired')))
      return loaded;
    const event = this.#event(action, policy ?? { digest, manifest: known as HistoryEntry }, note);
    const allowed = mayFollow(this.#state, event);
    if (!allowed.ok) return allowed;
    await this.#append(event);
    return loaded;
  }

  #event(
    action: HistoryAction,
    { digest, manifest }: { digest: string; manifest: Pick<BundleManifest, 'policyId' | 'policyVersion'> },
    { who, why, isDowngrade = false }: EventNote,
  ): HistoryEvent {
    const { policyId, policyVersion } = manifest;
    const atMs = this.#ports.clock.wallMs();
    return { action, digest, policyId, policyVersion, atMs, downgrade: isDowngrade, who, why };
  }

  /** The commit point. After a failed write the disk may hold either state: nothing is written until it is read anew. */
  async #append(event: HistoryEvent): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { state, entry } = follow(this.#state, event, this.#ports.sha256);
    const line = historyLine(entry);
    try {
      await this.#ports.files.appendHistory(line);
    } catch (cause) {
      this.#failure = new RegistryError('STORE_WRITE_FAILED', `${this.#ports.files.location}: history not written`, {
        cause,
      });
      throw this.#failure;
    }
    this.#state = state;
    this.#entries = [...this.#entries, entry];
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
