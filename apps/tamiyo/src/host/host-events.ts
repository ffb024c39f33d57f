import type { TelemetryEvent } from '@esper/leyline';
import type { DecisionError } from '../errors.js';
import type { OperatorRecord } from '../records/record.js';
import type { ReportContext } from '../stages/parts.js';
import type { Recorded } from '../stages/stages.js';
import type { HostEvent } from './decision-host.js';

/** Events that say that a mode, a breaker or a hold has changed. */
const TRANSITIONS = new Set([
  'conservative_entered',
  'conservative_exited',
  'conservative_held',
  'conservative_hold_expired',
  'run_held',
  'run_released',
]);
/** What a breaker event says when nothing has changed but a count. */
const COUNTED = 'count';

/** What happens in a host, told to whoever listens: synchronously and in order. A listener that throws is told no more. */
export class HostEvents {
  readonly #listeners = new Set<(event: HostEvent) => void>();
  readonly #onBroken: (cause: unknown) => void;

  /** `onBroken` hears of each listener that threw. */
  constructor(onBroken: (cause: unknown) => void) {
    this.#onBroken = onBroken;
  }

  subscribe(listener: (event: HostEvent) => void): () => void {
    // A wrapper of its own, so that the same function may listen twice.
    const entry = (event: HostEvent): void => listener(event);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  delivered(decision: Recorded, context: ReportContext): void {
    if (this.#listeners.size === 0) return;
    this.#transitions(context.trainingRunId, context.atMs, context.events);
    const { identity, assessment, proposal } = decision;
    this.#tell({
      type: 'decision',
      decisionId: context.decisionId,
      trainingRunId: context.trainingRunId,
      packetId: context.packetId,
      atMs: context.atMs,
      commandId: identity.commandId,
      sequence: identity.sequence,
      commandType: assessment.command.commandType,
      proposedType: proposal.draft.commandType,
      reason: assessment.reason,
      conservative: assessment.conservative,
      totalMs: context.arrows.deadline.elapsedMs(),
    });
  }

  failed(error: DecisionError, context: ReportContext): void {
    if (this.#listeners.size === 0) return;
    this.#transitions(context.trainingRunId, context.atMs, context.events);
    this.#tell({
      type: 'failure',
      decisionId: context.decisionId,
      trainingRunId: context.trainingRunId,
      packetId: context.packetId,
      atMs: context.atMs,
      code: error.code,
      reason: error.facts.reason,
      message: error.message,
    });
  }

  ordered(record: OperatorRecord): void {
    if (this.#listeners.size === 0) return;
    this.#tell({ type: 'operator', atMs: record.atMs, action: record.action });
    this.#transitions(record.trainingRunId, record.atMs, record.events);
  }

  #transitions(trainingRunId: string, atMs: number, events: readonly TelemetryEvent[]): void {
    for (const event of events) {
      if (isTransition(event)) this.#tell({ type: 'transition', trainingRunId, atMs, event });
    }
  }

  #tell(event: HostEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (cause) {
        this.#listeners.delete(listener);
        this.#onBroken(cause);
      }
    }
  }
}

const isTransition = ({ description, attributes }: TelemetryEvent): boolean =>
  TRANSITIONS.has(description) || (description === 'breaker_event' && attributes['action'] !== COUNTED);
