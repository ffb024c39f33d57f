import type { TelemetryPacket } from '@esper/leyline';
import { elapsedMs, type MonoClock, type MonoMs, type WallClock } from '@esper/std';
import { buildNoticePacket } from '@esper/telemetry';
import type { DecisionError } from '../errors.js';

/** Refusals of one code are told at most this often, with how many there were. */
const TELL_EVERY_MS = 1_000;

interface Counted {
  count: number;
  toldAt: MonoMs | undefined;
}

/** Packets that were turned away before a decision began: counted one by one, told in bunches. */
export class RefusalCount {
  readonly #clock: WallClock & MonoClock;
  readonly #emit: (packet: TelemetryPacket) => void;
  readonly #byCode = new Map<string, Counted>();

  constructor(clock: WallClock & MonoClock, emit: (packet: TelemetryPacket) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  count(error: DecisionError, trainingRunId: string): void {
    const counted = this.#byCode.get(error.code) ?? { count: 0, toldAt: undefined };
    this.#byCode.set(error.code, counted);
    counted.count += 1;
    const now = this.#clock.monoMs();
    if (counted.toldAt !== undefined && elapsedMs(counted.toldAt, now) < TELL_EVERY_MS) return;
    this.#emit(this.#notice(error, trainingRunId, counted.count));
    counted.count = 0;
    counted.toldAt = now;
  }

  #notice({ code, message, facts }: DecisionError, trainingRunId: string, count: number): TelemetryPacket {
    const timestampMs = this.#clock.wallMs();
    return buildNoticePacket({
      packetId: `tamiyo-refused-${code.toLowerCase()}-${timestampMs}`,
      trainingRunId,
      timestampMs,
      events: [
        {
          description: 'decision_refused',
          // What we did not foresee is never a mere refusal.
          level: code === 'INTERNAL' ? 'CRITICAL' : 'WARNING',
          attributes: {
            ...facts.attributes,
            code,
            reason: facts.reason,
            count: String(count),
            message: message.slice(0, 200),
          },
        },
      ],
    });
  }
}
