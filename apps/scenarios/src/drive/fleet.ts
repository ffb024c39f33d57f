import { quantile } from '../core/statistics.js';
import { fleetPacket, type TrainerPackets } from './fleet-packet.js';
import type { ScenarioHost } from './scenario-host.js';

/** How one host did with so many runs at once. */
export interface FleetResult {
  readonly runs: number;
  readonly decisions: number;
  readonly failed: number;
  /** Runs whose sequence numbers did not rise one by one. */
  readonly disordered: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** Packets under way at once: what the machine can do is the same for few runs and for many. */
const LANES = 8;
const ROUNDS_MIN = 2;

/**
 * Asks for at least `decisionsMin` decisions for `runs` runs, turn by turn, a run's next packet after the answer to its last.
 */
export async function driveFleet(
  { host }: ScenarioHost,
  packets: TrainerPackets,
  { runs, decisionsMin }: { readonly runs: number; readonly decisionsMin: number },
): Promise<FleetResult> {
  const rounds = Math.max(ROUNDS_MIN, Math.ceil(decisionsMin / runs));
  const ms: number[] = [];
  const last = new Map<number, number>();
  const disordered = new Set<number>();
  let failed = 0;
  const decide = async (run: number, round: number): Promise<void> => {
    const trainingRunId = `fleet-${runs}-${run}`;
    const askedAt = performance.now();
    const outcome = await host.decide(trainingRunId, fleetPacket(packets, trainingRunId, round));
    ms.push(performance.now() - askedAt);
    if (!outcome.ok) {
      failed += 1;
      return;
    }
    const { sequence } = outcome.value.identity;
    if (sequence !== (last.get(run) ?? 0) + 1) disordered.add(run);
    last.set(run, sequence);
  };
  const lane = async (from: number): Promise<void> => {
    for (let round = 0; round < rounds; round += 1)
      for (let run = from; run < runs; run += LANES) await decide(run, round);
  };
  const beganAt = performance.now();
  await Promise.all(Array.from({ length: Math.min(LANES, runs) }, (_, from) => lane(from)));
  const seconds = (performance.now() - beganAt) / 1000;
  return {
    runs,
    decisions: ms.length,
    failed,
    disordered: disordered.size,
    perSecond: ms.length / seconds,
    p50Ms: quantile(ms, 0.5),
    p95Ms: quantile(ms, 0.95),
  };
}
