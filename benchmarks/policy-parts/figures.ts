/** Quantiles of times in milliseconds. */
export interface Figures {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Processor time of this process per run, all its threads: steadier than wall time on a machine that others use. */
  readonly cpuMs: number;
  readonly count: number;
}

/** What was measured of one contender. */
interface Samples {
  readonly wallMs: number[];
  cpuMs: number;
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** p50, p95, p99 and the mean processor time, to a microsecond. */
function figuresOf({ wallMs, cpuMs }: Samples): Figures {
  const sorted = [...wallMs].sort((a, b) => a - b);
  return {
    p50Ms: round(quantile(sorted, 0.5)),
    p95Ms: round(quantile(sorted, 0.95)),
    p99Ms: round(quantile(sorted, 0.99)),
    cpuMs: round(cpuMs / sorted.length),
    count: sorted.length,
  };
}

/** One thing that is timed, under the name its times are kept by. */
export interface Contender {
  readonly name: string;
  /** Runs per round; the first of each is not counted, for it pays for what ran before. */
  readonly perRound: number;
  run(): Promise<unknown>;
}

async function timeBlock({ perRound, run }: Contender, into: Samples): Promise<void> {
  await run();
  const before = process.cpuUsage();
  for (let i = 0; i < perRound; i += 1) {
    const startedAt = performance.now();
    await run();
    into.wallMs.push(performance.now() - startedAt);
  }
  const { user, system } = process.cpuUsage(before);
  into.cpuMs += (user + system) / 1000;
}

/** At least one round, and further ones until `endsAt`. */
async function inTurn(contenders: readonly Contender[], endsAt: number) {
  const samples = contenders.map((contender) => ({ contender, into: { wallMs: [], cpuMs: 0 } as Samples }));
  do {
    for (const { contender, into } of samples) await timeBlock(contender, into);
  } while (performance.now() < endsAt);
  return samples;
}

/** Share of the budget that goes by before anything is counted: code that runs a few hundred times a second takes seconds to be compiled. */
const WARM_UP_SHARE = 0.1;

/**
 * Times contenders in turn, a few runs each, until the budget is spent: what disturbs the machine disturbs all of them.
 * Returns the figures of each by name.
 */
export async function timeInTurn(
  contenders: readonly Contender[],
  budgetMs: number,
): Promise<Readonly<Record<string, Figures>>> {
  const startedAt = performance.now();
  await inTurn(contenders, startedAt + WARM_UP_SHARE * budgetMs);
  const samples = await inTurn(contenders, startedAt + budgetMs);
  return Object.fromEntries(samples.map(({ contender, into }) => [contender.name, figuresOf(into)]));
}
