import type { TelemetryEvent } from '@esper/leyline';
import type { CommitAnswer, EnterAnswer, RunOwner } from '@esper/run-ownership';
import { isCodedError, type WallClock } from '@esper/std';
import { answerOf } from '../decision/recent-answers.js';
import { DecisionError } from '../errors.js';
import type { DecisionRecord, RunRecord } from '../records/record.js';
import type { RunState } from '../runs/run-state.js';
import type { RunTable } from '../runs/run-table.js';
import type { AnswerStore, DecisionJournal } from '../stages/parts.js';
import type { Delivered } from '../stages/stages.js';
import type { LedgerCodec } from './ledger-codec.js';
import type { RunOwnership } from './run-ownership.js';

/**
 * Answers of this host's own log count for nothing while runs are shared: a record may stand there whose command another host's
 * take-over has stopped. What was answered, the ledger says when the run is entered.
 */
export const ANSWERS_OF_THE_LEDGER: AnswerStore = { find: async () => undefined, keep: () => undefined };

/** What sharing joins. */
export interface SharedOwnerParts {
  readonly owner: RunOwner;
  readonly codec: LedgerCodec;
  readonly runs: Pick<RunTable, 'has' | 'get' | 'set'>;
  readonly journal: DecisionJournal;
  readonly clock: WallClock;
  readonly tell: (event: TelemetryEvent) => void;
}

/** Packet ids beyond this are no packet's; the decision that follows says so. */
const PACKET_ID_CHARACTERS_MAX = 512;

type Granted = Extract<EnterAnswer, { readonly kind: 'granted' }>;

/** A host that shares its runs through a ledger: asks before it decides, and writes before it delivers. */
export class SharedOwner implements RunOwnership {
  readonly #parts: SharedOwnerParts;

  constructor(parts: SharedOwnerParts) {
    this.#parts = parts;
  }

  async enter(trainingRunId: string, packetId?: string): Promise<Delivered | undefined> {
    const asked = packetId === undefined || packetId.length > PACKET_ID_CHARACTERS_MAX ? undefined : packetId;
    const answer = await known(this.#parts.owner.enter(trainingRunId, asked));
    switch (answer.kind) {
      case 'granted':
        this.#take(trainingRunId, answer);
        return undefined;
      case 'answered':
        return answerOf(this.#parts.codec.answerOf(trainingRunId, asked ?? '', answer.bytes));
      case 'expired':
        throw new DecisionError('PACKET_EXPIRED', `packet ${asked} of run ${trainingRunId} was answered too long ago`, {
          reason: 'packet_expired',
        });
      case 'held':
        throw elsewhere(trainingRunId, answer);
      case 'missing':
        throw new DecisionError('LEDGER_LOST_RUN', `the ledger does not know run ${trainingRunId} any more`);
    }
  }

  issuerEpochOf(trainingRunId: string): number {
    return this.#parts.owner.tokenOf(trainingRunId);
  }

  async store(record: DecisionRecord): Promise<void> {
    const { trainingRunId, packetId, identity, stateAfter } = record;
    const { codec, owner } = this.#parts;
    const stored = await known(
      owner.commit(trainingRunId, {
        sequence: identity.sequence,
        state: codec.stateBytes(trainingRunId, stateAfter),
        answer: { packetId, commandId: identity.commandId, bytes: codec.answerBytes(record) },
      }),
    );
    if (stored.kind !== 'accepted') throw refused(trainingRunId, stored);
  }

  async keep(trainingRunId: string, state: RunState): Promise<void> {
    const { codec, owner } = this.#parts;
    // Lost meanwhile: whoever has the run goes on from what was stored.
    if (owner.tokenOf(trainingRunId) === 0) return;
    const bytes = codec.stateBytes(trainingRunId, state);
    const stored = await known(owner.commit(trainingRunId, { sequence: state.sequence, state: bytes }));
    if (stored.kind !== 'accepted') throw refused(trainingRunId, stored);
  }

  leave(trainingRunId: string): void {
    // A failure is counted by the owner, and changes nothing: the lease runs out.
    this.#parts.owner.leave(trainingRunId).catch(() => undefined);
  }

  async takeBack({ trainingRunId, packetId, identity }: DecisionRecord): Promise<boolean> {
    const { commandId } = identity;
    return (await known(this.#parts.owner.withdraw(trainingRunId, { packetId, commandId }))) !== 'given';
  }

  /** Goes on from the newest state: the stored one, unless what this host has is newer. */
  #take(trainingRunId: string, { state: bytes, sequence, from, token }: Granted): void {
    const { codec, runs, journal, clock, tell } = this.#parts;
    if (from?.how === 'expired') {
      const attributes = { training_run_id: trainingRunId, from: from.owner, token: String(token) };
      tell({ description: 'run_taken_over', level: 'WARNING', attributes });
    }
    if (bytes === undefined) return;
    const stored = codec.stateOf(trainingRunId, bytes);
    const own = runs.has(trainingRunId) ? runs.get(trainingRunId).sequence : 0;
    // A number that was ever taken here stays taken, whatever the ledger may have lost.
    const state = { ...stored, sequence: Math.max(stored.sequence, sequence, own) };
    const atMs = clock.wallMs();
    runs.set(trainingRunId, state, atMs);
    // The log of this host says from which state it went on; it stands before the decision's own record.
    const record: RunRecord = { kind: 'run', trainingRunId, atMs, activeMs: atMs, stateAfter: state };
    journal.append(record).catch((cause: unknown) => {
      const error = cause instanceof Error ? cause.message.slice(0, 200) : String(cause);
      tell({ description: 'record_lost', level: 'CRITICAL', attributes: { what: 'run', error } });
    });
  }
}

/** What the ledger answered; its own failure as that of a decision. */
async function known<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    if (!isCodedError(cause)) throw cause;
    throw new DecisionError('LEDGER_UNAVAILABLE', cause.message, { kind: 'persistence', cause });
  }
}

const elsewhere = (run: string, { owner, leftMs }: Extract<EnterAnswer, { readonly kind: 'held' }>): DecisionError =>
  new DecisionError('RUN_ELSEWHERE', `run ${run}: ${owner} is deciding, for at most ${leftMs} ms more`, {
    attributes: { owner, left_ms: String(leftMs) },
  });

type Refused = Exclude<CommitAnswer, { readonly kind: 'accepted' }>;

function refused(run: string, answer: Refused): DecisionError {
  const by = answer.kind === 'lost' ? `${answer.owner} has it under token ${answer.token}` : answer.kind;
  return new DecisionError('LEASE_LOST', `run ${run} is not this host's any more: ${by}`, {
    kind: 'persistence',
    attributes: { refusal: answer.kind },
  });
}
