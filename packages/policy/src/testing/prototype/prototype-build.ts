import type { NodeType } from '../../core/graph/schema.js';
import { ModelCoverage, type ModelNodes, type ModelRelations, ModelTable } from './prototype-graph.js';
import type { PrototypeRegistries } from './prototype-registries.js';
import type { PrototypeStatistics } from './prototype-statistics.js';
import { isMapping, type Mapping } from './python-values.js';
import type { RecordedPacket } from './recorded-packet.js';

/** The recorded configuration of the prototype's builder. */
export type RecordedBuilderConfig = Readonly<
  Record<
    | `${NodeType}_feature_dim`
    | 'edge_feature_dim'
    | `${'layer' | 'activation' | 'optimizer' | 'hazard' | 'seed' | 'blueprint'}_vocab`
    | `max_${'layers' | 'activations' | 'parameters'}`,
    number
  >
>;

/** What the prototype knows of a seed besides its features. */
export type Capability = Record<string, number> & {
  stage: number;
  risk: number;
  blend_allowed: number;
  layer_depth: number;
};

/** One build of the prototype: its inputs, and what it fills on the way. */
export interface PrototypeBuild {
  readonly config: RecordedBuilderConfig;
  readonly registries: PrototypeRegistries;
  readonly statistics: PrototypeStatistics;
  readonly packet: RecordedPacket;
  /** Metadata of the packet's "blueprint", possibly empty. */
  readonly metadata: Mapping;
  /** Metadata as the optimizer lookup sees it. */
  readonly optimizerMetadata: Mapping;
  readonly coverage: ModelCoverage;
  readonly nodes: ModelNodes;
  readonly capabilities: Capability[];
  readonly seedScores: number[];
  blueprintScore: number;
}

/** What a build gives. */
export interface PrototypeOutput {
  readonly nodes: ModelNodes;
  readonly edges: ModelRelations;
  readonly capabilities: readonly Capability[];
  readonly seedScores: readonly number[];
  readonly blueprintScore: number;
  readonly coverage: ModelCoverage;
}

export function newBuild(
  given: Pick<PrototypeBuild, 'config' | 'registries' | 'statistics' | 'packet' | 'metadata' | 'optimizerMetadata'>,
): PrototypeBuild {
  const table = (type: NodeType) => new ModelTable(given.config[`${type}_feature_dim`]);
  return {
    ...given,
    coverage: new ModelCoverage(),
    nodes: {
      global: table('global'),
      seed: table('seed'),
      blueprint: table('blueprint'),
      parameter: table('parameter'),
      layer: table('layer'),
      activation: table('activation'),
    },
    capabilities: [],
    seedScores: [],
    blueprintScore: 0,
  };
}

/** The `graph` part of the metadata, empty when it is no mapping. */
export const graphOf = ({ metadata }: PrototypeBuild): Mapping =>
  isMapping(metadata['graph']) ? metadata['graph'] : {};
/** The run a node id is derived from. */
export const runOf = ({ packet }: PrototypeBuild): string => packet.trainingRunId || 'run';
/** The id the prototype takes for a blueprint's. */
export const blueprintIdOf = (packet: RecordedPacket): string =>
  packet.packetId || packet.trainingRunId || 'bp-unknown';

/** Key of a descriptor with the prototype's default: a key that is there with `null` stays `null`. */
export const got = (entry: Mapping, key: string, preset: unknown): unknown =>
  Object.hasOwn(entry, key) ? entry[key] : preset;
/** `entry.get(key) is not None`. */
export const given = (entry: Mapping, key: string): boolean => Object.hasOwn(entry, key) && entry[key] !== null;
export const flag = (present: boolean): number => (present ? 1 : 0);
/** The mappings of a list; nothing when it is no list. */
export const descriptorsOf = (list: unknown): readonly Mapping[] => (Array.isArray(list) ? list.filter(isMapping) : []);
