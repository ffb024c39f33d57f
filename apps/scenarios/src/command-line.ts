import { resolve } from 'node:path';
import { type Fault, parseFault } from '@esper/harness';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { environmentNow } from './adapters/environment.js';
import { compareWith, foundEarlier, writeReport } from './adapters/report-folder.js';
import type { KpiComparison } from './core/compare-kpis.js';
import type { Figure } from './core/figure.js';
import { buildReport } from './report/build-report.js';
import type { ScenarioReport } from './report/scenario-report.js';
import { runRounds } from './run-rounds.js';
import type { Scenario } from './scenarios/scenario.js';
import { SCENARIOS } from './scenarios/scenario-table.js';

/** Where the command line writes to. */
export interface CommandLine {
  readonly argv: readonly string[];
  /** One line on standard output. */
  print(line: string): void;
  /** One line about wrong usage. Never on standard output. */
  complain(line: string): void;
  /** How far a run is; replaced by the next. Never on standard output. */
  progress(text: string): void;
}

/** Everything held; something promised did not; the command line was wrong. */
export const EXIT = { ok: 0, broken: 1, usage: 2 } as const;

interface Flags {
  readonly seed: number;
  readonly steps?: number;
  readonly duration?: number;
  readonly fault: readonly Fault[];
  readonly short: boolean;
  readonly continue: boolean;
  readonly report?: string;
  readonly data?: string;
  readonly compare?: string;
  readonly sabotage?: string;
  readonly json: boolean;
}

/** Runs one command line. Resolves with an exit code of {@link EXIT}. */
export async function runCommandLine(at: CommandLine): Promise<number> {
  let code: number = EXIT.ok;
  const program = programFor(at);
  program
    .command('run')
    .addArgument(new Argument('<scenario>').choices([...Object.keys(SCENARIOS), 'all']))
    .description('run one scenario, or all of them one after the other')
    .option('--seed <number>', 'of the trainer and of every chance', wholeNumber, 1)
    .option('--steps <count>', 'training steps, or drills where the scenario counts those', wholeNumber)
    .option(
      '--duration <time>',
      'round after round with the next seed until this is over, such as 90s or 2h',
      lengthOfTime,
    )
    .option('--short', 'the short form, which CI runs', false)
    .option(
      '--fault <kind@step[+steps][=value]>',
      'steady-train and control-value: what the trainer suffers; may be repeated',
      oneMoreFault,
      [],
    )
    .option('--report <folder>', 'write metrics, a page to look at and summary.csv there')
    .option('--data <folder>', 'keep the data of each round below it, for tamiyo replay, explain and top')
    .option('--continue', 'control-value only: add these seeds to those of the report in the folder', false)
    .option('--compare <folder>', 'a verdict per figure against an earlier report; a worse one fails')
    .addOption(
      new Option('--sabotage <name>', 'take away what handles the fault: the scenario must fail').choices([
        'unhandled',
      ]),
    )
    .option('--json', 'one JSON object as the last line, nothing else', false)
    .action(async (name: string, flags: Flags) => {
      for (const each of name === 'all' ? Object.keys(SCENARIOS) : [name])
        code = Math.max(code, await runOne(each, flags, at));
    });
  try {
    await program.parseAsync(
      at.argv.filter((arg) => arg !== '--'),
      { from: 'user' },
    );
    return code;
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    return cause.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

/** The bare command lists what there is. */
function programFor({ print, complain }: CommandLine): Command {
  return new Command('harness')
    .description('whole runs of the real host and the real trainer')
    .addHelpText('after', () => `\n${listing()}`)
    .configureOutput({ writeOut: (text) => print(text.trimEnd()), writeErr: (text) => complain(text.trimEnd()) })
    .exitOverride()
    .action((_: unknown, command: Command) => command.outputHelp());
}

function listing(): string {
  const lines = Object.entries(SCENARIOS).map(
    ([name, { about, steps }]) => `  ${name.padEnd(20)}${`${steps.usual}, ${steps.short}`.padEnd(10)}${about}`,
  );
  return ['Scenarios (steps, short form):', ...lines].join('\n');
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number is needed');
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

function lengthOfTime(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * (UNIT_MS[unit] as number);
  throw new InvalidArgumentError('a time such as 90s, 10m or 2h is needed');
}

function oneMoreFault(text: string, before: readonly Fault[]): readonly Fault[] {
  const fault = parseFault(text);
  if (fault.ok) return [...before, fault.value];
  throw new InvalidArgumentError(`${fault.error}; docs/contracts/trainer.md lists the kinds`);
}

async function runOne(name: string, order: Flags, at: CommandLine): Promise<number> {
  const scenario: Scenario = SCENARIOS[name as keyof typeof SCENARIOS];
  const say = (line: string): void => (order.json ? undefined : at.print(line));
  const startedAt = new Date().toISOString();
  const beganAt = performance.now();
  say(`${name}: ${scenario.about}`);
  const earlier = order.continue ? await foundEarlier(order.report, name) : undefined;
  const outcome = await runRounds({
    name,
    scenario,
    seed: order.seed,
    steps: order.steps ?? (order.short ? scenario.steps.short : scenario.steps.usual),
    faults: order.fault,
    sabotaged: order.sabotage !== undefined,
    say: (line) => say(`  ${line}`),
    progress: (done, total) => at.progress(`${name} ${done}/${total}`),
    ...(earlier === undefined ? {} : { earlier }),
    ...(order.duration === undefined ? {} : { durationMs: order.duration }),
    ...(order.data === undefined ? {} : { keepIn: resolve(order.data) }),
  });
  const report = buildReport(outcome, {
    scenario: name,
    about: scenario.about,
    seed: order.seed,
    startedAt,
    seconds: (performance.now() - beganAt) / 1000,
    environment: environmentNow(),
  });
  return await conclude(report, { order, figures: outcome.figures ?? [] }, at);
}

interface Concluding {
  readonly order: Flags;
  readonly figures: readonly Figure[];
}

async function conclude(report: ScenarioReport, { order, figures }: Concluding, at: CommandLine): Promise<number> {
  const comparison = order.compare === undefined ? undefined : await compareWith(resolve(order.compare), report);
  const page =
    order.report === undefined
      ? undefined
      : await writeReport(resolve(order.report), report, { figures, ...compared(comparison) });
  const worse = (comparison ?? []).filter(({ verdict }) => verdict === 'worse');
  const { scenario, seed, seconds, passed, assertions, kpis, extra } = report;
  if (order.json) {
    const failures = assertions.filter(({ held }) => !held).map(({ name, seen }) => `${name}: ${seen}`);
    at.print(JSON.stringify({ scenario, seed, seconds, passed, failures, kpis, ...extra, ...compared(comparison) }));
  } else {
    printOutcome(report, worse, at);
    if (page !== undefined) at.print(`  report  ${page}`);
  }
  return passed && worse.length === 0 ? EXIT.ok : EXIT.broken;
}

const compared = (comparison: readonly KpiComparison[] | undefined): { comparison?: readonly KpiComparison[] } =>
  comparison === undefined ? {} : { comparison };

function printOutcome(report: ScenarioReport, worse: readonly KpiComparison[], { print }: CommandLine): void {
  for (const { name, held, seen } of report.assertions) print(`  ${held ? 'held  ' : 'FAILED'}  ${name} (${seen})`);
  for (const { name, before, now } of worse) print(`  WORSE   ${name}: ${before} before, ${now} now`);
  const { decision_ms_p50: p50, decision_ms_p95: p95 } = report.kpis;
  if (p50 !== undefined)
    print(
      `  decision latency p50 ${p50.toFixed(1)} ms, p95 ${p95?.toFixed(1)} ms; ${report.seconds.toFixed(1)} s in all`,
    );
}
