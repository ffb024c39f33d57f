import { err, ok, type Result } from '@esper/std';
import { type Coverage, CoverageTally } from './coverage.js';
import { buildEdges } from './edges.js';
import type { BuildNotes } from './feature-table.js';
import { buildNodes } from './graph-nodes.js';
import type { Observation, ObserveInput, ObserveRefusal } from './observation.js';
import { BLUEPRINTS_MAX, type ObserveLimits } from './observe-limits.js';
import { packetFault } from './packet-fault.js';
import { prepareBlueprints } from './prepared-blueprints.js';
import { seedCandidate } from './seed-candidates.js';
import type { SeedRow } from './seed-nodes.js';
import { NameLookup } from './vocabulary.js';

/**
 * Packet and blueprints as the graph the network decides on. Pure: same input, same graph to the bit; the order of seeds
 * and the statistics of other packets in flight do not matter. `limits` come from `resolveObserveLimits`. `prepare` may be
 * what `rememberBlueprints` gives: it saves the work for blueprints that were there at the last packet.
 */
export function observe(
  input: ObserveInput,
  limits: ObserveLimits,
  prepare: typeof prepareBlueprints = prepareBlueprints,
): Result<Observation, ObserveRefusal> {
  const { packet, blueprints } = input;
  if (blueprints.length > BLUEPRINTS_MAX) {
    return err({ code: 'too_many_blueprints', given: blueprints.length, max: BLUEPRINTS_MAX });
  }
  const fault = packetFault(packet);
  if (fault !== undefined) return err({ code: 'packet_field_invalid', ...fault });

  const names = new NameLookup(input.vocabularies);
  const statistics = { ...input.statistics };
  const notes: BuildNotes = { packet, names, tally: new CoverageTally(), badSignals: [], statistics };
  const prepared = prepare(blueprints, limits);
  const { candidates, structure } = prepared;
  const seeds = seedRows(input, limits, notes);
  for (const { type, kept, total } of prepared.structureKept) notes.tally.kept(type, kept, total);
  const nodes = buildNodes({ packet, limits, notes, seeds, prepared });
  const sources = {
    seeds: seeds.map((row) => row.candidate),
    depths: seeds.map((row) => row.state.layerDepth),
    candidates,
    structure,
    attributeWidth: limits.widths.edgeFeatureWidth,
  };
  const edges = buildEdges(sources, prepared, notes.tally);
  return ok(
    new TalliedObservation(notes.tally, {
      packetId: packet.packetId,
      trainingRunId: packet.trainingRunId,
      graph: { nodes, edges },
      statistics: notes.statistics,
      seeds: sources.seeds,
      blueprints: candidates,
      excludedBlueprints: prepared.excluded,
      badSignals: notes.badSignals,
      newNames: names.newNames(),
    }),
  );
}

/**
 * Sums its coverage up when it is first asked. The network does not need it: whoever waits for the network can look at it
 * meanwhile. A class, because a literal with a getter is an object of a kind of its own each time it is made: slow to read, and
 * what it holds outlives several collections.
 */
class TalliedObservation implements Observation {
  readonly packetId: string;
  readonly trainingRunId: string;
  readonly graph: Observation['graph'];
  readonly statistics: Observation['statistics'];
  readonly seeds: Observation['seeds'];
  readonly blueprints: Observation['blueprints'];
  readonly excludedBlueprints: Observation['excludedBlueprints'];
  readonly badSignals: readonly string[];
  readonly newNames: Observation['newNames'];
  readonly #tally: CoverageTally;
  #coverage: Coverage | undefined;

  constructor(tally: CoverageTally, rest: Omit<Observation, 'coverage'>) {
    this.packetId = rest.packetId;
    this.trainingRunId = rest.trainingRunId;
    this.graph = rest.graph;
    this.statistics = rest.statistics;
    this.seeds = rest.seeds;
    this.blueprints = rest.blueprints;
    this.excludedBlueprints = rest.excludedBlueprints;
    this.badSignals = rest.badSignals;
    this.newNames = rest.newNames;
    this.#tally = tally;
  }

  get coverage(): Coverage {
    this.#coverage ??= this.#tally.coverage();
    return this.#coverage;
  }
}

function seedRows({ packet }: ObserveInput, limits: ObserveLimits, notes: BuildNotes): readonly SeedRow[] {
  const kept = packet.seedStates.slice(0, limits.seedsMax);
  notes.tally.kept('seed', kept.length, packet.seedStates.length);
  return kept.map((state) => ({
    state,
    candidate: seedCandidate(state),
    identity: notes.names.fraction('seed', state.seedId),
  }));
}
