import type { NodeType, RelationKey } from '../../core/graph/schema.js';
import type { RecordedBuilderConfig } from './prototype-build.js';
import type { RecordedProvider } from './prototype-model.js';
import type { RecordedRegistries } from './prototype-registries.js';
import type { Mapping } from './python-values.js';

interface Tensor {
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

/** What the prototype gave for one packet. */
export interface RecordedGraph {
  readonly x: Readonly<Record<NodeType, Tensor>>;
  readonly edges: Readonly<
    Record<RelationKey, { readonly index: readonly [readonly number[], readonly number[]]; readonly attr: Tensor }>
  >;
  readonly node_ids: Readonly<Record<Exclude<NodeType, 'global'>, readonly string[]>>;
  readonly seed_capabilities: readonly Mapping[];
  readonly seed_candidate_scores: Tensor;
  readonly blueprint_candidate_scores: Tensor;
  readonly feature_coverage: Mapping;
  readonly feature_coverage_types: Mapping;
}

export interface RecordedStep {
  readonly packet: Mapping;
  readonly metadata_update?: Mapping;
  readonly out?: RecordedGraph;
  readonly raises?: unknown;
  readonly registries_after: RecordedRegistries;
  readonly normalizer_after: Mapping;
}

/** One line of `graph-builder-cases`. */
export interface GraphBuilderCase {
  readonly id: number;
  readonly tag: string;
  readonly config: RecordedBuilderConfig;
  readonly registries: RecordedRegistries;
  readonly provider: RecordedProvider;
  readonly metadata: Mapping;
  readonly normalizer_file?: string;
  readonly constructor_raises?: unknown;
  readonly steps?: readonly RecordedStep[];
}
