import { decodePlain, encodePlain, type PlainLimits } from '@esper/leyline';
import { DecisionError } from '../errors.js';
import type { DecisionRecord } from '../records/record.js';
import type { RunState } from '../runs/run-state.js';

/** Proves that a host of the same secret wrote what lies on Redis. Structural: the bus's signer. */
export interface LedgerSigner {
  /** Printable text, of one length. */
  sign(bytes: Uint8Array): string;
  /** Never throws, whatever the text. */
  verify(bytes: Uint8Array, signature: string): boolean;
}

/** What is kept of a decision so that another host can give the same answer. */
export type KeptAnswer = Pick<
  DecisionRecord,
  | 'decisionId'
  | 'bytes'
  | 'identity'
  | 'command'
  | 'proposed'
  | 'findings'
  | 'deciding'
  | 'reasons'
  | 'decidingAt'
  | 'conservative'
  | 'spans'
>;

const FORMAT = 1;
/** Base64 of an HMAC-SHA256. */
const SIGNATURE_CHARACTERS = 44;
const LIMITS: Partial<PlainLimits> = {
  bytesMax: 4 << 20,
  elementsMax: 200_000,
  mapEntriesMax: 20_000,
  arrayItemsMax: 20_000,
};

/** Run states and answers as signed bytes. What they are of is part of what is signed, so that none can stand in for another. */
export class LedgerCodec {
  readonly #signer: LedgerSigner;

  constructor(signer: LedgerSigner) {
    this.#signer = signer;
  }

  stateBytes(run: string, state: RunState): Uint8Array {
    return this.#signed({ format: FORMAT, kind: 'run-state', run, state });
  }

  /** Throws `LEDGER_UNTRUSTED`. */
  stateOf(run: string, bytes: Uint8Array): RunState {
    const { state } = this.#opened(bytes, { kind: 'run-state', run });
    return state as RunState;
  }

  answerBytes(record: DecisionRecord): Uint8Array {
    const { trainingRunId: run, packetId: packet, decisionId, bytes, identity, command, proposed } = record;
    const { deciding, reasons, conservative, spans } = record;
    // Of the findings only the deciding one: all of them stand in the log of the host that decided, and are most of a record.
    const finding = record.findings[record.decidingAt];
    const findings = finding === undefined ? [] : [finding];
    const judged = { findings, deciding, reasons, decidingAt: findings.length - 1, conservative, spans };
    const answer: KeptAnswer = { decisionId, bytes, identity, command, proposed, ...judged };
    return this.#signed({ format: FORMAT, kind: 'answer', run, packet, answer });
  }

  /** Throws `LEDGER_UNTRUSTED`. */
  answerOf(run: string, packet: string, bytes: Uint8Array): KeptAnswer {
    const { answer } = this.#opened(bytes, { kind: 'answer', run, packet });
    return answer as KeptAnswer;
  }

  #signed(value: unknown): Uint8Array {
    const body = encodePlain(value, LIMITS);
    return Buffer.concat([Buffer.from(this.#signer.sign(body)), body]);
  }

  #opened(bytes: Uint8Array, wanted: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
    const body = bytes.subarray(SIGNATURE_CHARACTERS);
    const signature = Buffer.from(bytes.subarray(0, SIGNATURE_CHARACTERS)).toString('latin1');
    if (!this.#signer.verify(body, signature)) throw untrusted('the signature does not hold', wanted);
    const decoded = decodePlain(body, LIMITS);
    const value = decoded.ok ? (decoded.value as Readonly<Record<string, unknown>>) : {};
    const isWanted = Object.entries({ ...wanted, format: FORMAT }).every(([name, one]) => value[name] === one);
    if (!isWanted) throw untrusted('it is something else, or of another version', wanted);
    return value;
  }
}

const untrusted = (why: string, { kind, run }: Readonly<Record<string, string>>): DecisionError =>
  new DecisionError('LEDGER_UNTRUSTED', `the ${kind} that the ledger holds of run ${run}: ${why}`);
