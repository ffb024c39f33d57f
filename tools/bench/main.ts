import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../cli/run.ts';
import { ROOT } from '../cli/workspace.ts';

/**
 * `pnpm bench [name] [flags]`: runs `benchmarks/<name>.ts`, or lists what there is. Judges only with `--assert`. With `--built`
 * it measures what is shipped, building first what is stale: sources run through a loader that makes each closure dearer.
 */
const given = process.argv.slice(2).filter((arg) => arg !== '--');
const built = given.includes('--built');
const [name, ...flags] = given.filter((arg) => arg !== '--built');
const folder = join(ROOT, 'benchmarks');
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, ''));

if (name === undefined || name.startsWith('-')) {
  console.log(
    `benchmarks: ${known.join(', ') || 'none'}\nusage: pnpm bench NAME [--json] [--seed N] [--budget 60s] [--assert] [--built]`,
  );
} else if (!existsSync(join(folder, `${name}.ts`))) {
  console.error(`no benchmark named ${name}; there are: ${known.join(', ')}`);
  process.exitCode = 2;
} else if (
  built &&
  (await run(process.execPath, ['--import', 'tsx', 'tools/build/main.ts', '--filter=@esper/benchmarks^...'])).code !== 0
) {
  process.exitCode = 1;
} else {
  const outcome = await run(process.execPath, [
    '--import',
    'tsx',
    ...(built ? [] : ['--conditions=@esper/source']),
    join('benchmarks', `${name}.ts`),
    ...flags,
  ]);
  process.exitCode = outcome.code;
}
