import type { TelemetryEvent } from '@esper/leyline';
import type { Result } from '@esper/std';
import type { DecisionError, TamiyoError } from '../errors.js';
import type { DecisionRecord, FailureRecord } from '../records/record.js';
import type { RunState } from '../runs/run-state.js';
import type { Delivered } from '../stages/stages.js';
import type { OperatorAction } from './operator-action.js';
import type { OrderPolicy } from './policy-order.js';

/** How one decision is asked for. */
export interface DecideOptions {
  /** The caller's own deadline in milliseconds from now; it can only shorten the configured one. */
  readonly deadlineMs?: number;
  /** Aborted: a decision that is not sealed yet stops (`DECISION_CANCELLED`); a sealed one is finished and remembered. */
  readonly signal?: AbortSignal;
}

/** One decision as the log holds it. */
export interface DecisionView {
  readonly record: DecisionRecord | FailureRecord;
  /** True for a command that was recorded and never left. */
  readonly withheld: boolean;
}

/** What is known about one run now. */
export interface RunView {
  readonly trainingRunId: string;
  readonly state: RunState;
  /** Decisions of this run that wait or run now. */
  readonly pending: number;
}

/** What happens in a host, for whoever listens. */
export type HostEvent =
  | {
      readonly type: 'decision';
      readonly decisionId: string;
      readonly trainingRunId: string;
      readonly packetId: string;
      readonly atMs: number;
      readonly commandId: string;
      readonly sequence: number;
      readonly commandType: string;
      readonly proposedType: string;
      readonly reason: string;
      readonly conservative: boolean;
      readonly totalMs: number;
    }
  | {
      readonly type: 'failure';
      readonly decisionId: string;
      readonly trainingRunId: string;
      readonly packetId: string;
      readonly atMs: number;
      readonly code: string;
      readonly reason: string;
      readonly message: string;
    }
  /** Conservative mode or a breaker changed; `event` is the event as telemetry has it. */
  | {
      readonly type: 'transition';
      readonly trainingRunId: string;
      readonly atMs: number;
      readonly event: TelemetryEvent;
    }
  | { readonly type: 'operator'; readonly atMs: number; readonly action: OperatorAction };

/** One thing a host needs to be ready. */
export interface ReadinessCheck {
  readonly name: 'log' | 'policy' | 'catalogue' | 'accepting';
  readonly ok: boolean;
  readonly detail: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly state: 'serving' | 'closing' | 'closed';
  readonly checks: readonly ReadinessCheck[];
}

/** What a channel (HTTP, bus, command line) may ask of a host. */
export interface DecisionHost {
  /** One sealed, durable command or a typed error; never rejects. `input` is a packet as a value or as message bytes. */
  decide(trainingRunId: string, input: unknown, options?: DecideOptions): Promise<Result<Delivered, DecisionError>>;
  /** A decision by its id, read back from the log; `undefined` when the log does not (any more) hold it. */
  decision(decisionId: string): Promise<DecisionView | undefined>;
  /** A run's state now; `undefined` for a run nobody has reported on. */
  run(trainingRunId: string): RunView | undefined;
  runIds(): readonly string[];
  /** Carries out an order in the run's lane. Ok means: durable, and in force for the next packet. */
  operate(action: OperatorAction): Promise<Result<RunView, TamiyoError>>;
  /** Carries out an order for the policies. Ok means: durable, and unless only staged, in force for the next packet. */
  readonly orderPolicy: OrderPolicy;
  /** Calls `listener` for every event from now on, synchronously and in order; the returned function ends it. */
  subscribe(listener: (event: HostEvent) => void): () => void;
  readiness(): Readiness;
  /** Refuses new packets, answers those under way, drains telemetry, closes the logs. Idempotent. */
  close(): Promise<void>;
}
