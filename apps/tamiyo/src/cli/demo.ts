import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { beginDemoRun, finishDemoRun } from '../demo/demo-run-id.js';
import { brokenPromises, type DemoTally, percentile, sawSpike } from '../demo/demo-tally.js';
import { demoView } from '../demo/demo-view.js';
import { type DemoPlan, demoPlan, runDemo } from '../demo/run-demo.js';
import { TamiyoError } from '../errors.js';
import { loadConfig } from './load-config.js';
import { EXIT, type Output } from './output.js';
import { type Noun, withCommonOptions } from './program.js';

const STEPS_LEAST = 100;
/**
 * The demo shares whatever machine it meets with the trainer and with everything else that runs there: deadlines and latency
 * limits that a busy laptop keeps, so that what it shows is the run and not the laptop.
 */
const DEMO_SETTINGS = {
  profile: 'harness',
  'deadlines.inferenceMs': 250,
  'deadlines.metadataMs': 250,
  'deadlines.decisionMs': 1_500,
  'risk.hookLatencyMsMax': 2_000,
  'risk.stepLatencyMsMax': 10_000,
  'risk.applyMsMax': 1_000,
  'risk.finalizeMsMax': 1_000,
} as const;

/** `tamiyo demo`: a real network trains, Tamiyo decides each step. */
export const demoNoun: Noun = (program, run) => {
  withCommonOptions(program.command('demo'))
    .description(
      'a real network trains in its own process, Tamiyo decides each step; a loss spike is injected half way',
    )
    .option('--steps <count>', `training steps, at least ${STEPS_LEAST}`, '240')
    .option('--seed <number>', 'seed of training and of the untrained policy', '7')
    .option('--data <folder>', 'where records, keys and policy are kept between runs', './var/tamiyo-demo')
    .action(async (_options: unknown, command: Command) =>
      run(command, async (context) => {
        const options = command.opts<{ steps: string; seed: string; data: string }>();
        const steps = wholeNumber('--steps', options.steps, STEPS_LEAST);
        const seed = wholeNumber('--seed', options.seed, 0);
        const config = await loadConfig(context, {
          ...DEMO_SETTINGS,
          // So short a run has no graft that is not recent: whatever exploded is put back to before.
          'risk.rollbackRecentDecisions': steps,
          dataDir: resolve(options.data),
          'seal.keyFolder': join(resolve(options.data), 'keys'),
        });
        const plan = demoPlan(steps);
        const demoRun = await beginDemoRun(resolve(options.data));
        const startedAt = performance.now();
        const settings = { config, trainingRunId: demoRun.trainingRunId, steps, seed };
        const tally = await runDemo(settings, plan, demoView(context.output, { steps, plan, run: demoRun }));
        await finishDemoRun(resolve(options.data));
        return conclude(tally, {
          output: context.output,
          plan,
          dataDir: options.data,
          seconds: (performance.now() - startedAt) / 1000,
        });
      }),
    );
};

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new TamiyoError('OPTION_INVALID', `${name} takes a whole number of at least ${least}, got ${text}`);
}

interface Conclusion {
  readonly output: Output;
  readonly plan: DemoPlan;
  readonly dataDir: string;
  readonly seconds: number;
}

function conclude(tally: DemoTally, { output, plan, dataDir, seconds }: Conclusion): number {
  const broken = brokenPromises(tally, plan.attackSteps);
  const latencyMs = Object.fromEntries(
    (
      [
        ['p50', 0.5],
        ['p95', 0.95],
        ['p99', 0.99],
      ] as const
    ).map(([name, share]) => [name, Number(percentile(tally.latencies, share).toFixed(3))]),
  );
  const result = {
    steps: tally.summary?.steps ?? 0,
    stepsBefore: tally.stepsBefore,
    decisions: tally.decisions,
    byKind: tally.byKind,
    changedByRisk: tally.changed.length,
    rejected: tally.summary?.tally.rejected ?? {},
    latencyMs,
    finalAccuracy: tally.summary?.finalAccuracy ?? null,
    changedByReason: tally.changedByReason,
    applied: tally.summary?.tally.applied ?? {},
    failures: tally.failures,
    restores: tally.summary?.tally.restores.length ?? 0,
    spike: tally.spike,
    seconds: Number(seconds.toFixed(1)),
    broken,
  };
  printSummary(output, { tally, result, dataDir });
  output.object(result);
  if (broken.length === 0) return EXIT.ok;
  output.error(new TamiyoError('DEMO_FAILED', broken.join('; ')));
  return EXIT.failure;
}

function spikeText(tally: DemoTally): string {
  const { spike } = tally;
  if (!sawSpike(tally)) return `at step ${spike.atStep}, in the part of the run before it was interrupted`;
  if (spike.caughtAt === undefined) return 'not caught';
  const loss = `validation loss ${spike.before.toFixed(3)} before, ${spike.peak.toFixed(3)} at its worst`;
  const recovered =
    spike.recoveredAt === undefined ? 'not yet back' : `back at its level from step ${spike.recoveredAt}`;
  return `${loss}, caught at step ${spike.caughtAt} (${spike.caughtAs}), ${recovered}`;
}

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';

function printSummary(
  output: Output,
  shown: {
    readonly tally: DemoTally;
    readonly result: { readonly latencyMs: Readonly<Record<string, number>>; readonly seconds: number };
    readonly dataDir: string;
  },
): void {
  const { tally, result, dataDir } = shown;
  const { summary } = tally;
  const accuracy = summary === undefined ? 'unknown' : `${(100 * summary.finalAccuracy).toFixed(1)} %`;
  const rows: readonly (readonly [string, string])[] = [
    ['training', `${summary?.steps ?? 0} steps in ${result.seconds} s, final validation accuracy ${accuracy}`],
    ['decisions', `${tally.decisions}: ${counts(tally.byKind)}`],
    ['changed by risk', `${tally.changed.length}: ${counts(tally.changedByReason)}`],
    ['applied', counts(summary?.tally.applied ?? {})],
    ['refused by trainer', `${counts(summary?.tally.rejected ?? {})} (bad commands, injected on purpose)`],
    ['failed decisions', counts(tally.failures)],
    ['the spike', spikeText(tally)],
    ['rollbacks', String(summary?.tally.restores.length ?? 0)],
    [
      'decision latency',
      `p50 ${result.latencyMs['p50']} ms, p95 ${result.latencyMs['p95']} ms, p99 ${result.latencyMs['p99']} ms (validate to durable record)`,
    ],
    ['records', `${join(dataDir, 'log')} (every decision, with its command and its reasons)`],
    ['telemetry', `${join(dataDir, 'bus')} (streams oona.telemetry and oona.emergency)`],
  ];
  output.line();
  output.line(output.style('bold', 'What happened'));
  for (const [name, text] of rows) output.line(`  ${name.padEnd(19)} ${text}`);
  if (tally.spike.because !== '') {
    output.line();
    output.line(`Why the spike was stopped at step ${tally.spike.caughtAt}: ${tally.spike.because}`);
  }
  const first = tally.changed.find((changed) => changed.because !== '' && changed.step !== tally.spike.caughtAt);
  if (first !== undefined) {
    output.line();
    output.line(
      `For example, at step ${first.step} the policy proposed ${first.proposed}; the risk engine made it ${first.command}:`,
    );
    output.line(`  ${first.because}`);
  }
  output.line();
  output.line('Next: run it again (it goes on in the same log, no sequence number is used twice), or');
  output.line(`  pnpm tamiyo explain last --data ${dataDir}   why the last decision came out as it did`);
  output.line('  pnpm tamiyo config show        every setting and where it comes from');
  output.line('  pnpm demo --json               every event as one JSON object per line');
}
