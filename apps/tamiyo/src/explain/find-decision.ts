import type { DecisionRecord, FailureRecord, HostRecord } from '../records/record.js';

/** A decision as the log tells it. */
export interface ToldDecision {
  readonly record: DecisionRecord | FailureRecord;
  /** The failure that the caller was told, where a recorded command came too late. */
  readonly failure?: FailureRecord;
  /** True for a command that was recorded and never left. */
  readonly withheld: boolean;
  /** Operator's orders for the run that were in the log before it, the latest last. */
  readonly orders: readonly Extract<HostRecord, { kind: 'operator' }>[];
}

/** Fewest characters of an id that name a decision. */
export const PREFIX_LEAST = 6;

/**
 * Reads records in order and keeps the last decision that `id` names: by decision, command, packet or report id, or by the
 * beginning of one. `last` names the last decision of all.
 */
export class DecisionFinder {
  readonly #id: string;
  readonly #orders = new Map<string, Extract<HostRecord, { kind: 'operator' }>[]>();
  #found: ToldDecision | undefined;
  #others = new Set<string>();

  constructor(id: string) {
    this.#id = id.replace(/^fr-/, '');
  }

  take(record: HostRecord): void {
    if (record.kind === 'operator') {
      const orders = this.#orders.get(record.trainingRunId) ?? [];
      this.#orders.set(record.trainingRunId, [...orders, record].slice(-ORDERS_KEPT));
    } else if (record.kind === 'withheld') {
      if (this.#found?.record.decisionId === record.decisionId) this.#found = { ...this.#found, withheld: true };
    } else if ((record.kind === 'decision' || record.kind === 'failure') && this.#names(record)) this.#keep(record);
  }

  /** The decision, and how many others the same beginning names. */
  result(): { readonly told: ToldDecision | undefined; readonly others: readonly string[] } {
    const own = this.#found?.record.decisionId;
    return { told: this.#found, others: [...this.#others].filter((id) => id !== own) };
  }

  #keep(record: DecisionRecord | FailureRecord): void {
    const before = this.#found;
    if (this.#id !== 'last') this.#others.add(record.decisionId);
    if (before?.record.decisionId === record.decisionId && record.kind === 'failure') {
      this.#found = { ...before, failure: record };
      return;
    }
    this.#found = { record, withheld: false, orders: this.#orders.get(record.trainingRunId) ?? [] };
  }

  #names(record: DecisionRecord | FailureRecord): boolean {
    if (this.#id === 'last') return true;
    const ids = [
      record.decisionId,
      record.packetId,
      ...(record.kind === 'decision' ? [record.identity.commandId] : []),
    ];
    return ids.some((id) => id === this.#id || (this.#id.length >= PREFIX_LEAST && id.startsWith(this.#id)));
  }
}

/** Orders of a run that explaining can still need. */
const ORDERS_KEPT = 8;
