import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTRUMENTER_CONSTANTS, type InstrumenterContext } from '@stryker-mutator/api/core';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  type DryRunOptions,
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import fc from 'fast-check';
import { bundleSuite, type LoadSuite, testFiles } from './bundle.ts';
import { type CollectedTest, Collector } from './harness.ts';

const NAMESPACE = INSTRUMENTER_CONSTANTS.NAMESPACE;

/** What the instrumented sources and this runner tell each other; `undefined` is how a field is taken back. */
type Switches = { -readonly [Field in keyof InstrumenterContext]?: InstrumenterContext[Field] | undefined };

const instrumenter = (): Switches => {
  const world = globalThis as unknown as Record<string, Switches>;
  world[NAMESPACE] ??= {};
  return world[NAMESPACE];
};

const LOADS: CollectedTest = { id: 'the tests load', title: 'the tests load', run: async () => undefined };

interface Wanted {
  /** Ids of the tests to run; all when absent. */
  readonly only?: readonly string[] | undefined;
  readonly bail: boolean;
  /** Called between loading and running. */
  readonly loaded: () => void;
}

/**
 * Runs a package's tests in Stryker's own process: one bundle, evaluated afresh for every mutant, so that constants of
 * modules are mutated as truly as functions and nothing leaks from one mutant to the next.
 */
class InProcessRunner implements TestRunner {
  private load: LoadSuite | undefined;

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    const folder = process.cwd();
    const config = JSON.parse(readFileSync(join(folder, 'mutation.json'), 'utf8')) as { leaveOut: readonly string[] };
    this.load = await bundleSuite(folder, testFiles(folder, config.leaveOut));
    // Random tests draw the same cases for every mutant, so that a second run gives the same verdicts.
    fc.configureGlobal({ seed: 1 });
  }

  async dryRun(options: DryRunOptions): Promise<DryRunResult> {
    const context = instrumenter();
    context.activeMutant = undefined;
    const tests = await this.run({ bail: !options.disableBail, loaded: () => undefined });
    const { mutantCoverage } = context;
    return { status: DryRunStatus.Complete, tests, ...(mutantCoverage === undefined ? {} : { mutantCoverage }) };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const context = instrumenter();
    const activate = () => {
      context.activeMutant = options.activeMutant.id;
    };
    context.activeMutant = undefined;
    context.hitCount = options.hitLimit === undefined ? undefined : 0;
    context.hitLimit = options.hitLimit;
    if (options.mutantActivation === 'static') activate();
    const tests = await this.run({ only: options.testFilter, bail: !options.disableBail, loaded: activate });
    const tooMany = determineHitLimitReached(context.hitCount, options.hitLimit);
    return toMutantRunResult(tooMany ?? { status: DryRunStatus.Complete, tests });
  }

  /** A suite that does not load is a failed test: a mutant that breaks a module must not pass for one nobody noticed. */
  private async run({ only, bail, loaded }: Wanted): Promise<TestResult[]> {
    const collector = new Collector();
    try {
      this.load?.(collector.api);
    } catch (error) {
      return [failed(LOADS, error, 0)];
    }
    loaded();
    if (collector.tests.length === 0) return [failed(LOADS, new Error('there are no tests'), 0)];
    const chosen = only === undefined ? undefined : new Set(only);
    const results: TestResult[] = [await runOne(LOADS)];
    for (const test of collector.tests) {
      if (chosen !== undefined && !chosen.has(test.id)) continue;
      const result = await runOne(test);
      results.push(result);
      if (bail && result.status === TestStatus.Failed) break;
    }
    return results;
  }
}

const failed = ({ id, title }: CollectedTest, error: unknown, timeSpentMs: number): TestResult => ({
  id,
  name: title,
  timeSpentMs,
  status: TestStatus.Failed,
  failureMessage: error instanceof Error ? (error.stack ?? error.message) : String(error),
});

async function runOne(test: CollectedTest): Promise<TestResult> {
  const context = instrumenter();
  const startMs = performance.now();
  context.currentTestId = test.id;
  try {
    await test.run();
    return { id: test.id, name: test.title, timeSpentMs: performance.now() - startMs, status: TestStatus.Success };
  } catch (error) {
    return failed(test, error, performance.now() - startMs);
  } finally {
    context.currentTestId = undefined;
  }
}

/** Stryker reads the plugins of a module from this name. */
export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner)];
