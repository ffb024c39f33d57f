import type { WallClock } from '@esper/std';
import { DecisionError } from '../errors.js';
import type { KeptAnswer } from '../ownership/ledger-codec.js';
import type { DecisionRecord } from '../records/record.js';
import type { AnswerStore } from '../stages/parts.js';
import type { Delivered } from '../stages/stages.js';
import type { AnswerIndex } from './answer-index.js';

/** Reads a decision back from its place in the log; one of a moment ago at once. */
export interface RecordReader {
  at(logSequence: number): Promise<DecisionRecord | undefined>;
}

/** The answers of the last minutes: an index in memory, the answers themselves in the log. */
export class RecentAnswers implements AnswerStore {
  readonly #index: AnswerIndex;
  readonly #reader: RecordReader;
  readonly #clock: WallClock;

  constructor(index: AnswerIndex, reader: RecordReader, clock: WallClock) {
    this.#index = index;
    this.#reader = reader;
    this.#clock = clock;
  }

  async find(trainingRunId: string, packetId: string): Promise<Delivered | undefined> {
    const place = this.#index.find(trainingRunId, packetId, this.#clock.wallMs());
    if (place.kind === 'unknown') return undefined;
    if (place.kind === 'expired') throw expired(trainingRunId, packetId);
    const record = await this.#reader.at(place.logSequence);
    // Another packet of the same hash, or a record that retention has taken: then the packet is new.
    if (record?.packetId !== packetId || record.trainingRunId !== trainingRunId) return undefined;
    return answerOf(record);
  }

  keep(
    about: { readonly trainingRunId: string; readonly packetId: string },
    at: { readonly logSequence: number; readonly atMs: number },
  ): void {
    this.#index.keep(about.trainingRunId, about.packetId, at);
  }
}

const expired = (trainingRunId: string, packetId: string): DecisionError =>
  new DecisionError(
    'PACKET_EXPIRED',
    `packet ${packetId} of run ${trainingRunId} was answered too long ago to be answered again`,
    { reason: 'packet_expired' },
  );

/** The answer that a record holds, as it was given. */
export function answerOf(record: KeptAnswer): Delivered {
  const { findings, reasons, conservative, proposed, command, spans } = record;
  const last = spans.at(-1);
  const inferenceMs = spans.find((span) => span.name === 'infer')?.durationMs ?? 0;
  return {
    decisionId: record.decisionId,
    bytes: record.bytes,
    identity: record.identity,
    command,
    proposed,
    assessment: {
      findings,
      reasons,
      conservative,
      reason: record.deciding,
      deciding: findings[record.decidingAt],
      changed: proposed.commandType !== command.commandType,
    },
    spans,
    totalMs: last === undefined ? 0 : last.startMs + last.durationMs,
    inferenceMs,
    repeated: true,
  };
}
