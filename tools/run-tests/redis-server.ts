import { spawnSync } from 'node:child_process';
import { run } from '../cli/run.ts';

const found = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

/**
 * Tests of the bus start a `redis-server` of their own. Where it is missing and this user may, its Debian package is installed;
 * where not, those tests are skipped, by name. Nothing is said of an installation that works.
 */
export async function provideRedisServer(): Promise<void> {
  if (found('redis-server')) return;
  const may = process.getuid?.() === 0 && found('apt-get');
  if (may && ((await installed()) || ((await quietly(['update'])) && (await installed())))) return;
  console.log(
    `redis-server is missing${may ? ' and cannot be installed' : ''}: tests that need one are skipped, by name`,
  );
}

const installed = (): Promise<boolean> => quietly(['install', '-y', '--no-install-recommends', 'redis-server']);

async function quietly(args: readonly string[]): Promise<boolean> {
  const { code } = await run('apt-get', [...args, '-qq'], { output: 'capture' });
  return code === 0;
}
