import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromChild, ToChild } from './replay-child.js';

const CHILD = fileURLToPath(new URL('./replay-child.ts', import.meta.url));

/** One consumer process, from spawn to SIGKILL. */
export class Life {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (reason: string) => void>();
  #ready: (() => void) | undefined;
  #tickets = 0;

  /** Starts to load at once, so that the next life is warm when this one dies. */
  constructor() {
    this.#child = fork(CHILD, {
      execArgv: ['--import', 'tsx', '--conditions=@esper/source'],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message: FromChild) => this.#receive(message));
    this.#child.on('exit', () => this.#loseAll());
  }

  async open(message: Omit<ToChild & { kind: 'open' }, 'kind'>): Promise<void> {
    const ready = new Promise<void>((resolve) => {
      this.#ready = resolve;
    });
    const died = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`a consumer died while opening, code ${String(code)}`);
    });
    this.#child.send({ kind: 'open', ...message });
    await Promise.race([ready, died]);
    died.catch(() => undefined); // from here on, dying is the plan
  }

  /** The reason, `ok`, or `lost` when the process died first. */
  verify(bytes: Uint8Array, at: { wallMs: number; monoMs: number }): Promise<string> {
    this.#tickets += 1;
    const ticket = this.#tickets;
    return new Promise((resolve) => {
      this.#waiting.set(ticket, resolve);
      this.#child.send({ kind: 'verify', ticket, bytes, ...at }, (error) => {
        if (error !== null) this.#answer(ticket, 'lost');
      });
    });
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #receive(message: FromChild): void {
    if (message.kind === 'ready') this.#ready?.();
    else this.#answer(message.ticket, message.reason);
  }

  #answer(ticket: number, reason: string): void {
    this.#waiting.get(ticket)?.(reason);
    this.#waiting.delete(ticket);
  }

  #loseAll(): void {
    for (const ticket of [...this.#waiting.keys()]) this.#answer(ticket, 'lost');
  }
}
