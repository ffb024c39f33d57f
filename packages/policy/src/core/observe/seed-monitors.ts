import type { SeedMonitor } from '@esper/leyline';
import type { BlueprintCandidate } from './blueprint-candidates.js';
import type { CoverageTally } from './coverage.js';
import { EdgeList, turned } from './edge-list.js';
import type { EdgeSources } from './edges.js';
import type { SeedCandidate } from './seed-candidates.js';

/** Zero-based index of the layer a seed sits at; `undefined` when it was not reported. */
export type SeedDepth = number | undefined;

/**
 * Which seeds watch which layers. As soon as one candidate lists watches, the lists are all there is; else each seed
 * watches the layer it reports. Thresholds of the candidate filter both. Watches of layers a cap has cut are counted.
 */
export function monitorEdges(sources: EdgeSources, tally: CoverageTally) {
  const collector = new MonitorCollector(sources);
  const listed = sources.candidates.some((candidate) => (candidate.descriptor.graph?.monitors ?? []).length > 0);
  for (const [row, candidate] of sources.candidates.entries()) {
    if (listed) collector.explicit(row, candidate);
    else collector.byDepth(row, candidate);
  }
  tally.kept('seed_monitors', collector.list.length, collector.total);
  const monitors = collector.list.table();
  return { seed__monitors__layer: monitors, layer__monitored_by__seed: turned(monitors) };
}

class MonitorCollector {
  readonly list: EdgeList;
  total = 0;
  readonly #sources: EdgeSources;
  readonly #seen = new Set<number>();

  constructor(sources: EdgeSources) {
    this.#sources = sources;
    this.list = new EdgeList(sources.attributeWidth, sources.seeds.length);
  }

  explicit(row: number, candidate: BlueprintCandidate): void {
    for (const monitor of candidate.descriptor.graph?.monitors ?? []) {
      for (const seedRow of this.#seedRows(monitor)) {
        this.#watch({ row, candidate, seedRow, layer: monitor.layerIndex, weight: monitor.weight });
      }
    }
  }

  byDepth(row: number, candidate: BlueprintCandidate): void {
    const { depths } = this.#sources;
    for (let seedRow = 0; seedRow < depths.length; seedRow += 1) {
      const depth = depths[seedRow];
      if (depth !== undefined) this.#watch({ row, candidate, seedRow, layer: Math.round(depth), weight: undefined });
    }
  }

  /** A watch for a seed that is not in this packet is no edge: seeds come and go while the catalogue stays. */
  #seedRows({ seedId, seedIndex }: SeedMonitor): readonly number[] {
    if (seedId === undefined) return seedIndex !== undefined && seedIndex in this.#sources.seeds ? [seedIndex] : [];
    return this.#sources.seeds.flatMap((seed, row) => (seed.seedId === seedId ? [row] : []));
  }

  #watch(watch: {
    row: number;
    candidate: BlueprintCandidate;
    seedRow: number;
    layer: number;
    weight: number | undefined;
  }): void {
    const { structure, seeds } = this.#sources;
    const seed = seeds[watch.seedRow] as SeedCandidate;
    const own = structure.layerRows[watch.row] ?? [];
    const target = own[watch.layer];
    if (target === undefined || !within(seed, watch.candidate)) return;
    const cell = watch.seedRow * 4096 + target;
    if (target >= 0 && this.#seen.has(cell)) return;
    this.total += 1;
    if (target < 0) return;
    this.#seen.add(cell);
    const attribute = watch.weight ?? structure.layers[target]?.positionRatio ?? 0;
    this.list.add(watch.seedRow, target, [seed.stageFraction, seed.risk ?? 0, attribute]);
  }
}

/** A seed of unknown risk passes no risk limit. */
function within(seed: SeedCandidate, candidate: BlueprintCandidate): boolean {
  const { riskMax, stageMin } = candidate.descriptor.graph?.monitorThresholds ?? {};
  if (riskMax !== undefined && !((seed.risk ?? Number.POSITIVE_INFINITY) <= riskMax)) return false;
  return stageMin === undefined || seed.stageFraction >= stageMin;
}
