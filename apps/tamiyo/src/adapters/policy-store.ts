import type { CommandDraft, TelemetryEvent } from '@esper/leyline';
import {
  type BundleSource,
  checkTables,
  type HistoryNote,
  type LiveSlot,
  liveSlot,
  type NameTables,
  type PolicyCandidate,
  type PolicyStore,
  parseTablesFile,
  type RegistryRefusal,
  rollBackPolicy,
  TABLES_FILE,
  type TableName,
  type UpdateApplied,
  type UpdateEvent,
  type UpdateStep,
  updatePolicy,
  type VerifiedBundle,
} from '@esper/registry';
import { sha256 } from '@esper/registry/node';
import { err, ok, type Result } from '@esper/std';
import type { Timers } from '../decision/deadline.js';
import type { DecisionRecord, FailureRecord } from '../records/record.js';
import type { RunState } from '../runs/run-state.js';
import type { ActivePolicy } from '../stages/parts.js';
import { openRuntime, type PolicyRuntime, provenRuntime, type RuntimeSettings } from './policy-runtime.js';
import { type InForce, type LiveWatchers, policyCandidate } from './policy-store-candidate.js';
import type { HealthLimits } from './policy-store-health.js';
import type { LiveDecision, ShadowLimits } from './policy-store-shadow.js';

/** The host's name tables, as policies are compared with them. */
export interface TablesHeld {
  tables(): NameTables;
  pathOf(table: TableName): string;
}

export interface PolicyStoreSettings {
  readonly runtime: RuntimeSettings;
  /** Gate on a candidate's p95, in milliseconds. */
  readonly latencyMsMax: number;
  readonly shadow: ShadowLimits;
  readonly health: HealthLimits;
}

export interface LivePolicyParts {
  readonly store: PolicyStore;
  readonly tables: TablesHeld;
  readonly timers: Timers;
  readonly settings: PolicyStoreSettings;
  readonly tell: (event: TelemetryEvent) => void;
  /** Lets the store's folder go. */
  readonly release: () => Promise<void>;
}

/** What whoever asks for an update says about it. */
export interface PolicyWish extends HistoryNote {
  readonly acceptLooserMax?: number;
  readonly downgrade?: (statement: Uint8Array) => Uint8Array;
  /** Decisions in shadow; default: the configuration's. */
  readonly shadowDecisions?: number;
  readonly onStep?: (step: UpdateStep) => void;
}

/** What a candidate would command instead of the live policy. */
export type DecideInShadow = (policy: ActivePolicy, live: LiveDecision) => Promise<CommandDraft>;

/** The policies of a host: the one in force, and how it comes to be another one. Updates are carried out one by one. */
export class LivePolicies {
  readonly #parts: LivePolicyParts;
  readonly #slot: LiveSlot<InForce>;
  readonly #watchers: LiveWatchers = { shadow: undefined, health: undefined, isClosing: false };
  #decide: DecideInShadow | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: LivePolicyParts, first: InForce) {
    this.#parts = parts;
    this.#slot = liveSlot(first);
  }

  /** The policy in force, or why there is none. */
  inForce(): Result<ActivePolicy, string> {
    const now = this.#slot.current();
    return now.kind === 'policy' ? ok(now.runtime.active) : err(now.why);
  }

  /** The policy in force with its bundle and runtime, for looking at. */
  current(): PolicyRuntime | undefined {
    const now = this.#slot.current();
    return now.kind === 'policy' ? now.runtime : undefined;
  }

  get store(): PolicyStore {
    return this.#parts.store;
  }

  /** Runs one decision; the policy it begins with stays open until it has ended, whatever replaces it meanwhile. */
  hold<R>(work: () => Promise<R>): Promise<R> {
    return this.#slot.use(() => work());
  }

  /** From here on candidates are compared with live decisions. */
  compareWith(decide: DecideInShadow): void {
    this.#decide = decide;
  }

  /** Shows what became of a packet to whoever compares or watches. Never waits, never throws. */
  watch(record: DecisionRecord | FailureRecord, before: RunState): void {
    const { health, shadow } = this.#watchers;
    if (health !== undefined && record.digests.policy === health.digest) {
      health.watch.saw(record.kind === 'failure' ? record.code : undefined);
    }
    if (record.kind === 'decision') shadow?.offer({ record, before });
  }

  /** Takes a candidate through every gate, and swaps it in or leaves everything as it is. */
  update(source: BundleSource, wish: PolicyWish): Promise<Result<UpdateApplied, RegistryRefusal>> {
    // The first policy has nothing to be slower than.
    const latencyMsMax = this.inForce().ok ? this.#parts.settings.latencyMsMax : Number.POSITIVE_INFINITY;
    return this.#inTurn(() =>
      updatePolicy(source, { latencyMsMax, ...wish }, { ...this.#ports(wish), ...onStepOf(wish) }),
    );
  }

  /** Verifies a bundle and keeps it, to be promoted later. */
  stage(source: BundleSource, note: HistoryNote): Promise<Result<VerifiedBundle, RegistryRefusal>> {
    return this.#inTurn(() => this.#parts.store.stage(source, note));
  }

  /** Goes back to the last known good policy, on a named operator's order. */
  rollBack(note: HistoryNote): Promise<Result<VerifiedBundle, RegistryRefusal>> {
    return this.#inTurn(() => rollBackPolicy(note, this.#ports({ ...note, shadowDecisions: 0 })));
  }

  /** Lets an update under way end, then closes the policy in force. */
  async close(): Promise<void> {
    this.#watchers.isClosing = true;
    this.#watchers.shadow?.end();
    this.#watchers.health?.watch.end();
    await this.#turn;
    const last = this.#slot.replace({ kind: 'none', why: 'the host is closing' });
    await last.drained;
    try {
      if (last.value.kind === 'policy') await last.value.runtime.host.close();
    } finally {
      await this.#parts.release();
    }
  }

  #ports(wish: PolicyWish) {
    const { store } = this.#parts;
    return {
      store,
      tables: (bundle: VerifiedBundle) => compareTables(bundle, this.#parts.tables),
      open: (bundle: VerifiedBundle) => this.#open(bundle, wish),
      onEvent: (event: UpdateEvent) => this.#parts.tell(noticeOf(event)),
    };
  }

  async #open(bundle: VerifiedBundle, wish: PolicyWish): Promise<PolicyCandidate> {
    const { settings, timers } = this.#parts;
    const runtime = await openRuntime(bundle, settings.runtime);
    const decide = this.#decide;
    return policyCandidate(runtime, {
      slot: this.#slot,
      watchers: this.#watchers,
      timers,
      shadow: { ...settings.shadow, decisions: wish.shadowDecisions ?? settings.shadow.decisions },
      health: settings.health,
      ...(decide === undefined ? {} : { decide: (of, live) => decide(of.active, live) }),
    });
  }

  #inTurn<T>(work: () => Promise<Result<T, RegistryRefusal>>): Promise<Result<T, RegistryRefusal>> {
    const closed = { code: 'POLICY_SWAP_FAILED', message: 'the host is closing' } as const;
    const result = this.#turn.then(() => (this.#watchers.isClosing ? err(closed) : work()));
    // Whoever asked hears of a failure; the next in turn does not.
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

const onStepOf = ({ onStep }: PolicyWish) => (onStep === undefined ? {} : { onStep });

/** An update's event as telemetry has it. */
export const noticeOf = ({ name, level, attributes }: UpdateEvent): TelemetryEvent => ({
  description: name,
  level,
  attributes,
});

/** Whether the host's tables are those the bundle was made with, entry by entry where the bundle carries them. */
export function compareTables(
  { manifest, files }: Pick<VerifiedBundle, 'manifest' | 'files'>,
  held: TablesHeld,
): Result<true, RegistryRefusal> {
  const file = files.get(TABLES_FILE);
  const expected = file === undefined ? undefined : parseTablesFile(file);
  if (expected?.ok === false) return expected;
  return checkTables({
    manifest,
    tables: held.tables(),
    pathOf: (table) => held.pathOf(table),
    sha256,
    ...(expected === undefined ? {} : { expected: expected.value }),
  });
}

/**
 * The first policy of the history that runs here: the active one, else the last known good. Tells what is wrong with the
 * active one, and with both when neither runs: the host then stays up, and no packet gets a command.
 */
export async function firstThatRuns(parts: LivePolicyParts): Promise<InForce> {
  const { active, lastGood } = parts.store.state();
  const reasons: string[] = [];
  for (const digest of [active, lastGood]) {
    if (digest === undefined) continue;
    const opened = await openKept(digest, parts);
    if (opened.ok) {
      if (reasons.length > 0) parts.tell(alarm('policy_fallback', { runs: digest, why: reasons.join('; ') }));
      return { kind: 'policy', runtime: opened.value };
    }
    reasons.push(`${digest.slice(0, 12)}: ${opened.error.code}: ${opened.error.message}`);
  }
  const why = reasons.join('; ') || 'no policy has been activated';
  parts.tell(alarm('policy_unavailable', { why }));
  return { kind: 'none', why };
}

const alarm = (description: string, attributes: Readonly<Record<string, string>>): TelemetryEvent => ({
  description,
  level: 'CRITICAL',
  attributes,
});

async function openKept(digest: string, parts: LivePolicyParts): Promise<Result<PolicyRuntime, RegistryRefusal>> {
  const bundle = await parts.store.load(digest);
  if (!bundle.ok) return bundle;
  const tables = compareTables(bundle.value, parts.tables);
  if (!tables.ok) return tables;
  try {
    return ok(await provenRuntime(bundle.value, parts.settings.runtime));
  } catch (cause) {
    return err({ code: 'POLICY_OPEN_FAILED', message: cause instanceof Error ? cause.message : String(cause) });
  }
}
