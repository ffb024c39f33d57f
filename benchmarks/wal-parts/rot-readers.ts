import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const READER = fileURLToPath(new URL('./rot-reader.ts', import.meta.url));

/** What a reader found: the sum of each record by its place, and whether the store told of damage by itself. */
export interface RotAnswer {
  readonly sums: Readonly<Record<number, string>>;
  readonly told: boolean;
}

/** Enough of a digest to tell any two records apart. */
export const recordSum = (record: Uint8Array): string => createHash('sha256').update(record).digest('hex').slice(0, 16);

/**
 * Reads damaged copies in a process of its own: a store that meets a flipped bit may take its whole process down. After that the
 * next copy gets a fresh one.
 */
export class RotReaders {
  readonly #store: string;
  readonly #peersFolder: string;
  #child: ChildProcess | undefined;
  #lines: Interface | undefined;

  constructor(store: string, peersFolder: string) {
    this.#store = store;
    this.#peersFolder = peersFolder;
  }

  read(folder: string): Promise<RotAnswer | 'refused' | 'crashed'> {
    this.#start();
    const [child, lines] = [this.#child as ChildProcess, this.#lines as Interface];
    return new Promise((resolve) => {
      const gone = (): void => {
        this.#child = undefined;
        lines.removeAllListeners('line');
        resolve('crashed');
      };
      child.once('close', gone);
      lines.once('line', (line) => {
        child.off('close', gone);
        const answer = JSON.parse(line) as RotAnswer | { readonly refused: string };
        resolve('refused' in answer ? 'refused' : answer);
      });
      child.stdin?.write(`${folder}\n`);
    });
  }

  close(): void {
    this.#child?.stdin?.end();
  }

  #start(): void {
    if (this.#child !== undefined) return;
    const argv = ['--import', 'tsx', '--conditions=@esper/source', READER, this.#store, this.#peersFolder];
    this.#child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'ignore'] });
    // A write to a process that has just died is no story of its own: its end is.
    this.#child.stdin?.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout as NonNullable<ChildProcess['stdout']> });
  }
}
