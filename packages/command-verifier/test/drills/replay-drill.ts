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
/**
 * What a restart may cost. While the date is not behind its newest: good commands are refused for so long and no longer.
 * While it is: at most as many of a run as it issues in that time, however long that takes.
 */
const COST_MS_MAX = 2000;

interface Sent {
  readonly bytes: Uint8Array;
  readonly issuedAtMs: number;
  readonly trainingRunId: string;
  /** The date had been later before. */
  readonly isDateBehind: boolean;
}

/** The world around the consumer: an issuer that never restarts, one date for both, and all that was ever sent. */
class World {
  readonly random: SeededRandom;
  readonly clock = new FakeClock(START_MS);
  readonly beganAt = this.clock.monoMs();
  readonly sent: Sent[] = [];
  readonly #sealer: Sealer;
  readonly #sequences = new Map<string, number>();
  clockSteps = 0;
  #newestMs = 0;

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
    const { issuedAtMs } = identity;
    const command = { bytes, issuedAtMs, trainingRunId, isDateBehind: issuedAtMs < this.#newestMs };
    this.#newestMs = Math.max(this.#newestMs, issuedAtMs);
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

/** What the restarts cost in good commands. */
class Costs {
  refusedGood = 0;
  /** The longest time after a restart in which good commands were refused, the date not behind. */
  worstMs = 0;
  /** The most good commands of one run that one life refused while the date was behind. */
  worstBehind = 0;
  readonly unexpected = new Map<string, number>();
  readonly #behindInLife = new Map<string, number>();

  startLife(): void {
    this.#behindInLife.clear();
  }

  note(reason: string, { trainingRunId, isDateBehind }: Sent, afterMs: number): void {
    if (reason !== 'issued_before_watermark') this.unexpected.set(reason, (this.unexpected.get(reason) ?? 0) + 1);
    this.refusedGood += 1;
    if (!isDateBehind) {
      this.worstMs = Math.max(this.worstMs, afterMs);
      return;
    }
    const refused = (this.#behindInLife.get(trainingRunId) ?? 0) + 1;
    this.#behindInLife.set(trainingRunId, refused);
    this.worstBehind = Math.max(this.worstBehind, refused);
  }
}

/** One life: replays first, when a consumer knows least; then traffic with replays between; death in the middle. */
async function live(life: Life, world: World, costs: Costs): Promise<void> {
  const bornAt = world.clock.monoMs();
  costs.startLife();
  for (let n = 0; n < REPLAYS_AFTER_RESTART && world.sent.length > 0; n++)
    await life.verify(pickOld(world).bytes, world.now);
  for (let n = 0; n < COMMANDS_PER_LIFE; n++) {
    world.tick();
    const sent = world.issue();
    const reason = await life.verify(sent.bytes, world.now);
    if (reason !== 'ok') costs.note(reason, sent, world.clock.monoMs() - bornAt);
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
  const costs = new Costs();
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
  const failures = judge(costs, world, acceptedTwice + memory.acceptedTwice).concat(memory.failures);
  const { refusedGood, worstMs, worstBehind } = costs;
  const json = {
    restarts,
    clockSteps: world.clockSteps,
    acceptedTwice: acceptedTwice + memory.acceptedTwice,
    refusedGood,
    commands: world.sent.length,
    worstCostMs: Math.round(worstMs),
    worstCostCommandsDateBehind: worstBehind,
  };
  return { json, failures };
}

function judge(costs: Costs, world: World, acceptedTwice: number): string[] {
  const failures: string[] = [];
  if (acceptedTwice > 0) failures.push(`${acceptedTwice} commands were executed twice`);
  if (costs.worstMs > COST_MS_MAX)
    failures.push(`good commands were refused up to ${costs.worstMs} ms after a restart`);
  const worthMax = Math.ceil((COST_MS_MAX * world.sent.length) / RUNS / (world.clock.monoMs() - world.beganAt));
  if (costs.worstBehind > worthMax)
    failures.push(
      `${costs.worstBehind} good commands of a run were refused behind the date, at most ${worthMax} may be`,
    );
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
