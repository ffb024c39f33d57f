import type {
  CommandDraft,
  CommandIdentity,
  FieldReport,
  SystemStatePacket,
  TelemetryEvent,
  TelemetryPacket,
  TraceSpan,
} from '@esper/leyline';
import type { VocabularyName } from '@esper/policy';
import type { Finding } from '@esper/risk-engine';
import type { OperatorAction } from '../host/operator-action.js';
import type { RunState } from '../runs/run-state.js';
import type { DecisionBasis } from './basis.js';

/** Names in each table that feeds features. The tables are append-only: the first so many are what was known. */
export type VocabularySizes = Readonly<Record<VocabularyName, number>>;

/** What every record about one decision says. */
interface OfDecision {
  readonly decisionId: string;
  readonly trainingRunId: string;
  readonly packetId: string;
  /** Wall time of the decision, milliseconds since 1970. */
  readonly atMs: number;
}

/** A command that was sealed and made durable. Written before the caller gets it. */
export interface DecisionRecord extends OfDecision {
  readonly kind: 'decision';
  readonly packet: SystemStatePacket;
  readonly proposed: CommandDraft;
  readonly command: CommandDraft;
  readonly identity: CommandIdentity;
  /** The sealed bytes, exactly as delivered. */
  readonly bytes: Uint8Array;
  readonly findings: readonly Finding[];
  /** The deciding reason, or `policy`. */
  readonly deciding: string;
  /** Every reason found, the deciding one first. */
  readonly reasons: readonly string[];
  /** Place of the deciding finding among `findings`; -1 when the proposal stands unopposed. */
  readonly decidingAt: number;
  /** True while conservative mode shaped the decision. */
  readonly conservative: boolean;
  readonly vocabularySizes: VocabularySizes;
  /** Absent in records of before it was kept, and in a pause in the place of a failed decision. */
  readonly basis?: DecisionBasis;
  /** A pause in the place of a failed decision: nothing was proposed by the policy. */
  readonly standIn?: true;
  readonly fieldReport: FieldReport;
  readonly spans: readonly TraceSpan[];
  readonly digests: { readonly policy: string; readonly config: string };
  readonly stateAfter: RunState;
}

/** A decision that failed. There is no command; a sequence number that was taken stays burnt. */
export interface FailureRecord extends OfDecision {
  readonly kind: 'failure';
  readonly arrow: string;
  readonly code: string;
  readonly reason: string;
  readonly message: string;
  /** Absent when the input was no packet. */
  readonly packet?: SystemStatePacket;
  readonly fieldReport: FieldReport;
  readonly spans: readonly TraceSpan[];
  readonly digests: { readonly policy: string; readonly config: string };
  readonly stateAfter: RunState;
}

/** A recorded command that came too late and never left. */
export interface WithheldRecord extends OfDecision {
  readonly kind: 'withheld';
  readonly commandId: string;
  readonly sequence: number;
}

/** An operator's order for a run, carried out. Durable before it is in force. */
export interface OperatorRecord {
  readonly kind: 'operator';
  readonly trainingRunId: string;
  readonly atMs: number;
  readonly action: OperatorAction;
  readonly events: readonly TelemetryEvent[];
  readonly stateAfter: RunState;
}

/** The state of a run as it stood, written before retention gives up the run's last record. */
export interface RunRecord {
  readonly kind: 'run';
  readonly trainingRunId: string;
  readonly atMs: number;
  /** When the run last gave a sign of life. */
  readonly activeMs: number;
  readonly stateAfter: RunState;
}

/** A host has started. Its epoch is above every earlier one. */
export interface EpochRecord {
  readonly kind: 'epoch';
  readonly issuerEpoch: number;
  readonly atMs: number;
  readonly digests: { readonly policy: string; readonly config: string };
}

/** CRITICAL telemetry, durable before it is sent. */
export interface TelemetryRecord {
  readonly kind: 'telemetry';
  readonly packet: TelemetryPacket;
}

/** What a part of the host keeps for itself: bytes under a stream name, opaque here. */
export interface NoteRecord {
  readonly kind: 'note';
  readonly stream: string;
  readonly bytes: Uint8Array;
}

/** One entry of the host's log. */
export type HostRecord =
  | DecisionRecord
  | FailureRecord
  | WithheldRecord
  | OperatorRecord
  | RunRecord
  | EpochRecord
  | TelemetryRecord
  | NoteRecord;

export const RECORD_KINDS = [
  'decision',
  'failure',
  'withheld',
  'operator',
  'run',
  'epoch',
  'telemetry',
  'note',
] as const satisfies readonly HostRecord['kind'][];
