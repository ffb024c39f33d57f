import type { AsyncWorker } from '@esper/async-worker';
import type { Sealer } from '@esper/command-verifier';
import type {
  BlueprintDescriptor,
  CommandIdentity,
  FieldReport,
  SystemStatePacket,
  TelemetryEvent,
} from '@esper/leyline';
import type {
  DecodeConfig,
  GraphLimits,
  InferenceHost,
  NetworkDims,
  NewName,
  ObserveLimits,
  RelationMemory,
  Vocabularies,
} from '@esper/policy';
import type { RiskConfig } from '@esper/risk-engine';
import type { MonoClock, Result, WallClock } from '@esper/std';
import type { FlagId } from '../config/flags.js';
import type { ArrowRunner } from '../decision/arrows.js';
import type { Timers } from '../decision/deadline.js';
import type { Moment, MomentSource } from '../decision/moments.js';
import type { LeaveTurn, Turns } from '../decision/turns.js';
import type { DecisionError } from '../errors.js';
import type { RunOwnership } from '../ownership/run-ownership.js';
import type { DecisionRecord, FailureRecord, HostRecord, OperatorRecord } from '../records/record.js';
import type { RunState } from '../runs/run-state.js';
import type { RunTable } from '../runs/run-table.js';
import type { Delivered, Judged, Recorded } from './stages.js';

/** Where blueprints come from. */
export interface BlueprintSource {
  /**
   * At most 8 eligible candidates, in catalogue order. Rejects when the library fails. `signal` aborts when nobody waits for them
   * any more.
   */
  candidates(signal?: AbortSignal): Promise<readonly BlueprintDescriptor[]>;
  /** One blueprint, or `undefined` when the library has none of that id. Rejects when the library fails. */
  lookup(blueprintId: string): Promise<BlueprintDescriptor | undefined>;
  /** Every id in the catalogue, as known now. */
  knownIds(): ReadonlySet<string>;
}

/** The policy in force: where it runs, and what its numbers mean. */
export interface ActivePolicy {
  readonly host: InferenceHost;
  readonly dims: NetworkDims;
  readonly observeLimits: ObserveLimits;
  readonly graphLimits: GraphLimits;
  /** What follows from the blueprints alone is laid out once, for as long as they are the same. */
  readonly relations: RelationMemory;
  readonly decode: DecodeConfig;
  /** SHA-256 of the manifest, hex. */
  readonly digest: string;
  readonly version: string;
  /** An untrained policy's actions are drawn from the distribution its logits state, keyed by run and packet. */
  readonly samplesActions: boolean;
  expired(atMs: number): boolean;
}

/** The name tables that feed features. */
export interface NameTables {
  vocabularies(): Vocabularies;
  /** Registers names for later decisions; never blocks, never throws. */
  offer(names: readonly NewName[]): void;
}

/** Keeps what many decisions have in common, so that each can name it. */
export interface SceneBook {
  /** The scene's name. Its note is in the log before the record of the decision that asks. */
  idOf(candidates: readonly BlueprintDescriptor[], knownIds: ReadonlySet<string>): string;
}

/** The log, as far as decisions need it. */
export interface DecisionJournal {
  /** Resolves when the record is durable; gives its position. */
  append(record: HostRecord): Promise<number>;
}

/** What a decision tells the outside, besides its answer. Never throws, never blocks. */
export interface DecisionReporter {
  delivered(decision: Recorded, context: ReportContext): void;
  failed(error: DecisionError, context: ReportContext): void;
  /** A decision or failure is durable: what follows from its record may begin. */
  recorded(record: DecisionRecord | FailureRecord): void;
  /** A packet was turned away before a decision about it began. */
  refused(error: DecisionError, trainingRunId: string): void;
  /** An operator's order is durable and in force. */
  ordered(record: OperatorRecord): void;
  /** A record that had to be written and could not be. */
  recordLost(what: string, cause: unknown): void;
}

/** One field report per decision, failed ones included. Pure. */
export interface FieldReporting {
  ofDecision(decision: Judged, identity: CommandIdentity, session: DecisionSession): FieldReport;
  ofFailure(error: DecisionError, session: DecisionSession): FieldReport;
}

/** Answers of the last minutes, so that a packet that is sent again gets the bytes it got before. */
export interface AnswerStore {
  /** The earlier answer, or `undefined` for a packet that is new. Rejects with `PACKET_EXPIRED`. */
  find(trainingRunId: string, packetId: string): Promise<Delivered | undefined>;
  /** Remembers where the answer stands in the log. */
  keep(
    about: { readonly trainingRunId: string; readonly packetId: string },
    at: { readonly logSequence: number; readonly atMs: number },
  ): void;
}

/** Which feature flags are on. Some end by themselves. */
export interface FlagState {
  isOn(flag: FlagId, nowMs: number): boolean;
}

/** What a report knows beside the decision itself. */
export interface ReportContext {
  readonly decisionId: string;
  readonly trainingRunId: string;
  readonly packetId: string;
  readonly atMs: number;
  readonly arrows: ArrowRunner;
  readonly events: readonly TelemetryEvent[];
  readonly stateAfter: RunState;
}

/** Everything the stages of a decision work with. The same for all decisions of a host. */
export interface DecisionParts {
  readonly clock: WallClock & MonoClock;
  readonly timers: Timers;
  readonly ids: { decisionId(): string };
  readonly worker: AsyncWorker;
  readonly blueprints: BlueprintSource;
  readonly policy: () => Result<ActivePolicy, string>;
  /** Runs one decision; the policy that `policy` gives at its begin stays open until it has ended. */
  readonly holdPolicy: <R>(work: () => Promise<R>) => Promise<R>;
  readonly names: NameTables;
  /** Absent where decisions need not be made again: in shadow, in tests. */
  readonly scenes?: SceneBook;
  readonly riskConfig: RiskConfig;
  readonly sealer: Sealer;
  readonly journal: DecisionJournal;
  readonly reporter: DecisionReporter;
  readonly reports: FieldReporting;
  readonly runs: RunTable;
  readonly answers: AnswerStore;
  /** How many decisions are at the network, or about to be, at once. */
  readonly turns: Turns;
  readonly ownership: RunOwnership;
  readonly settings: {
    readonly inferenceDeadlineMs: number;
    readonly metadataDeadlineMs: number;
    readonly consumer: string;
    readonly expiresInMs: number;
    readonly configDigest: string;
    readonly flags: FlagState;
  };
}

/** What a stage works with: this decision, and the host. */
export interface StageAt {
  readonly session: DecisionSession;
  readonly parts: DecisionParts;
}

/** What the reports of a decision need, as things stand. */
export const contextOf = ({ session }: StageAt): ReportContext => ({
  decisionId: session.decisionId,
  trainingRunId: session.about.trainingRunId,
  packetId: session.about.packetId,
  atMs: session.atMs,
  arrows: session.arrows,
  events: session.events,
  stateAfter: session.state,
});

/** One decision in the making: what changes while it is made. */
export interface DecisionSession {
  readonly decisionId: string;
  readonly arrows: ArrowRunner;
  readonly atMs: number;
  /** The run, and the packet once it is known to be one; its id is empty before. */
  about: { readonly trainingRunId: string; readonly packetId: string };
  packet?: SystemStatePacket;
  /**
   * The run's state as it was before, whether a record certainly holds it, and when the configuration changed it just before
   * this decision, if it did.
   */
  readonly begin: { readonly state: RunState; readonly isRecorded: boolean; readonly openedAt?: Moment };
  /** The moments that the outcome depends on. */
  readonly moments: MomentSource;
  /** The run's state with what the breakers have seen so far. */
  state: RunState;
  /** True when a flag let an unknown blueprint pass. */
  guardBypassed?: boolean;
  events: TelemetryEvent[];
  /** Gives back the turn that was taken to observe and infer; absent before. */
  leaveTurn?: LeaveTurn;
}
