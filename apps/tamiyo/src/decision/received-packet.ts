import type { SystemStatePacket } from '@esper/leyline';
import { validatePacket } from '../stages/validate.js';

/** A packet as it came in, checked at most once however often it is asked for. */
export class ReceivedPacket {
  readonly trainingRunId: string;
  readonly #input: unknown;
  #checked: SystemStatePacket | undefined;

  constructor(trainingRunId: string, input: unknown) {
    this.trainingRunId = trainingRunId;
    this.#input = input;
  }

  /** The packet. Throws `PACKET_INVALID` for an input that is none, or of another run. */
  read(): SystemStatePacket {
    this.#checked ??= validatePacket(this.#input, this.trainingRunId);
    return this.#checked;
  }

  /** The id it claims to have; `undefined` when it has none that could have been answered. */
  get packetId(): string | undefined {
    if (this.#input instanceof Uint8Array) return this.#idOfBytes();
    if (typeof this.#input !== 'object' || this.#input === null || !('packetId' in this.#input)) return undefined;
    const { packetId } = this.#input;
    return typeof packetId === 'string' ? packetId : undefined;
  }

  #idOfBytes(): string | undefined {
    try {
      return this.read().packetId;
    } catch {
      // The decision that follows fails on the same input, and says why.
      return undefined;
    }
  }
}
