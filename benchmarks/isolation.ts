import { tempFolder } from '@esper/testkit';
import { runDrill } from '../tools/drill/drill.ts';
import { type Alarms, IsolationSite, type Taken } from './host-parts/isolation-site.ts';
import { spread } from './host-parts/open-host.ts';
import { median, round } from './wal-parts/timing.ts';

/**
 * `pnpm bench isolation`: what a telemetry sink that hangs costs decisions. Three whole hosts, each with a durable log and a Redis
 * of its own for its telemetry; in each round one Redis is stopped (SIGSTOP), another one in the next, and all three decide in turn, one
 * packet each. `deltaMs` is the p99 with the hung sink less the mean of the two healthy ones, `spreadMs` what the healthy ones
 * differ by, both as the median over the rounds. The sink is isolated when the delta is at most 1 ms or the spread.
 */
const ROUNDS = 9;
/** Turns between two CRITICAL packets. */
const ALARM_EVERY = 50;
const WARM_UP = 100;
const TAKEN_MS_MIN = 1_000;
const DELTA_MS_MAX = 1;
/** Of the budget; the rest is starting, waiting for sinks to drain, and closing. */
const MEASURED_SHARE = 0.8;
const NAMES = ['a', 'b', 'c'] as const;

interface Round {
  readonly hung: Taken;
  readonly healthy: readonly [Taken, Taken];
  /** Packets that waited at its end, at the host whose sink hung. */
  readonly waiting: number;
}

const nothingYet = (): Taken => ({ inside: [], outside: [] });

async function playRound(sites: readonly IsolationSite[], at: number, measuredMs: number): Promise<Round> {
  const taken = sites.map(nothingYet);
  const hungAt = at % sites.length;
  sites[hungAt]?.hang();
  const until = performance.now() + measuredMs;
  for (let turn = 0; performance.now() < until; turn += 1) {
    if (turn % ALARM_EVERY === 0) for (const site of sites) await site.alarm();
    for (let place = 0; place < sites.length; place += 1) {
      // Each goes first as often as the others.
      const which = (place + turn) % sites.length;
      await sites[which]?.decide(taken[which] as Taken);
    }
  }
  const waiting = (await sites[hungAt]?.waiting()) ?? 0;
  await sites[hungAt]?.recover();
  const [first, second] = taken.filter((_, which) => which !== hungAt);
  return { hung: taken[hungAt] as Taken, healthy: [first as Taken, second as Taken], waiting };
}

/** The percentile of both kinds of sink, and how they compare, as medians over the rounds. */
function compared(rounds: readonly Round[], where: keyof Taken, percentile: 'p50' | 'p99') {
  const of = (taken: Taken): number => spread(taken[where])[percentile];
  const each = rounds.map(({ hung, healthy: [first, second] }) => {
    const healthy = (of(first) + of(second)) / 2;
    return { hung: of(hung), healthy, delta: of(hung) - healthy, spread: Math.abs(of(first) - of(second)) };
  });
  const middle = (name: keyof (typeof each)[number]): number => round(median(each.map((one) => one[name])));
  const [deltaMs, spreadMs] = [middle('delta'), middle('spread')];
  const allowedMs = Math.max(DELTA_MS_MAX, spreadMs);
  const beyondMs = round(deltaMs - allowedMs);
  return { hungMs: middle('hung'), healthyMs: middle('healthy'), deltaMs, spreadMs, allowedMs, beyondMs };
}

const totalOf = (all: readonly Alarms[]): Alarms => ({
  emitted: all.reduce((sum, { emitted }) => sum + emitted, 0),
  delivered: all.reduce((sum, { delivered }) => sum + delivered, 0),
  dropped: all.reduce((sum, { dropped }) => sum + dropped, 0),
  queued: all.reduce((sum, { queued }) => sum + queued, 0),
});

const figuresOf = (rounds: readonly Round[], critical: Alarms) => ({
  rounds: rounds.length,
  decisions: rounds
    .flatMap(({ hung, healthy }) => [hung, ...healthy])
    .reduce((sum, { inside }) => sum + inside.length, 0),
  p99: { inside: compared(rounds, 'inside', 'p99'), outside: compared(rounds, 'outside', 'p99') },
  p50: compared(rounds, 'outside', 'p50'),
  waitedPackets: median(rounds.map(({ waiting }) => waiting)),
  critical,
});

function failuresOf(
  { waitedPackets, critical, p99 }: ReturnType<typeof figuresOf>,
  judged: boolean,
): readonly string[] {
  const lost = critical.emitted - critical.delivered;
  const rules: readonly (readonly [broken: boolean, what: string])[] = [
    [waitedPackets === 0, 'nothing waited for the sink: it did not hang'],
    [critical.emitted === 0, 'no CRITICAL packet was emitted'],
    [lost !== 0, `of ${critical.emitted} CRITICAL packets ${lost} were not delivered`],
    [judged && p99.inside.beyondMs > 0, `p99 rises by ${p99.inside.deltaMs} ms inside the host`],
    [judged && p99.outside.beyondMs > 0, `p99 rises by ${p99.outside.deltaMs} ms for its caller`],
  ];
  return rules.filter(([broken]) => broken).map(([, what]) => what);
}

await runDrill({ name: 'bench isolation', defaultBudgetMs: 330_000 }, async ({ budgetMs, count, assert: judged }) => {
  const folder = await tempFolder();
  const sites = await Promise.all(NAMES.map((name) => IsolationSite.open(folder.path, name)));
  const rounds: Round[] = [];
  try {
    const wanted = count ?? ROUNDS;
    const measuredMs = Math.max(TAKEN_MS_MIN, (budgetMs * MEASURED_SHARE) / wanted);
    for (const site of sites) for (let step = 0; step < WARM_UP; step += 1) await site.decide(nothingYet());
    for (let at = 0; at < wanted; at += 1) rounds.push(await playRound(sites, at, measuredMs));
    const json = figuresOf(rounds, totalOf(await Promise.all(sites.map((site) => site.alarms()))));
    return { json, failures: failuresOf(json, judged) };
  } finally {
    await Promise.all(sites.map((site) => site.close()));
    await folder.remove();
  }
});
