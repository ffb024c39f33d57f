import type { HostRecord } from '../records/record.js';
import type { RunState } from '../runs/run-state.js';

/** What is shown of one run. */
export interface RunFacts {
  readonly trainingRunId: string;
  readonly sequence: number;
  readonly decisions: number;
  readonly failuresInRow: number;
  readonly lastValidationLoss: number | null;
  /** `normal`, or why the run is in conservative mode. */
  readonly mode: string;
  /** Breakers by name: `closed`, `open`, `half_open`, … and failures counted. */
  readonly breakers: Readonly<Record<string, { readonly kind: string; readonly failures: number }>>;
  readonly held: boolean;
  /** Rollbacks ordered so far, where that is known. */
  readonly rollbacks?: number;
  /** Packets that wait, where that is known. */
  readonly pending?: number;
}

/** One thing that happened, live or in the log. */
export interface TopEvent {
  readonly kind: 'decision' | 'failure' | 'order' | 'note';
  readonly atMs: number;
  readonly trainingRunId: string;
  /** One line: command and reason, error code, order. */
  readonly text: string;
  readonly commandType?: string;
  readonly isChanged?: boolean;
  readonly totalMs?: number;
  /** The run as it was left. */
  readonly run?: RunFacts;
}

/** A record of the log as something that happened; `undefined` for what is not shown. */
export function eventOfRecord(record: HostRecord): TopEvent | undefined {
  switch (record.kind) {
    case 'decision': {
      const { atMs, trainingRunId, command, proposed, deciding, spans, stateAfter } = record;
      const isChanged = command.commandType !== proposed.commandType;
      const last = spans[spans.length - 1];
      return {
        kind: 'decision',
        atMs,
        trainingRunId,
        commandType: command.commandType,
        isChanged,
        text: isChanged
          ? `${proposed.commandType} → ${command.commandType} (${deciding})`
          : `${command.commandType} (${deciding})`,
        ...(last === undefined ? {} : { totalMs: last.startMs + last.durationMs }),
        run: runFacts(trainingRunId, stateAfter),
      };
    }
    case 'failure': {
      const { atMs, trainingRunId, code, arrow, stateAfter } = record;
      return {
        kind: 'failure',
        atMs,
        trainingRunId,
        text: `${code} at ${arrow}`,
        run: runFacts(trainingRunId, stateAfter),
      };
    }
    case 'operator': {
      const { atMs, trainingRunId, action, stateAfter } = record;
      const text = `${action.kind} by ${action.order.who}: ${action.order.why}`;
      return { kind: 'order', atMs, trainingRunId, text, run: runFacts(trainingRunId, stateAfter) };
    }
    case 'epoch':
      return {
        kind: 'note',
        atMs: record.atMs,
        trainingRunId: '',
        text: `a host started, issuer epoch ${record.issuerEpoch}`,
      };
    default:
      return undefined;
  }
}

/** What is shown of a run's state. */
function runFacts(trainingRunId: string, { sequence, hold, risk }: RunState): RunFacts {
  const { decisions, failures, lastValidationLoss, mode, breakers, rollbacks } = risk;
  return {
    trainingRunId,
    sequence,
    decisions,
    failuresInRow: failures.inRow,
    lastValidationLoss,
    mode: mode.kind === 'off' ? 'normal' : 'conservative',
    breakers: Object.fromEntries(
      Object.entries(breakers).map(([name, breaker]) => [
        name,
        { kind: breaker.kind, failures: failureCountOf(breaker) },
      ]),
    ),
    held: (hold ?? null) !== null,
    rollbacks,
  };
}

/** Failures that a breaker has counted; 0 where its state counts none. */
export const failureCountOf = (breaker: object): number =>
  'failures' in breaker && typeof breaker.failures === 'number' ? breaker.failures : 0;
