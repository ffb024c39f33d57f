import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completionNoun } from '../../src/cli/completion.js';
import { configNoun } from '../../src/cli/config.js';
import { decideNoun } from '../../src/cli/decide.js';
import { demoNoun } from '../../src/cli/demo.js';
import { diffNoun } from '../../src/cli/diff.js';
import { doctorNoun } from '../../src/cli/doctor.js';
import { explainNoun } from '../../src/cli/explain.js';
import { keysNoun } from '../../src/cli/keys.js';
import { policyNoun } from '../../src/cli/policy.js';
import type { Noun } from '../../src/cli/program.js';
import { registryNoun } from '../../src/cli/registry.js';
import { replayNoun } from '../../src/cli/replay.js';
import { serveNoun } from '../../src/cli/serve.js';
import { telemetryNoun } from '../../src/cli/telemetry.js';
import { topNoun } from '../../src/cli/top.js';
import { verifyNoun } from '../../src/cli/verify.js';
import { walNoun } from '../../src/cli/wal.js';
import { decideOnce, policyBench } from '../support/policy-bench.js';
import { runNoun } from '../support/run-noun.js';

const ENVIRONMENT = { ESPER_LEYLINE_SECRET: 'a secret of at least thirty-two bytes, for tests' };
const NOUNS: readonly Noun[] = [
  ...[demoNoun, serveNoun, decideNoun, explainNoun, replayNoun, diffNoun, topNoun, policyNoun, registryNoun],
  ...[keysNoun, doctorNoun, verifyNoun, walNoun, telemetryNoun, configNoun, completionNoun],
];

let bench: Awaited<ReturnType<typeof policyBench>>;
beforeAll(async () => {
  bench = await policyBench({ version: 1, prior: { optimizer: 1 } });
  const { host } = await bench.open();
  await decideOnce(host, 'a');
  await decideOnce(host, 'b');
  await host.close();
});
afterAll(() => bench.remove());

/** Every command there is, by its words: `wal verify`. */
function commandsOf(): ReadonlyMap<string, Noun> {
  const found = new Map<string, Noun>();
  for (const noun of NOUNS) {
    const program = new Command('tamiyo');
    noun(program, async () => undefined);
    for (const path of leavesOf(program, '')) found.set(path, noun);
  }
  return found;
}

const leavesOf = (command: Command, path: string): readonly string[] =>
  command.commands.length === 0
    ? [path]
    : command.commands.flatMap((one) => leavesOf(one, `${path} ${one.name()}`.trim()));

/** Commands that need somebody who answers, or would take minutes. What each prints is tested where it is named. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  demo: 'demo.test.ts',
  serve: 'http/serve.test.ts',
  'wal soak': 'cli/wal.test.ts',
  'telemetry tail': 'cli/telemetry.test.ts: it ends with its reader',
  'telemetry load': 'cli/telemetry.test.ts',
};

/** What makes a command do something here; without an entry it is called as it is, and may answer with an error object. */
const ARGUMENTS: Readonly<Record<string, () => readonly string[]>> = {
  explain: () => ['last', '--data', bench.dataDir],
  replay: () => ['--data', bench.dataDir],
  diff: () => ['--data', bench.dataDir, '--policy', join(bench.dataDir, 'policy')],
  top: () => ['--log', '--once', '--data', bench.dataDir],
  decide: () => [join(bench.dataDir, 'no-such-packet.json')],
  'wal verify': () => ['--log', join(bench.dataDir, 'log')],
  'wal dump': () => ['--log', join(bench.dataDir, 'log')],
};

describe('--json', () => {
  it('of every command there is gives JSON objects, one a line, and nothing else on standard output', async () => {
    const commands = commandsOf();
    expect(commands.size).toBeGreaterThan(30);
    expect(Object.keys(ELSEWHERE).filter((path) => !commands.has(path))).toEqual([]);
    const printed = new Map<string, number>();
    for (const [path, noun] of commands) {
      if (path in ELSEWHERE) continue;
      const argv = [...path.split(' '), '--json', ...(ARGUMENTS[path]?.() ?? [])];
      const { stdout } = await runNoun(noun, argv, { ...ENVIRONMENT, TAMIYO_DATA_DIR: bench.dataDir }).catch(missing);
      const lines = stdout.split('\n').filter((line) => line !== '');
      for (const line of lines) expect(JSON.parse(line), `${path}: ${line.slice(0, 200)}`).toBeTypeOf('object');
      printed.set(path, lines.length);
    }
    for (const path of Object.keys(ARGUMENTS)) expect(printed.get(path), path).toBeGreaterThan(0);
  });
});

/** A command that lacks a required argument says so on standard error and prints nothing. */
function missing(cause: unknown): { readonly stdout: string } {
  if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('commander.')) return { stdout: '' };
  throw cause;
}
