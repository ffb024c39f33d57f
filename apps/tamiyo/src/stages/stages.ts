import type {
  BlueprintDescriptor,
  CommandDraft,
  CommandIdentity,
  FieldReport,
  SystemStatePacket,
  TraceSpan,
} from '@esper/leyline';
import type { NetworkOutputs, Observation, Proposal } from '@esper/policy';
import type { Assessment, BlueprintInput } from '@esper/risk-engine';
import type { Result } from '@esper/std';
import type { ReceivedPacket } from '../decision/received-packet.js';
import type { DecisionError } from '../errors.js';
import type { BasisMarks, DecisionBasis } from '../records/basis.js';
import type { VocabularySizes } from '../records/record.js';

/** What each arrow adds. The types grow from left to right; nothing is taken away. */
export interface Validated {
  readonly packet: SystemStatePacket;
}

export interface Resolved extends Validated {
  /** Blueprints the policy may choose from, in catalogue order. */
  readonly candidates: readonly BlueprintDescriptor[];
  readonly knownBlueprintIds: ReadonlySet<string>;
  /** The scene this decision is made in, where scenes are kept. */
  readonly scene?: string;
}

export interface Observed extends Resolved {
  readonly observation: Observation;
  readonly vocabularySizes: VocabularySizes;
}

export interface Inferred extends Observed {
  readonly outputs: NetworkOutputs;
  readonly inference: { readonly runMs: number; readonly totalMs: number };
  /** Fingerprints of what went into the network and came out. */
  readonly marks: Pick<BasisMarks, 'feeds' | 'outputs'>;
}

export interface Decoded extends Inferred {
  readonly proposal: Proposal;
}

export interface Guarded extends Decoded {
  readonly blueprint: BlueprintInput;
}

export interface Assessed extends Guarded {
  readonly assessment: Assessment;
  readonly basis?: DecisionBasis;
}

/** What sealing and recording need of a judged command. A pause that stands in for a failed decision (FF-01) has no more. */
export interface Judged extends Validated {
  readonly proposal: Pick<Proposal, 'draft'>;
  readonly blueprint: BlueprintInput;
  readonly assessment: Assessment;
  readonly observation: Pick<Observation, 'statistics' | 'newNames'>;
  readonly vocabularySizes: VocabularySizes;
  readonly inference: { readonly totalMs: number };
  /** Absent for a pause in the place of a failed decision: that one cannot be made again. */
  readonly basis?: DecisionBasis;
  readonly standIn?: true;
}

export interface Sealed extends Judged {
  readonly bytes: Uint8Array;
  readonly identity: CommandIdentity;
  readonly keyIds: readonly string[];
  readonly fieldReport: FieldReport;
}

export interface Recorded extends Sealed {
  /** Position of the decision in the log. */
  readonly logSequence: number;
  /** The policy that decided, whatever is in force by now. */
  readonly policy: { readonly digest: string; readonly version: string };
}

/** What was said about a command, as far as explaining needs it. All of it stands in the record. */
export type Judgement = Pick<Assessment, 'findings' | 'reason' | 'reasons' | 'deciding' | 'changed' | 'conservative'>;

/** The answer to a packet. */
export interface Delivered {
  readonly decisionId: string;
  /** The sealed command. */
  readonly bytes: Uint8Array;
  readonly identity: CommandIdentity;
  /** What is inside, for whoever explains it; the bytes alone count. */
  readonly command: CommandDraft;
  readonly proposed: CommandDraft;
  readonly assessment: Judgement;
  readonly spans: readonly TraceSpan[];
  readonly totalMs: number;
  readonly inferenceMs: number;
  /** True when the packet had been answered before, and these are the bytes of that time. */
  readonly repeated: boolean;
}

/** The arrows of one decision. Made anew for each packet, over the state of its run. */
export interface DecisionStages {
  validate(received: ReceivedPacket): Validated;
  resolve(from: Validated): Promise<Resolved>;
  observe(from: Resolved): Promise<Observed>;
  infer(from: Observed): Promise<Inferred>;
  decode(from: Inferred): Decoded;
  guard(from: Decoded): Guarded;
  assess(from: Guarded): Assessed;
  seal(from: Judged): Sealed;
  record(from: Sealed): Promise<Recorded>;
  deliver(from: Recorded): Delivered;
  /** The one failure boundary: breaker, mode, report, record, telemetry, and the typed error; a pause only behind FF-01. */
  fail(failure: unknown): Promise<Result<Delivered, DecisionError>>;
}
