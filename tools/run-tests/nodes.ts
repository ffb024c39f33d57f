import { run } from '../cli/run.ts';

/** `pnpm test:nodes [versions]`: the test suites on Node 22 and 24, fetched through npx. */
const versions = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['22', '24'];
let worst = 0;
for (const version of versions) {
  const located = await run('npx', ['-y', '-p', `node@${version}`, 'which', 'node'], { output: 'capture' });
  const node = located.stdout.trim().split('\n').at(-1) ?? '';
  if (located.code !== 0 || node === '') {
    console.error(`node@${version} could not be had:\n${located.stderr}`);
    worst = Math.max(worst, 1);
    continue;
  }
  console.log(`\n=== Node ${version}: ${node}`);
  const outcome = await run(node, ['--import', 'tsx', 'tools/run-tests/main.ts']);
  worst = Math.max(worst, outcome.code);
}
process.exitCode = worst;
