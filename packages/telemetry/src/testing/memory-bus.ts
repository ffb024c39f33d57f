import { type BusEnvelope, decodeMessage, type TelemetryPacket } from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import type { BusRefusal, TelemetryBus, TelemetryStream } from '../ports.js';

/** What a {@link MemoryBus} does with the next messages. */
export type BusMood = 'takes' | 'refuses' | 'refuses for good' | 'rejects' | 'hangs';

/** One message the bus took. */
export interface TakenMessage {
  readonly stream: TelemetryStream;
  readonly envelope: BusEnvelope;
  readonly packet: TelemetryPacket;
}

/** A bus in memory with moods. Knows a message id again and takes it once, as a real one does. */
export class MemoryBus implements TelemetryBus {
  readonly taken: TakenMessage[] = [];
  /** Calls of `publish`, whatever became of them. */
  attempts = 0;
  mood: BusMood = 'takes';
  readonly #ids = new Set<string>();
  #hanging: (() => void)[] = [];

  /** The packets taken on one stream, in order. */
  packets(stream: TelemetryStream): readonly TelemetryPacket[] {
    return this.taken.filter((message) => message.stream === stream).map(({ packet }) => packet);
  }

  /** Lets hanging calls end, and takes their messages. */
  release(): void {
    const hanging = this.#hanging;
    this.#hanging = [];
    this.mood = 'takes';
    for (const resume of hanging) resume();
  }

  async publish(stream: TelemetryStream, envelope: BusEnvelope): Promise<Result<unknown, BusRefusal>> {
    this.attempts += 1;
    if (this.mood === 'rejects') throw new Error('connection lost');
    if (this.mood === 'refuses') return err({ code: 'FULL', retryable: true });
    if (this.mood === 'refuses for good') return err({ code: 'INVALID', retryable: false });
    if (this.mood === 'hangs') await new Promise<void>((resume) => this.#hanging.push(resume));
    return this.#take(stream, envelope);
  }

  #take(stream: TelemetryStream, envelope: BusEnvelope): Result<unknown, BusRefusal> {
    const decoded = decodeMessage('TelemetryPacket', envelope.payload);
    if (!decoded.ok) return err({ code: decoded.error.code, retryable: false });
    if (!this.#ids.has(envelope.messageId)) this.taken.push({ stream, envelope, packet: decoded.value });
    this.#ids.add(envelope.messageId);
    return ok(undefined);
  }
}
