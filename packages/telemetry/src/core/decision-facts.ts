import type {
  BlueprintTier,
  CircuitState,
  CommandDraft,
  CoverageMetadata,
  HazardBand,
  Signal,
  TelemetryEvent,
  TraceSpan,
} from '@esper/leyline';

/** A breaker as it stood when the decision was made. */
export interface BreakerFacts {
  readonly state: CircuitState;
  readonly failures: number;
}

/** The policy in force and how it runs. */
export interface PolicyFacts {
  /** Version or digest; the packet shows its first 8 characters. */
  readonly version: string;
  readonly architecture: string;
  readonly isCompiled: boolean;
  /** Why it is not compiled. */
  readonly compileReason?: string;
  readonly warmUpMs?: number;
  /** Falls back to the uncompiled form, since the process started. */
  readonly fallbackTotal?: number;
}

/** The blueprint in question. */
export interface BlueprintFacts {
  readonly blueprintId: string;
  readonly tier: BlueprintTier;
  readonly risk: Signal;
  readonly hazardBand?: HazardBand;
  readonly provenance?: string;
}

/** Counts since the process started. */
export interface TotalsFacts {
  readonly timeouts: Readonly<Record<'inference' | 'metadata' | 'decision', number>>;
  readonly verifierFailures: number;
}

/** Where field reports stand. Totals since the process started; `pending` and `retryBacklog` now. */
export interface FieldReportFacts {
  readonly published: number;
  readonly retries: number;
  readonly dropped: number;
  readonly pending: number;
  readonly retryBacklog: number;
  readonly retryIndexLoadErrors: number;
  readonly windowLoadErrors: number;
}

/** Everything a decision packet is made of. Plain data; building the packet decides nothing. */
export interface DecisionFacts {
  readonly packetId?: string;
  readonly trainingRunId?: string;
  readonly globalStep: number;
  /** Wall time, milliseconds since 1970. */
  readonly timestampMs: number;
  readonly validationLoss?: Signal;
  readonly lossDelta: Signal;
  /** The risk engine's limit for a loss spike. */
  readonly lossSpikeMax: number;
  /** The mode during the decision, not after it. */
  readonly isConservative: boolean;
  /** The final command. Policy, risk, blend, coverage and selection are read from its `decision`. */
  readonly command: CommandDraft;
  readonly commandId?: string;
  /** In the order in which they happened. */
  readonly events: readonly TelemetryEvent[];
  readonly breakers: Readonly<Record<'inference' | 'metadata', BreakerFacts>>;
  readonly budgetsMs: Readonly<Record<'inference' | 'metadata' | 'decision', number>>;
  readonly inferenceMs: number;
  readonly decisionMs: number;
  readonly policy: PolicyFacts;
  readonly coverage?: CoverageMetadata;
  readonly blueprint?: BlueprintFacts;
  readonly totals?: TotalsFacts;
  readonly fieldReports?: FieldReportFacts;
  readonly spans?: readonly TraceSpan[];
}
