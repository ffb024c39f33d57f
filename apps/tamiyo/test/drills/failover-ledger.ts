import type { Answered } from './host-messages.js';

type Command = Extract<Answered, { readonly ok: true }>;

interface KnownRun {
  readonly bySequence: Map<number, string>;
  readonly byPacket: Map<string, string>;
  last: { readonly sequence: number; readonly epoch: number; readonly host: string } | undefined;
}

/** Every command that trainers have got, from whichever host, also from one that woke up late. */
export class FailoverLedger {
  readonly #runs = new Map<string, KnownRun>();
  commands = 0;
  /** One sequence number or one packet with two commands. */
  commandsTwice = 0;
  sequenceRegressions = 0;
  /** The issuer epoch fell, or did not rise although the host changed. */
  epochsNotRising = 0;

  received(run: string, packetId: string, from: { readonly host: string; readonly command: Command }): void {
    const { commandId, sequence, issuerEpoch: epoch } = from.command;
    const known = this.#run(run);
    const ofSequence = known.bySequence.get(sequence) ?? commandId;
    const ofPacket = known.byPacket.get(packetId) ?? commandId;
    if (ofSequence !== commandId || ofPacket !== commandId) this.commandsTwice += 1;
    const isNew = !known.bySequence.has(sequence) && !known.byPacket.has(packetId);
    known.bySequence.set(sequence, commandId);
    known.byPacket.set(packetId, commandId);
    if (!isNew) return;
    this.commands += 1;
    const { last } = known;
    if (last !== undefined && sequence <= last.sequence) this.sequenceRegressions += 1;
    // Answers that the ledger held are of the host that made them, whoever gave them.
    if (from.command.repeated) return;
    const isMoved = last !== undefined && last.host !== from.host;
    if (last !== undefined && (isMoved ? epoch <= last.epoch : epoch < last.epoch)) this.epochsNotRising += 1;
    known.last = { sequence, epoch, host: from.host };
  }

  commandOf(run: string, packetId: string): string | undefined {
    return this.#runs.get(run)?.byPacket.get(packetId);
  }

  #run(run: string): KnownRun {
    const known: KnownRun = this.#runs.get(run) ?? { bySequence: new Map(), byPacket: new Map(), last: undefined };
    this.#runs.set(run, known);
    return known;
  }
}
