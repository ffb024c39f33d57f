import { FakeClock, SeededRandom } from '@esper/testkit';
import { openWal, WalError } from '../../src/index.js';
import type { Disk } from '../../src/ports.js';
import { CrashDisk, type DiskCall, type DiskImage, type Fault, MemoryDisk } from '../../src/testing.js';
import { withCalls, withFileCalls, withSegmentSync } from '../support/changed-disk.js';
import { DIRECTORY, nameIn, type Promises, SCENARIOS, type Scenario } from './fault-scenarios.js';

/** What the exploration asserts; the first three say how much was done. */
export interface FaultTotals {
  runs: number;
  singles: number;
  pairs: number;
  /** How many singles and pairs there are in all. */
  of: number;
  lostAcked: number;
  /** Found after a refusal that said it is not there, or never appended at all. */
  invented: number;
  /** Failures without a code. */
  untyped: number;
  /** Logs that could not be opened afterwards, on a disk that works again. */
  stuck: number;
  examples: string[];
}

/** Known faults of a log; each must make one of the totals rise. */
export const FAULT_SABOTAGES = {
  'believe-failed-sync': 'a failed fdatasync counts as done',
  'retry-sync': 'a failed fdatasync is tried again and believed',
  'believe-failed-write': 'a failed write counts as done',
  'keep-refused': 'what a full disk refused is not taken back',
  'believe-short-writes': 'a write that was cut short counts as done',
  'skip-directory-sync': 'directories are never synced',
} as const;
export type FaultSabotage = keyof typeof FAULT_SABOTAGES;

const FAULTS = ['EIO', 'ENOSPC', 'EINTR', 'short'] as const satisfies readonly Fault[];
/** A first failure changes what is called afterwards; the second one may strike this much later than the last call. */
const LATER_CALLS = 12;

interface Faults {
  readonly world: World;
  readonly at: ReadonlyMap<number, Fault>;
}

/** One of several shares of the pairs; together they are all of them, each once. Every share fails every single call. */
export interface Share {
  /** From 1 to `of`. */
  readonly which: number;
  readonly of: number;
}

/** Fails every call once, with every kind of fault, then pairs of calls, all of the share if there is time. */
export async function exploreFaults(plan: {
  readonly seed: number;
  readonly until: (totals: FaultTotals) => boolean;
  readonly share?: Share;
  readonly sabotage?: FaultSabotage;
}): Promise<FaultTotals> {
  const { which, of } = plan.share ?? { which: 1, of: 1 };
  const totals: FaultTotals = {
    runs: 0,
    singles: 0,
    pairs: 0,
    of: 0,
    lostAcked: 0,
    invented: 0,
    untyped: 0,
    stuck: 0,
    examples: [],
  };
  const worlds = await Promise.all(SCENARIOS.map(worldOf));
  const singles = worlds.flatMap(singlesOf);
  const pairs = new PairSpace(worlds);
  totals.of = singles.length + pairs.size;
  for (const [at, faults] of singles.entries()) {
    await run(faults, plan, { totals, seed: plan.seed + at });
    totals.singles += 1;
    if (plan.until(totals)) return totals;
  }
  for (let at = which - 1; at < pairs.size && !plan.until(totals); at += of) {
    await run(pairs.at(at, plan.seed), plan, { totals, seed: plan.seed + at });
    totals.pairs += 1;
  }
  return totals;
}

interface World {
  readonly scenario: Scenario;
  readonly start: Awaited<ReturnType<Scenario['start']>>;
  /** Calls that a life without faults makes. */
  readonly calls: number;
}

async function worldOf(scenario: Scenario): Promise<World> {
  const world = { scenario, start: await scenario.start(), calls: 0 };
  const { disk } = await lifeOf({ world, at: new Map() }, 1, undefined);
  return { ...world, calls: disk.calls };
}

const singlesOf = (world: World): readonly Faults[] =>
  Array.from({ length: world.calls }, (_, index) =>
    FAULTS.map((fault) => ({ world, at: new Map<number, Fault>([[index, fault]]) })),
  ).flat();

/** Every pair of faults of every scenario, by number, in an order that looks random and repeats nothing. */
class PairSpace {
  readonly #worlds: readonly World[];
  readonly #sizes: readonly number[];
  readonly size: number;

  constructor(worlds: readonly World[]) {
    this.#worlds = worlds;
    this.#sizes = worlds.map(({ calls }) => calls * (calls + LATER_CALLS) * FAULTS.length ** 2);
    this.size = this.#sizes.reduce((sum, one) => sum + one, 0);
  }

  at(position: number, seed: number): Faults {
    // A prime that does not divide the size steps through all of it.
    const stride = [1_000_003, 1_000_033, 1_000_037].find((prime) => this.size % prime !== 0) ?? 1;
    let left = (position * stride + seed * 7919) % this.size;
    let which = 0;
    while (left >= (this.#sizes[which] as number)) left -= this.#sizes[which++] as number;
    const world = this.#worlds[which] as World;
    const { calls } = world;
    const kinds = left % FAULTS.length ** 2;
    const places = Math.floor(left / FAULTS.length ** 2);
    const first = places % calls;
    const second = first + 1 + Math.floor(places / calls);
    const at = new Map<number, Fault>([
      [first, FAULTS[kinds % FAULTS.length] as Fault],
      [second, FAULTS[Math.floor(kinds / FAULTS.length)] as Fault],
    ]);
    return { world, at };
  }
}

async function lifeOf(
  { world, at }: Faults,
  seed: number,
  sabotage: FaultSabotage | undefined,
): Promise<{ readonly disk: CrashDisk; readonly promises: Promises }> {
  const { image, kept } = world.start;
  const fault = (_call: DiskCall, _path: string, index: number) => at.get(index);
  const disk = new CrashDisk({ chance: new SeededRandom(seed), fault }, image);
  const promises: Promises = {
    kept: new Map(kept),
    refused: new Set(),
    offered: new Set(kept.values()),
    untyped: [],
  };
  await world.scenario.live(sabotaged(disk, sabotage), promises);
  return { disk, promises };
}

interface Run {
  readonly totals: FaultTotals;
  readonly seed: number;
}

async function run(faults: Faults, plan: { readonly sabotage?: FaultSabotage }, to: Run): Promise<void> {
  const { totals } = to;
  const { disk, promises } = await lifeOf(faults, to.seed, plan.sabotage);
  totals.runs += 1;
  const story = `${faults.world.scenario.name}, ${[...faults.at].map(([index, fault]) => `${fault} at call ${index}`).join(', ')}`;
  const complain = (key: 'lostAcked' | 'invented' | 'untyped' | 'stuck', what: string): void => {
    totals[key] += 1;
    if (totals.examples.length < 5) totals.examples.push(`${story}: ${key}: ${what}`);
  };
  for (const error of promises.untyped) complain('untyped', String(error));
  for (const [name, image] of [
    ['power cut', disk.crash(0)],
    ['crash', disk.crash(0.5)],
    ['end of process', disk.kill()],
  ] as const) {
    const found = await contentsOf(image, faults.world.scenario);
    if (typeof found === 'string') complain('stuck', `after ${name}: ${found}`);
    else compare(found, promises, (key, what) => complain(key, `after ${name}: ${what}`));
  }
}

function compare(
  found: ReadonlyMap<number, string>,
  promises: Promises,
  complain: (key: 'lostAcked' | 'invented', what: string) => void,
): void {
  for (const [sequence, name] of promises.kept) {
    if (found.get(sequence) !== name) complain('lostAcked', `${name} is not at ${sequence}`);
  }
  for (const name of found.values()) {
    if (promises.refused.has(name)) complain('invented', `${name} was refused and is there`);
    if (!promises.offered.has(name) && !name.startsWith('old')) complain('invented', `${name} was never appended`);
  }
}

/** Sequence → name of everything in the log, opened on a disk that works. */
async function contentsOf(image: DiskImage, scenario: Scenario): Promise<ReadonlyMap<number, string> | string> {
  const disk = new MemoryDisk(image, 'after');
  const options = { recovery: scenario.readAs, reserveBytes: 0, readBytes: 4096 } as const;
  try {
    const wal = await openWal({ disk, directory: DIRECTORY, clock: new FakeClock(), options });
    const found = new Map<number, string>();
    for await (const { sequence, payload } of wal.read()) found.set(sequence, nameIn(payload));
    await wal.close();
    return found;
  } catch (error) {
    if (!(error instanceof WalError)) throw error;
    return error.message;
  }
}

function sabotaged(disk: CrashDisk, sabotage: FaultSabotage | undefined): Disk {
  switch (sabotage) {
    case 'believe-failed-sync':
      return withSegmentSync(disk, (sync) => sync().catch(() => undefined));
    case 'retry-sync':
      return withSegmentSync(disk, (sync) => sync().catch(() => sync()));
    case 'believe-failed-write':
      return withFileCalls(disk, (file) => ({
        write: (bytes, position) => file.write(bytes, position).catch(() => bytes.length),
      }));
    case 'believe-short-writes':
      return withFileCalls(disk, (file) => ({
        write: (bytes, position) => file.write(bytes, position).then(() => bytes.length),
      }));
    case 'keep-refused':
      return withFileCalls(disk, (file) => ({
        write: (bytes, position) => writeAllTheSame(file.write(bytes, position), () => file.write(bytes, position)),
        truncate: async () => undefined,
      }));
    case 'skip-directory-sync':
      return withCalls(disk, { syncDirectory: async () => undefined });
    default:
      return disk;
  }
}

/** A full disk that has taken the bytes nevertheless. */
async function writeAllTheSame(first: Promise<number>, again: () => Promise<number>): Promise<number> {
  try {
    return await first;
  } catch (error) {
    await again().catch(() => 0);
    throw error;
  }
}
