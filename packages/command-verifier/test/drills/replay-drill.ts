import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeClock, SeededRandom, tempFolder } from '@esper/testkit';
import type { DrillFlags, DrillOutcome, DrillSpec } from '../../../../tools/drill/drill.ts';
import { createKeyRing, createReplayGuard, createSealer, createVerifier, type Sealer } from '../../src/index.js';
import { hmacKey } from '../../src/node.js';
import { makeBench, makeKey, pauseDraft, START_MS, seededIds, verdict } from '../support/fixtures.js';
import { REPLAY_SABOTAGES } from './replay-faults.js';
import { Life } from './replay-life.js';

export const REPLAY_DRILL: DrillSpec = {
  name: 'verifier:replay',
  defaultBudgetMs: 60_000,
  sabotages: REPLAY_SABOTAGES,
};

const DEFAULT_RESTARTS = 10;
const COMMANDS_PER_LIFE = 40;
const RUNS = 3;
const REPLAYS_AFTER_RESTART = 60;
/** What a restart may cost, in the issuer's time. */
const COST_MS_MAX = 2000;

interface Sent {
  readonly bytes: Uint8Array;
  readonly issuedAtMs: number;
}

/** The world around the consumer: an issuer that never restarts, one date for both, and all that was ever sent. */
class World {
  readonly random: SeededRandom;
  readonly clock = new FakeClock(START_MS);
  readonly sent: Sent[] = [];
  readonly #sealer: Sealer;
  readonly #sequences = new Map<string, number>();
  clockSteps = 0;

  constructor(seed: number, secret: Uint8Array) {
    this.random = new SeededRandom(seed);
    const keyRing = createKeyRing([
      makeKey('key-a', { notBeforeMs: 0, notAfterMs: 2 ** 42, material: hmacKey(secret) }),
    ]);
    this.#sealer = createSealer({ keyRing, clock: this.clock, ids: seededIds(seed) });
  }

  /** A new command of one of the runs. */
  issue(): Sent {
    const trainingRunId = `run-${this.random.int(0, RUNS - 1)}`;
    const sequence = (this.#sequences.get(trainingRunId) ?? 0) + 1;
    this.#sequences.set(trainingRunId, sequence);
    const request = { trainingRunId, consumer: 'kasmina', issuerEpoch: 1, sequence, expiresInMs: 3_600_000 };
    const { bytes, identity } = this.#sealer.seal(pauseDraft, request);
    const command = { bytes, issuedAtMs: identity.issuedAtMs };
    this.sent.push(command);
    return command;
  }

  /** Time passes; now and then the date is moved, sometimes exactly so that old commands are fresh again. */
  tick(): void {
    this.clock.advance(this.random.int(5, 200));
    if (!this.random.chance(0.04)) return;
    const old = this.random.pick(this.sent).issuedAtMs;
    const jumpMs = this.random.chance(0.5)
      ? old - this.clock.wallMs() + this.random.int(0, 50_000)
      : this.random.int(-7_200_000, 7_200_000);
    this.clock.jumpWall(Math.max(jumpMs, START_MS / 2 - this.clock.wallMs()));
    this.clockSteps += 1;
  }

  get now(): { wallMs: number; monoMs: number } {
    return { wallMs: this.clock.wallMs(), monoMs: this.clock.monoMs() };
  }
}

interface Costs {
  refusedGood: number;
  /** The longest time after a restart in which good commands were refused. */
  worstMs: number;
  readonly unexpected: Map<string, number>;
}

/** One life: replays first, when a consumer knows least; then traffic with replays between; death in the middle. */
async function live(life: Life, world: World, costs: Costs): Promise<void> {
  const bornAt = world.clock.monoMs();
  for (let n = 0; n < REPLAYS_AFTER_RESTART && world.sent.length > 0; n++)
    await life.verify(pickOld(world).bytes, world.now);
  for (let n = 0; n < COMMANDS_PER_LIFE; n++) {
    world.tick();
    const reason = await life.verify(world.issue().bytes, world.now);
    if (reason !== 'ok') noteRefusal(costs, reason, world.clock.monoMs() - bornAt);
    if (world.random.chance(0.5)) await life.verify(pickOld(world).bytes, world.now);
  }
  const inFlight = [world.issue(), pickOld(world), world.issue()].map((sent) => life.verify(sent.bytes, world.now));
  if (world.random.chance(0.5)) await inFlight[0];
  await life.kill();
  await Promise.all(inFlight);
}

/** Mostly recent commands: those a broken memory would let through. */
function pickOld(world: World): Sent {
  const recent = Math.max(0, world.sent.length - 1 - world.random.int(0, 80));
  return world.random.chance(0.7)
    ? (world.sent[recent] ?? world.random.pick(world.sent))
    : world.random.pick(world.sent);
}

function noteRefusal(costs: Costs, reason: string, afterMs: number): void {
  if (reason !== 'issued_before_watermark') costs.unexpected.set(reason, (costs.unexpected.get(reason) ?? 0) + 1);
  costs.refusedGood += 1;
  costs.worstMs = Math.max(costs.worstMs, afterMs);
}

/** One consumer after another is killed while commands are in flight; nothing may be executed twice. */
export async function replayDrill(flags: DrillFlags): Promise<DrillOutcome> {
  const folder = await tempFolder('verifier-replay-');
  try {
    return await runLives(flags, join(folder.path, 'watermark'));
  } finally {
    await folder.remove();
  }
}

async function runLives(flags: DrillFlags, path: string): Promise<DrillOutcome> {
  const secret = new Uint8Array(randomBytes(32));
  const world = new World(flags.seed, secret);
  const costs: Costs = { refusedGood: 0, worstMs: 0, unexpected: new Map() };
  const restarts = flags.count ?? DEFAULT_RESTARTS;
  let next = new Life();
  for (let birth = 0; birth <= restarts; birth++) {
    const life = next;
    await life.open({ path, secret, sabotage: flags.sabotage });
    if (birth < restarts) next = new Life();
    await live(life, world, costs);
  }
  const acceptedTwice = countTwice(`${path}.executed`);
  const memory = await fillMemory(flags.sabotage);
  const failures = judge(costs, acceptedTwice + memory.acceptedTwice, memory.failures);
  const { refusedGood, worstMs } = costs;
  const json = {
    restarts,
    clockSteps: world.clockSteps,
    acceptedTwice: acceptedTwice + memory.acceptedTwice,
    refusedGood,
  };
  return { json: { ...json, commands: world.sent.length, worstCostMs: Math.round(worstMs) }, failures };
}

function judge(costs: Costs, acceptedTwice: number, memory: readonly string[]): readonly string[] {
  const failures = [...memory];
  if (acceptedTwice > 0) failures.push(`${acceptedTwice} commands were executed twice`);
  if (costs.worstMs > COST_MS_MAX)
    failures.push(`good commands were refused up to ${costs.worstMs} ms after a restart`);
  for (const [reason, count] of costs.unexpected) failures.push(`${count} good commands were refused with ${reason}`);
  return failures;
}

function countTwice(path: string): number {
  const ids = readFileSync(path, 'utf8').trim().split('\n');
  return ids.length - new Set(ids).size;
}

/** A full memory must refuse by name, and still know everything it holds. */
async function fillMemory(fault: string | undefined): Promise<{ acceptedTwice: number; failures: readonly string[] }> {
  const bench = makeBench();
  const guard = () => createReplayGuard({ clock: bench.clock, options: { capacity: 50, sequence: 'any' } });
  const start = (replay = guard()) =>
    createVerifier({
      keyRing: bench.ring,
      clock: bench.clock,
      replay,
      audience: { trainingRunId: 'run-1', consumer: 'kasmina' },
    });
  let verifier = start();
  const sent = Array.from({ length: 60 }, () => bench.sealNext());
  const verdicts: string[] = [];
  for (const bytes of sent) {
    verdicts.push(await verdict(verifier, bytes));
    if (fault === 'evict-when-full' && verdicts.at(-1) === 'replay_memory_full') verifier = start();
  }
  let acceptedTwice = 0;
  for (const [index, bytes] of sent.entries())
    if ((await verdict(verifier, bytes)) === 'ok' && verdicts[index] === 'ok') acceptedTwice += 1;
  const refused = verdicts.filter((reason) => reason === 'replay_memory_full').length;
  return { acceptedTwice, failures: refused === 10 ? [] : [`a full memory refused ${refused} of 10 commands by name`] };
}
