import { join } from 'node:path';
import { run } from '../cli/run.ts';
import { ROOT } from '../cli/workspace.ts';

/** `pnpm check`: types, lint, house rules. All three are run, so that one report shows everything. */
const bin = (name: string) => join(ROOT, 'node_modules', '.bin', name);
const steps = [
  { name: 'types', command: bin('tsc'), args: ['-p', 'tsconfig.json'] },
  { name: 'lint', command: bin('biome'), args: ['check', '.', '--diagnostic-level=warn'] },
  { name: 'tidy', command: process.execPath, args: ['--import', 'tsx', 'tools/tidy/main.ts'] },
] as const;

const failed: string[] = [];
for (const step of steps) {
  console.log(`\n=== ${step.name}`);
  const outcome = await run(step.command, step.args);
  if (outcome.code !== 0) failed.push(step.name);
}
console.log(failed.length === 0 ? '\ncheck: all good' : `\ncheck: failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
