import type { BlueprintDescriptor, SystemStatePacket } from '@esper/leyline';
import type { HeteroGraph } from '../graph/hetero-graph.js';
import type { BlueprintCandidate, ExcludedBlueprint } from './blueprint-candidates.js';
import type { Coverage } from './coverage.js';
import type { SeedCandidate } from './seed-candidates.js';
import type { NormalizerState } from './statistics.js';
import type { NewName, Vocabularies } from './vocabulary.js';

export interface ObserveInput {
  readonly packet: SystemStatePacket;
  /** Eligible candidates, at most 8, in catalogue order. Real catalogue entries: an id is never made from a packet (P-D2). */
  readonly blueprints: readonly BlueprintDescriptor[];
  readonly vocabularies: Vocabularies;
  /** The statistics committed last. */
  readonly statistics: NormalizerState;
}

/** What the network is shown of one packet, and what was learnt in showing it. A value; nothing has been changed. */
export interface Observation {
  readonly packetId: string;
  readonly trainingRunId: string;
  readonly graph: HeteroGraph;
  /** Summed up when it is first read. A copy made by spreading an observation has none: read it before. */
  readonly coverage: Coverage;
  /** The next statistics. The host commits them only when the decision succeeded. */
  readonly statistics: NormalizerState;
  /** One per seed row of the graph. */
  readonly seeds: readonly SeedCandidate[];
  /** One per blueprint row of the graph. */
  readonly blueprints: readonly BlueprintCandidate[];
  readonly excludedBlueprints: readonly ExcludedBlueprint[];
  /** Paths of values that were sent and are no evidence (NaN, infinite, text, out of range). They count as absent. */
  readonly badSignals: readonly string[];
  readonly newNames: readonly NewName[];
}

/** Why a packet cannot be shown to the network at all. */
export type ObserveRefusal =
  | { readonly code: 'packet_field_invalid'; readonly path: string; readonly reason: string }
  | { readonly code: 'too_many_blueprints'; readonly given: number; readonly max: number };
