import type { FieldReportOutcome } from './enums.js';

/** What became of one decision, for whoever learns from it. Exactly one per decision, failed decisions included. */
export interface FieldReport {
  readonly version: 1;
  /** `fr-<commandId>`; for failures `fr-<decisionId>`; for synthesised ones `fr-synth-<commandId>-<startEpoch>+<target>`. */
  readonly reportId: string;
  /** Absent when the decision failed and no command was issued. */
  readonly commandId?: string;
  readonly trainingRunId: string;
  readonly seedId?: string;
  readonly blueprintId?: string;
  readonly outcome: FieldReportOutcome;
  readonly observationWindowEpochs: number;
  readonly policyVersion: string;
  readonly notes: string;
  /** Finite numbers. `loss_delta` is always there. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly followUpActions: readonly string[];
  /** Wall time of the decision, milliseconds since 1970. Never absent, never 0 (D-09). */
  readonly issuedAtMs: number;
}
