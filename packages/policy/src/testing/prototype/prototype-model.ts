import {
  blueprintIdOf,
  newBuild,
  type PrototypeBuild,
  type PrototypeOutput,
  type RecordedBuilderConfig,
} from './prototype-build.js';
import { buildRelations } from './prototype-edges.js';
import { buildBlueprint, buildGlobal, buildSeeds } from './prototype-nodes.js';
import { PrototypeRegistries, type RecordedRegistries } from './prototype-registries.js';
import { PrototypeStatistics } from './prototype-statistics.js';
import { buildActivations, buildLayers, buildParameters } from './prototype-structure.js';
import type { Mapping } from './python-values.js';
import type { RecordedPacket } from './recorded-packet.js';

/** How the recorded case hands out metadata. */
export type RecordedProvider = 'map' | 'none' | 'raises' | 'null';

/**
 * The prototype's graph builder as we read it: statistics change while features are made, names are registered on sight,
 * what is missing is made up. It exists to prove that reading against recordings, and for nothing else.
 */
export class PrototypeModel {
  readonly statistics: PrototypeStatistics;
  readonly registries: PrototypeRegistries;
  readonly #config: RecordedBuilderConfig;

  constructor(
    config: RecordedBuilderConfig,
    before: { readonly registries: RecordedRegistries; readonly file: string | undefined },
  ) {
    this.#config = config;
    this.statistics = new PrototypeStatistics(before.file);
    this.registries = new PrototypeRegistries(before.registries);
  }

  /** Throws `PythonRaise` where the prototype raises; what it had changed by then stays changed. */
  build(packet: RecordedPacket, lookup: (id: string) => Mapping): PrototypeOutput {
    const build = newBuild({
      config: this.#config,
      registries: this.registries,
      statistics: this.statistics,
      packet,
      metadata: lookup(blueprintIdOf(packet)),
      optimizerMetadata: lookup(packet.packetId || packet.trainingRunId),
    });
    buildGlobal(build);
    buildSeeds(build);
    buildBlueprint(build);
    buildLayers(build);
    buildActivations(build);
    buildParameters(build);
    return outputOf(build, this.#config.edge_feature_dim);
  }
}

function outputOf(build: PrototypeBuild, width: number): PrototypeOutput {
  const relations = buildRelations(build);
  const edges = Object.fromEntries(
    Object.entries(relations).map(([key, { pairs, attributes }]) => [
      key,
      { pairs, attributes: attributes.map((row) => fitted(row, width)) },
    ]),
  ) as unknown as PrototypeOutput['edges'];
  const { nodes, capabilities, seedScores, blueprintScore, coverage } = build;
  return { nodes, edges, capabilities, seedScores: seedScores.map(Math.fround), blueprintScore, coverage };
}

/** Cut or padded with zeros to the configured width. */
const fitted = (row: readonly number[], width: number): readonly number[] =>
  Array.from({ length: width }, (_, channel) => Math.fround(row[channel] ?? 0));
