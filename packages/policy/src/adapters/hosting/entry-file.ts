import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { WorkerOptions } from 'node:worker_threads';

/**
 * How to start the program of a child process or a worker thread. In the built package it is plain JavaScript beside
 * `dist/node.js`. From the sources (tests, drills) it is TypeScript and goes through `tsx`, a development dependency: the
 * code is the same, a start takes some tenths of a second more.
 */
const FROM_SOURCES = import.meta.url.endsWith('.ts');
const SOURCE_CONDITION = '--conditions=@esper/source';

/** Arguments for the Node executable. */
export function processArguments(): readonly string[] {
  return FROM_SOURCES
    ? ['--import', 'tsx', SOURCE_CONDITION, fileURLToPath(programUrl('process-main'))]
    : [fileURLToPath(programUrl('process-main'))];
}

/** First argument and options for `new Worker`. */
export function threadProgram(): readonly [program: string | URL, options: WorkerOptions] {
  const url = programUrl('thread-main');
  if (!FROM_SOURCES) return [url, { execArgv: [] }];
  // In a worker thread of Node 20 `--import tsx` does not take effect: its loader has to be registered from inside.
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api')).href.replace(/\.cjs$/, '.mjs');
  const program = `import('${loader}').then((tsx) => { tsx.register(); return import('${url.href}'); })`;
  return [program, { eval: true, execArgv: [SOURCE_CONDITION] }];
}

function programUrl(name: 'process-main' | 'thread-main'): URL {
  return FROM_SOURCES
    ? new URL(`./${name}.ts`, import.meta.url)
    : new URL(`./adapters/hosting/${name}.js`, import.meta.url);
}
