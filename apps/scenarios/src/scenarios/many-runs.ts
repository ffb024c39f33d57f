import { join } from 'node:path';
import type { SystemStatePacket } from '@esper/leyline';
import { hasRedisServer } from '../adapters/redis-server.js';
import { assertion } from '../core/outcome.js';
import { type DrivenRun, driveRun } from '../drive/drive-run.js';
import { driveFleet, type FleetResult } from '../drive/fleet.js';
import type { TrainerPackets } from '../drive/fleet-packet.js';
import { runKpis } from '../drive/run-kpis.js';
import { driveSharedFleet, type SharedFleet } from '../drive/shared-fleet.js';
import { alwaysPromised, type Watched, withHost } from '../drive/with-host.js';
import { fleetFigure, layoutFigure } from '../report/fleet-figure.js';
import type { Scenario, ScenarioRequest } from './scenario.js';

/** Trainers at once: real processes, so a small machine bounds it. */
const TRAINERS = 3;
/** Runs at once, in turn; the short form leaves out the largest. */
const FLEETS = [1, 10, 100, 1_000] as const;
const fleetsFor = (steps: number): readonly number[] => FLEETS.filter((runs) => runs <= steps * 10);

/** How many decisions a fleet has at least: of few, no percentile says anything. */
const decisionsFor = (steps: number): number => Math.ceil(1.5 * steps);

/** What two hosts are asked for: as many runs and rounds as the scenario is long. */
const sharedFor = (steps: number) => ({ runs: Math.ceil(steps / 2), rounds: Math.ceil(steps / 12) });

interface Found {
  readonly runs: readonly DrivenRun[];
  readonly packets: TrainerPackets;
  readonly fleets: readonly FleetResult[];
}

async function drive(at: Watched, request: ScenarioRequest): Promise<Found> {
  const packets: SystemStatePacket[] = [];
  let done = 0;
  const trainer = (index: number) =>
    driveRun(at, {
      trainingRunId: request.sabotaged ? 'many-0' : `many-${index}`,
      seed: request.seed + index,
      steps: request.steps,
      // One of them is spiked: the others must not feel it.
      faults: index === 0 ? [{ kind: 'lr_spike', atStep: Math.floor(request.steps / 2), steps: 4, value: 300 }] : [],
      beforeDecision: (_, packet) => {
        if (index === 1) packets.push(packet);
      },
      onStep: () => {
        done += 1;
        request.progress(done, TRAINERS * request.steps);
      },
    });
  const runs = await Promise.all(Array.from({ length: TRAINERS }, (_, index) => trainer(index)));
  const [first, ...rest] = packets;
  if (first === undefined) throw new Error('the second trainer sent no packet');
  const fleets: FleetResult[] = [];
  for (const size of fleetsFor(request.steps)) {
    request.say(`${size} runs at once`);
    fleets.push(await driveFleet(at, [first, ...rest], { runs: size, decisionsMin: decisionsFor(request.steps) }));
  }
  return { runs, fleets, packets: [first, ...rest] };
}

/** For the page, which shows numbers alone. */
const redisBytes = ({ redis: { bytesPerRun, bytesPerAnswer, bytesPerFact } }: SharedFleet) => ({
  redisBytesPerRun: bytesPerRun,
  redisBytesPerDecision: bytesPerAnswer + bytesPerFact,
});

/** Two hosts against one; absent where there is no Redis to share. */
async function twoHosts(
  { dataDir, steps, say }: ScenarioRequest,
  packets: TrainerPackets,
): Promise<SharedFleet | undefined> {
  if (!hasRedisServer()) {
    say('two hosts are left out: there is no redis-server here');
    return undefined;
  }
  say('two hosts against one');
  return driveSharedFleet({ dataDir: join(dataDir, 'shared'), packets, ...sharedFor(steps) });
}

async function run(request: ScenarioRequest) {
  const seen = await withHost(request, (at) => drive(at, request));
  const { runs, fleets, packets } = seen.found;
  const shared = await twoHosts(request, packets);
  const exploded = runs.filter(({ recorder }) =>
    recorder.recording.decisions.some(({ reason }) => reason === 'loss_spike' || reason === 'rollback_required'),
  ).length;
  const sequences = runs.map(({ commands }) => commands.map(({ identity }) => identity.sequence));
  const rising = sequences.every((of) => of.every((sequence, at) => at === 0 || sequence > (of[at - 1] as number)));
  const gaps = sequences.every((of) => (of.at(-1) ?? 0) === of.length);
  const driven = [...fleets, ...(shared?.layouts ?? [])];
  const failed = driven.reduce((sum, fleet) => sum + fleet.failed, 0);
  const disordered = driven.reduce((sum, fleet) => sum + fleet.disordered, 0);
  return {
    assertions: [
      assertion(
        'every run was decided at every step',
        runs.every(({ commands }) => commands.length === request.steps),
        runs.map(({ commands }) => commands.length).join(', '),
      ),
      assertion('sequence numbers rise in each run, without gaps', rising && gaps, String(rising && gaps)),
      assertion('a spike in one run is felt by that run alone', exploded <= 1, `${exploded} of ${TRAINERS}`),
      assertion('of many runs at once every packet was decided', failed === 0, failed),
      assertion('each of them has its own sequence, whichever host decides', disordered === 0, disordered),
      ...alwaysPromised(runs, seen),
    ],
    kpis: { ...seen.hostKpis, ...runKpis(runs, seen.seconds) },
    recordings: runs.map(({ recorder }, at) =>
      at === 0 ? { ...recorder.recording, samples: seen.samples } : recorder.recording,
    ),
    extra: { runs: TRAINERS, fleets, ...(shared === undefined ? {} : { shared, ...redisBytes(shared) }) },
    figures: [...fleetFigure(fleets), ...layoutFigure(shared)],
  };
}

export const manyRuns: Scenario = {
  about:
    'Several trainers on one host at once, one of them in trouble: runs are independent. Then the packets of one trainer for 1 to 1,000 runs (100 in the short form): what a run costs does not grow with their number. Then the same runs on one host and on two that share a Redis.',
  sabotage: 'All trainers report under one run id.',
  steps: { short: 40, usual: 120 },
  run,
};
