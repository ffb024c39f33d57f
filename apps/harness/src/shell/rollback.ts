import { elapsedMs, err, ok, type Result } from '@esper/std';
import { learnedStateOf, withLearnedState } from '../core/restore.js';
import { addSnapshot, chooseSnapshot, type Snapshot } from '../core/snapshot-ring.js';
import type { RestoreRecord } from '../core/tally.js';
import { type TrainerEvent, trainerEvent } from '../core/trainer-event.js';
import type { TrainerState } from '../core/trainer-state.js';
import { HARNESS_ERRORS, type HarnessErrorCode } from '../errors.js';
import type { ResolvedTrainerOptions } from '../options.js';
import type { StoredCheckpoint, TrainerPorts } from '../ports.js';
import { encodeLearnedState } from '../wire/learned-state-codec.js';
import { learnedStateIn } from '../wire/stored-weights.js';
import { pauseFor, within } from './within.js';

type Tier = RestoreRecord['tier'];

/** A rollback that worked, or the run halted. */
export interface RollbackOutcome {
  readonly state: TrainerState;
  readonly events: readonly TrainerEvent[];
  readonly record?: RestoreRecord;
}

/** Keeps snapshots in memory and checkpoints in a store, and restores from them: fast first, full when that fails. */
export class RollbackKeeper {
  readonly #ports: TrainerPorts;
  readonly #options: ResolvedTrainerOptions;
  #ring: readonly Snapshot[] = [];
  #delayMs = 0;
  readonly #rotten = new WeakSet<Snapshot>();

  constructor(ports: TrainerPorts, options: ResolvedTrainerOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /** The snapshots in memory, oldest first. */
  get snapshots(): readonly Snapshot[] {
    return this.#ring;
  }

  /** Remembers what the run has learned so far, in memory; on disk too when `durable`. */
  async remember(state: TrainerState, durable: boolean): Promise<readonly TrainerEvent[]> {
    const bytes = encodeLearnedState(learnedStateOf(state));
    const snapshot = { step: state.step, bytes, digest: this.#ports.digest(bytes) };
    this.#ring = addSnapshot(this.#ring, snapshot, this.#options.ring);
    return durable && this.#ports.checkpoints !== undefined ? this.#checkpoint(snapshot) : [];
  }

  async #checkpoint(snapshot: Snapshot): Promise<readonly TrainerEvent[]> {
    try {
      await this.#ports.checkpoints?.write(snapshot);
      const attributes = { digest: snapshot.digest, bytes: String(snapshot.bytes.length) };
      return [trainerEvent('tolaria.checkpoint_written', snapshot.step, attributes)];
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message.slice(0, 200) : 'unknown';
      return [trainerEvent('tolaria.checkpoint_failed', snapshot.step, { detail })];
    }
  }

  /** Flips one bit of every snapshot in memory, once each: flipped twice it would be whole again. For fault injection. */
  rot(): void {
    this.#ring = this.#ring.map((snapshot) => {
      if (this.#rotten.has(snapshot)) return snapshot;
      const bytes = Uint8Array.from(snapshot.bytes);
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] as number) ^ 0x10;
      const rotten = { ...snapshot, bytes };
      this.#rotten.add(rotten);
      return rotten;
    });
  }

  /** The next restore takes this much longer. For fault injection. */
  delayNext(ms: number): void {
    this.#delayMs = ms;
  }

  /** Restores from `tier`; a fast restore that fails goes on to the full one; when that fails too, the run halts. */
  async restore(state: TrainerState, tier: Tier): Promise<RollbackOutcome> {
    const events: TrainerEvent[] = [];
    let late = false;
    for (const attempt of tier === 'fast' ? (['fast', 'full'] as const) : (['full'] as const)) {
      const outcome = await this.#attempt(state, attempt);
      if (outcome.ok) return this.#finish(outcome.value, events);
      late = outcome.error === 'rollback_deadline';
      const attributes = { tier: attempt, reason: outcome.error, detail: HARNESS_ERRORS[outcome.error].means };
      events.push(trainerEvent('tolaria.rollback.restore_failed', state.step, attributes));
    }
    return halted(state, late ? 'rollback_deadline' : 'rollback_failed', events);
  }

  async #attempt(
    state: TrainerState,
    tier: Tier,
  ): Promise<Result<{ state: TrainerState; record: RestoreRecord }, HarnessErrorCode>> {
    const { clock, digest } = this.#ports;
    const begun = clock.monoMs();
    const stored = await this.#find(state, tier);
    if (!stored.ok) return stored;
    const learned = learnedStateIn(stored.value, digest);
    if (!learned.ok) return learned;
    await this.#delay();
    const prepared = clock.monoMs();
    const restored = withLearnedState(state, learned.value, stored.value.step);
    const committed = clock.monoMs();
    // Read back what is in place now, not what was read: schedules are put back to where they were for the comparison.
    const inPlace = withLearnedState({ ...restored, step: stored.value.step }, learnedStateOf(restored), restored.step);
    if (digest(encodeLearnedState(learnedStateOf(inPlace))) !== stored.value.digest)
      return err('restore_not_confirmed');
    const confirmed = clock.monoMs();
    const record = {
      atStep: state.step,
      toStep: stored.value.step,
      tier,
      prepareMs: elapsedMs(begun, prepared),
      commitMs: elapsedMs(prepared, committed),
      confirmMs: elapsedMs(committed, confirmed),
    };
    return ok({ state: restored, record });
  }

  async #delay(): Promise<void> {
    const delayMs = this.#delayMs;
    this.#delayMs = 0;
    if (delayMs > 0) await pauseFor(this.#ports, delayMs);
  }

  async #find(state: TrainerState, tier: Tier): Promise<Result<StoredCheckpoint, HarnessErrorCode>> {
    if (tier === 'fast') {
      const marginSteps = this.#options.snapshotMarginSteps;
      const snapshot = chooseSnapshot(this.#ring, { step: state.step, marginSteps });
      return snapshot === undefined ? err('snapshot_missing') : ok(snapshot);
    }
    const { checkpoints } = this.#ports;
    if (checkpoints === undefined) return err('checkpoint_missing');
    const read = await within(this.#ports, this.#options.fullRestoreDeadlineMs, checkpoints.latest());
    // The store's own error says more than a trainer can use; the reason is what operators see.
    if (!read.ok) return err(read.error.kind === 'late' ? 'rollback_deadline' : 'restore_read_failed');
    return read.value === undefined ? err('checkpoint_missing') : ok(read.value);
  }

  #finish(done: { state: TrainerState; record: RestoreRecord }, events: TrainerEvent[]): RollbackOutcome {
    const { state, record } = done;
    const totalMs = record.prepareMs + record.commitMs + record.confirmMs;
    const limitMs = record.tier === 'fast' ? this.#options.fastRestoreDeadlineMs : this.#options.fullRestoreDeadlineMs;
    events.push(
      trainerEvent('tolaria.rollback.restored', state.step, {
        tier: record.tier,
        to_step: String(record.toStep),
        total_ms: totalMs.toFixed(3),
        limit_ms: String(limitMs),
      }),
    );
    // Snapshots from after the restored step hold what was rolled back.
    this.#ring = this.#ring.filter(({ step }) => step <= record.toStep);
    return totalMs <= limitMs ? { state, events, record } : { ...halted(state, 'rollback_deadline', events), record };
  }
}

/** The run stopped for good. */
export function halted(state: TrainerState, reason: string, events: readonly TrainerEvent[] = []): RollbackOutcome {
  const event = trainerEvent('tolaria.emergency.halt', state.step, { level: 'HALT', reason });
  return { state: { ...state, halted: { reason } }, events: [...events, event] };
}
