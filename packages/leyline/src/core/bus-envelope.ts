import type { BusMessageType, MessagePriority } from './enums.js';

/** What travels on the bus: the type is checked before the payload is parsed. */
export interface BusEnvelope {
  readonly version: 1;
  readonly messageType: BusMessageType;
  /** Unique per message; consumers de-duplicate by it. */
  readonly messageId: string;
  readonly priority: MessagePriority;
  readonly sentAtMs: number;
  readonly payload: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
}
