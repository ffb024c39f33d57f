import { describe, expect, it } from 'vitest';
import { machineNow, measureQuiet } from '../bench/machine.ts';
import { benchmarksPage } from '../bench/page.ts';
import { recordedRuns } from '../bench/recorded-run.ts';
import { run } from '../cli/run.ts';

const quiet = { load: 0, noise: 1.05, medianUs: 100 };
const busy = { ...quiet, cpuShare: 0.4 };
const recorded = (name: string, figures: Readonly<Record<string, unknown>>) => ({
  name,
  command: `pnpm bench ${name}`,
  startedAt: '2026-01-02T03:04:05.000Z',
  seconds: 1.5,
  machine: machineNow(),
  before: quiet,
  after: quiet,
  figures,
});

describe('the page of benchmarks', () => {
  const page = benchmarksPage([recorded('risk', { assessmentsPerSecond: 120_000, sixSignalsPerSecond: 40_000 })]);

  it('holds each budget against what was measured, and says what was not', () => {
    expect(page).toContain('| at least 100,000 /s | 120,000 /s | met |');
    expect(page).toContain('| at least 50,000 /s | 40,000 /s | **not met** |');
    expect(page).toMatch(/whole decision, durable, p95 \| below 45 ms \| {2}\| not measured/);
  });

  it('judges no missed budget on a busy machine', () => {
    const run = { ...recorded('risk', { assessmentsPerSecond: 120_000, sixSignalsPerSecond: 40_000 }), after: busy };
    const judged = benchmarksPage([run]);
    expect(judged).toContain('| 120,000 /s | met |');
    expect(judged).toContain('| 40,000 /s | not judged: busy machine |');
    expect(judged).toContain('**The machine was busy.**');
  });

  it('names machine, versions, date, command and noise', () => {
    expect(page).toContain(`node ${process.version}`);
    expect(page).toContain('`pnpm bench risk`, 2026-01-02 03:04 UTC');
    expect(page).toContain('noise 1.05 before, 1.05 after');
  });

  it('without a recorded run there is no page', () => {
    expect(() => benchmarksPage([])).toThrow('pnpm bench record');
  });

  it('docs/benchmarks.md is that page of the runs that are recorded', async () => {
    const { readFile } = await import('node:fs/promises');
    const written = await readFile(new URL('../../docs/benchmarks.md', import.meta.url), 'utf8');
    expect(written).toBe(benchmarksPage(recordedRuns()));
  });
});

it('the quiet of a machine is a ratio of at least one', () => {
  expect(measureQuiet().noise).toBeGreaterThanOrEqual(1);
});

describe('pnpm bench messages', () => {
  it('PF-20, PF-40: the cost of a message and of a durable publish are measured beside bare ones', async () => {
    const args = ['--import', 'tsx', 'tools/bench/main.ts', 'messages', '--json', '--budget', '500ms'];
    const { code, stdout, stderr } = await run(process.execPath, args, { output: 'capture' });
    expect(code, stderr).toBe(0);
    const figures = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(Object.keys(figures['messages'] as object).sort()).toEqual([
      'AdaptationCommand',
      'FieldReport',
      'SystemStatePacket',
      'TelemetryPacket',
    ]);
    expect(figures).toMatchObject({
      graphBuilderMs: { p95: expect.any(Number) },
      publishMs: { p95: expect.any(Number), overBare: expect.any(Number) },
      emitUs: { p95: expect.any(Number) },
    });
  });
});
