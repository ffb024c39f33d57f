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
import type { DecisionError } from '../errors.js';
import type { VocabularySizes } from '../records/record.js';

/** What each arrow adds. The types grow from left to right; nothing is taken away. */
export interface Validated {
  readonly packet: SystemStatePacket;
}

export interface Resolved extends Validated {
  /** Blueprints the policy may choose from, in catalogue order. */
  readonly candidates: readonly BlueprintDescriptor[];
  readonly knownBlueprintIds: ReadonlySet<string>;
}

export interface Observed extends Resolved {
  readonly observation: Observation;
  readonly vocabularySizes: VocabularySizes;
}

export interface Inferred extends Observed {
  readonly outputs: NetworkOutputs;
  readonly inference: { readonly runMs: number; readonly totalMs: number };
}

export interface Decoded extends Inferred {
  readonly proposal: Proposal;
}

export interface Guarded extends Decoded {
  readonly blueprint: BlueprintInput;
}

export interface Assessed extends Guarded {
  readonly assessment: Assessment;
}

export interface Sealed extends Assessed {
  readonly bytes: Uint8Array;
  readonly identity: CommandIdentity;
  readonly keyIds: readonly string[];
  readonly fieldReport: FieldReport;
}

export interface Recorded extends Sealed {
  /** Position of the decision in the log. */
  readonly logSequence: number;
}

/** The answer to a packet. */
export interface Delivered {
  readonly decisionId: string;
  /** The sealed command. */
  readonly bytes: Uint8Array;
  readonly identity: CommandIdentity;
  /** What is inside, for whoever explains it; the bytes alone count. */
  readonly command: CommandDraft;
  readonly proposed: CommandDraft;
  readonly assessment: Assessment;
  readonly spans: readonly TraceSpan[];
  readonly totalMs: number;
  readonly inferenceMs: number;
  /** True when the packet had been answered before, and these are the bytes of that time. */
  readonly repeated: boolean;
}

/** The arrows of one decision. Made anew for each packet, over the state of its run. */
export interface DecisionStages {
  validate(input: unknown): Validated;
  resolve(from: Validated): Promise<Resolved>;
  observe(from: Resolved): Observed;
  infer(from: Observed): Promise<Inferred>;
  decode(from: Inferred): Decoded;
  guard(from: Decoded): Guarded;
  assess(from: Guarded): Assessed;
  seal(from: Assessed): Sealed;
  record(from: Sealed): Promise<Recorded>;
  deliver(from: Recorded): Delivered;
  /** The one failure boundary: breaker, mode, report, record, telemetry; gives the typed error. */
  fail(failure: unknown): DecisionError;
}
