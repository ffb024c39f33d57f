import { join } from 'node:path';
import { run } from '../cli/run.ts';
import { ROOT } from '../cli/workspace.ts';

/** `pnpm build [-- FILTER…]`: builds every package in dependency order, cached by turbo, with no telemetry. */
const outcome = await run(
  join(ROOT, 'node_modules', '.bin', 'turbo'),
  ['run', 'build', '--output-logs=errors-only', '--concurrency=2', ...process.argv.slice(2)],
  { env: { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' } },
);
process.exitCode = outcome.code;
