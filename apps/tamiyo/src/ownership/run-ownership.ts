import type { DecisionRecord } from '../records/record.js';
import type { RunState } from '../runs/run-state.js';
import type { Delivered } from '../stages/stages.js';

/** Whether this host may decide for a run. Calls about one run come from its lane, one at a time. */
export interface RunOwnership {
  /**
   * Before a packet is answered or an order carried out: once resolved, the run table has the newest state and nobody else decides
   * for the run. Resolves with the answer when the packet was answered before, by whichever host; then nothing has changed. Rejects
   * with a `DecisionError`.
   */
  enter(trainingRunId: string, packetId?: string): Promise<Delivered | undefined>;
  /** What commands of the run are sealed under. */
  issuerEpochOf(trainingRunId: string): number;
  /**
   * The one write of a decision, behind its record in the log. Unless it resolves the command must not leave: it rejects with
   * `LEASE_LOST` when it never will, with `LEDGER_UNAVAILABLE` when that is not known.
   */
  store(record: DecisionRecord): Promise<void>;
  /** The run's state has changed without a command. Rejects like {@link store}. */
  keep(trainingRunId: string, state: RunState): Promise<void>;
  /** Nothing has changed: others need not wait. Should that not be heard, they wait for the rest of the lease. */
  leave(trainingRunId: string): void;
  /** Takes back what was stored too late. False when somebody who asked again has got it meanwhile. */
  takeBack(record: DecisionRecord): Promise<boolean>;
}

/** A host that shares its runs with nobody: its log is all there is. */
export const soleOwner = (issuerEpoch: number): RunOwnership => ({
  enter: async () => undefined,
  issuerEpochOf: () => issuerEpoch,
  store: async () => undefined,
  keep: async () => undefined,
  leave: () => undefined,
  takeBack: async () => true,
});
