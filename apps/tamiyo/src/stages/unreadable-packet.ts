import type { LeylineRefusal } from '@esper/leyline';

/**
 * Given to a decision in place of a packet: a channel had bytes in a form of its own, such as JSON, and could not read them. The
 * decision fails at its first arrow, with record, report and telemetry like any other.
 */
export class UnreadablePacket {
  readonly refusal: LeylineRefusal;

  constructor(refusal: LeylineRefusal) {
    this.refusal = refusal;
  }
}
