import { spawnSync } from 'node:child_process';
import { run } from '../cli/run.ts';

/** A program that tests start, and the Debian package it comes in. */
interface DebianProgram {
  readonly program: string;
  readonly package: string;
}

const PROGRAMS: readonly DebianProgram[] = [
  // Tests of the bus start a server of their own.
  { program: 'redis-server', package: 'redis-server' },
  // The alert rules are unit-tested with it.
  { program: 'promtool', package: 'prometheus' },
];

const found = ({ program }: DebianProgram): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

/**
 * Where a program that tests need is missing and this user may, its Debian package is installed; where not, those tests are
 * skipped, by name. Nothing is said of an installation that works.
 */
export async function provideDebianPrograms(): Promise<void> {
  const missing = PROGRAMS.filter((one) => !found(one));
  if (missing.length === 0) return;
  const may = process.getuid?.() === 0 && found({ program: 'apt-get', package: 'apt' });
  if (may && ((await installed(missing)) || ((await quietly(['update'])) && (await installed(missing))))) return;
  const names = missing.map(({ program }) => program).join(' and ');
  console.log(`missing${may ? ', and cannot be installed' : ''}: ${names}; tests that need them are skipped, by name`);
}

const installed = (programs: readonly DebianProgram[]): Promise<boolean> =>
  quietly(['install', '-y', '--no-install-recommends', ...programs.map((one) => one.package)]);

async function quietly(args: readonly string[]): Promise<boolean> {
  const { code } = await run('apt-get', [...args, '-qq'], { output: 'capture' });
  return code === 0;
}
