import { run } from '../cli/run.ts';

/** `pnpm demo [flags]`: builds what is stale, then `tamiyo demo` on the built files. */
const build = await run(process.execPath, ['--import', 'tsx', 'tools/build/main.ts'], { output: 'capture' });
if (build.code !== 0) {
  console.error(build.stdout + build.stderr);
  process.exit(build.code);
}
const demo = await run(process.execPath, [
  'apps/tamiyo/dist/cli.js',
  'demo',
  ...process.argv.slice(2).filter((arg) => arg !== '--'),
]);
process.exitCode = demo.code;
