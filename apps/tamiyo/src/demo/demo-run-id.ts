import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TamiyoError } from '../errors.js';

/** Which run a demo is: a finished one is followed by a new one, an interrupted one goes on under its id. */
export interface DemoRun {
  readonly trainingRunId: string;
  /** True when an earlier start of this run did not come to its end. */
  readonly interrupted: boolean;
}

interface Stored {
  readonly number: number;
  readonly finished: boolean;
}

const FILE = 'demo.json';

/** The run to start now; from here on it counts as interrupted until {@link finishDemoRun}. */
export async function beginDemoRun(dataDir: string): Promise<DemoRun> {
  const last = await stored(dataDir);
  const interrupted = last !== undefined && !last.finished;
  const number = interrupted ? last.number : (last?.number ?? 0) + 1;
  await store(dataDir, { number, finished: false });
  return { trainingRunId: `demo-${number}`, interrupted };
}

export async function finishDemoRun(dataDir: string): Promise<void> {
  const last = await stored(dataDir);
  if (last !== undefined) await store(dataDir, { ...last, finished: true });
}

async function stored(dataDir: string): Promise<Stored | undefined> {
  const path = join(dataDir, FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
  const value = JSON.parse(text) as Partial<Stored>;
  if (!Number.isSafeInteger(value.number) || typeof value.finished !== 'boolean') {
    throw new TamiyoError('RECORD_DAMAGED', `${path} does not say which demo run comes next; remove it to begin anew`);
  }
  return value as Stored;
}

async function store(dataDir: string, value: Stored): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const path = join(dataDir, FILE);
  await writeFile(`${path}.writing`, `${JSON.stringify(value)}\n`, { flush: true });
  await rename(`${path}.writing`, path);
}
