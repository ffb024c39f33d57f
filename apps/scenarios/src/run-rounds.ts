import { mkdir, mkdtemp, rm } from 'node:fs/promises';
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
  /** Where the data folders of the rounds stay, to be looked at; absent: each is removed. */
  readonly keepIn?: string;
}

/** Runs the rounds and joins them. Each has a folder of its own. */
export async function runRounds({ durationMs, ...order }: RoundsOrder) {
  const until = performance.now() + (durationMs ?? 0);
  const rounds: [Round, ...Round[]] = [await oneRound(order)];
  while (performance.now() < until) {
    const seed = order.seed + rounds.length;
    order.say(`round ${rounds.length + 1}, seed ${seed}`);
    rounds.push(await oneRound({ ...order, seed }));
  }
  return durationMs === undefined ? rounds[0].outcome : joinRounds(rounds);
}

async function oneRound({ name, scenario, keepIn, ...request }: Omit<RoundsOrder, 'durationMs'>): Promise<Round> {
  if (keepIn !== undefined) await mkdir(keepIn, { recursive: true });
  const dataDir = await mkdtemp(join(keepIn ?? tmpdir(), `tamiyo-${name}-`));
  try {
    return { seed: request.seed, outcome: await scenario.run({ ...request, dataDir }) };
  } finally {
    if (keepIn === undefined) await rm(dataDir, { recursive: true, force: true });
    else request.say(`its data stays in ${dataDir}`);
  }
}
