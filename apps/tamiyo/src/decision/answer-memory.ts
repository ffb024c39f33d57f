import { decodeMessage } from '@esper/leyline';
import type { WallClock } from '@esper/std';
import type { Delivered } from '../stages/stages.js';

interface Kept {
  readonly answer: Delivered;
  readonly untilMs: number;
}

/**
 * Answers of the last minutes by run and packet id: a packet that is sent again gets the bytes it got before, and no second
 * decision. Bounded; at the bound the oldest answer goes first, and its packet would be decided anew.
 */
export class AnswerMemory {
  readonly #kept = new Map<string, Kept>();
  readonly #options: { readonly keepMs: number; readonly countMax: number };
  readonly #clock: WallClock;

  constructor(options: { readonly keepMs: number; readonly countMax: number }, clock: WallClock) {
    this.#options = options;
    this.#clock = clock;
  }

  find(trainingRunId: string, input: unknown): Delivered | undefined {
    const packetId = packetIdOf(input);
    if (packetId === undefined) return undefined;
    const kept = this.#kept.get(keyOf(trainingRunId, packetId));
    return kept !== undefined && kept.untilMs > this.#clock.wallMs() ? kept.answer : undefined;
  }

  keep(about: { readonly trainingRunId: string; readonly packetId: string }, answer: Delivered): void {
    this.#forgetOld();
    this.#kept.set(keyOf(about.trainingRunId, about.packetId), {
      answer,
      untilMs: this.#clock.wallMs() + this.#options.keepMs,
    });
  }

  #forgetOld(): void {
    const now = this.#clock.wallMs();
    for (const [key, kept] of this.#kept) {
      if (kept.untilMs > now && this.#kept.size < this.#options.countMax) return;
      this.#kept.delete(key);
    }
  }
}

const keyOf = (trainingRunId: string, packetId: string): string =>
  `${trainingRunId.length}:${trainingRunId}/${packetId}`;

function packetIdOf(input: unknown): string | undefined {
  if (input instanceof Uint8Array) {
    const decoded = decodeMessage('SystemStatePacket', input);
    return decoded.ok ? decoded.value.packetId : undefined;
  }
  if (typeof input !== 'object' || input === null || !('packetId' in input)) return undefined;
  return typeof input.packetId === 'string' ? input.packetId : undefined;
}
