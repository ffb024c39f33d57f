import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { joinRounds, type Round } from './core/rounds.js';
import type { Scenario, ScenarioRequest } from './scenarios/scenario.js';

/** A scenario, and how often. */
export interface RoundsOrder extends Omit<ScenarioRequest, 'dataDir'> {
  readonly name: string;
  readonly scenario: Scenario;
  /** Round after round, each with the next seed, until this time is over; absent: one round. A round is always finished. */
  readonly durationMs?: number;
}

/** Runs the rounds and joins them. Each has a folder of its own, removed after it. */
export async function runRounds({ name, scenario, durationMs, ...request }: RoundsOrder) {
  const until = performance.now() + (durationMs ?? 0);
  const rounds: [Round, ...Round[]] = [await oneRound(name, scenario, request)];
  while (performance.now() < until) {
    const seed = request.seed + rounds.length;
    request.say(`round ${rounds.length + 1}, seed ${seed}`);
    rounds.push(await oneRound(name, scenario, { ...request, seed }));
  }
  return durationMs === undefined ? rounds[0].outcome : joinRounds(rounds);
}

async function oneRound(name: string, scenario: Scenario, request: Omit<ScenarioRequest, 'dataDir'>): Promise<Round> {
  const dataDir = await mkdtemp(join(tmpdir(), `tamiyo-${name}-`));
  try {
    return { seed: request.seed, outcome: await scenario.run({ ...request, dataDir }) };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
