import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../cli/run.ts';
import { ROOT } from '../cli/workspace.ts';

/** `pnpm bench [name] [flags]`: runs `benchmarks/<name>.ts`, or lists what there is. Judges only with `--assert`. */
const [name, ...flags] = process.argv.slice(2).filter((arg) => arg !== '--');
const folder = join(ROOT, 'benchmarks');
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, ''));

if (name === undefined || name.startsWith('-')) {
  console.log(
    `benchmarks: ${known.join(', ') || 'none'}\nusage: pnpm bench NAME [--json] [--seed N] [--budget 60s] [--assert]`,
  );
} else if (!existsSync(join(folder, `${name}.ts`))) {
  console.error(`no benchmark named ${name}; there are: ${known.join(', ')}`);
  process.exitCode = 2;
} else {
  const outcome = await run(process.execPath, [
    '--import',
    'tsx',
    '--conditions=@esper/source',
    join('benchmarks', `${name}.ts`),
    ...flags,
  ]);
  process.exitCode = outcome.code;
}
