import type { Mapping } from './python-values.js';

/** What the prototype's decoder did with one packet. */
export interface RecordedDecision {
  readonly packet: Mapping;
  readonly metadata_update?: Mapping;
  readonly command?: Mapping;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly raises?: Mapping;
  readonly last_action: Mapping;
  readonly feature_coverage: Mapping;
  readonly registries_after: Mapping;
  /** The raw outputs of the network; absent when it was not asked. */
  readonly gnn?: Readonly<Record<string, { readonly data: readonly unknown[] }>>;
}

/** One line of `decision-cases`. */
export interface DecisionCase {
  readonly id: number;
  readonly tag: string;
  readonly env: Readonly<Record<string, string>>;
  readonly policy_config: Mapping;
  readonly metadata: Mapping;
  readonly steps: readonly RecordedDecision[];
}
