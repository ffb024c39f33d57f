import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { SystemStatePacket } from '@esper/leyline';
import type { OperatorAction } from '../../src/host/operator-action.js';
import type { RunState } from '../../src/runs/run-state.js';
import type { Answered, ChildFault, FromHost, HostSample, ToHost } from './host-messages.js';

type Reply = Exclude<FromHost, { readonly type: 'loaded' | 'opened' | 'failed' }>;

/** A request's answer, or that the process ended first. */
export type Maybe<T> = { readonly kind: 'answered'; readonly value: T } | { readonly kind: 'gone' };
const GONE = { kind: 'gone' } as const;

/** A host in a process of its own, as its client sees it. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply | undefined) => void>();
  /** Resolves when the program is loaded, or has ended. */
  readonly loaded: Promise<void>;
  readonly #ended: Promise<void>;
  #opening: { resolve(message: FromHost): void; reject(cause: Error): void } | undefined;
  #next = 0;
  #broken: string | undefined;

  /** Starts the process; what it needs is loaded while an earlier one still serves. */
  constructor() {
    this.#child = fork(new URL('./drill-host.ts', import.meta.url), {
      execArgv: ['--import', 'tsx', '--conditions=@esper/source'],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    let loaded: () => void = () => undefined;
    this.loaded = new Promise((resolve) => {
      loaded = resolve;
    });
    this.#child.on('message', (message: FromHost) => {
      if (message.type === 'loaded') loaded();
      else this.#heard(message);
    });
    // What it said before it died is still in the channel: it is heard before anybody is told that it is gone.
    this.#ended = Promise.all([once(this.#child, 'exit'), once(this.#child, 'disconnect')]).then(() => {
      // Whoever waits for it to load or to open must not wait for ever.
      loaded();
      for (const settle of this.#waiting.values()) settle(undefined);
      this.#waiting.clear();
      this.#opening?.reject(new Error('the host ended while it opened'));
    });
  }

  /** What went wrong inside, if anything did. */
  get broken(): string | undefined {
    return this.#broken;
  }

  async open(
    dataDir: string,
    settings: Readonly<Record<string, string>>,
    more: { readonly fault?: ChildFault | undefined; readonly environment?: Readonly<Record<string, string>> } = {},
  ): Promise<{ readonly issuerEpoch: number; readonly runs: readonly string[]; readonly openMs: number }> {
    await this.loaded;
    const message = await new Promise<FromHost>((resolve, reject) => {
      this.#opening = { resolve, reject };
      if (!this.#send({ type: 'open', dataDir, settings, environment: {}, fault: undefined, ...more }))
        reject(new Error('the host ended before it opened'));
    });
    this.#opening = undefined;
    if (message.type !== 'opened') throw new Error(message.type === 'failed' ? message.message : 'no answer to open');
    return message;
  }

  decide(run: string, packet: SystemStatePacket): Promise<Maybe<Answered>> {
    return this.#ask(
      'answered',
      (id) => ({ type: 'decide', id, run, packet }),
      (reply) => reply.answer,
    );
  }

  operate(action: OperatorAction): Promise<Maybe<boolean>> {
    return this.#ask(
      'ordered',
      (id) => ({ type: 'operate', id, action }),
      (reply) => reply.ok,
    );
  }

  run(run: string): Promise<Maybe<RunState | undefined>> {
    return this.#ask(
      'run',
      (id) => ({ type: 'run', id, run }),
      (reply) => reply.state,
    );
  }

  decision(decisionId: string): Promise<Maybe<{ readonly bytes: Uint8Array | undefined; readonly withheld: boolean }>> {
    return this.#ask(
      'decision',
      (id) => ({ type: 'decision', id, decisionId }),
      ({ bytes, withheld }) => ({ bytes, withheld }),
    );
  }

  sample(): Promise<Maybe<HostSample>> {
    return this.#ask(
      'sample',
      (id) => ({ type: 'sample', id }),
      (reply) => reply.sample,
    );
  }

  /** Raises CRITICAL telemetry once. */
  alarm(): Promise<Maybe<void>> {
    return this.#ask(
      'alarmed',
      (id) => ({ type: 'alarm', id }),
      () => undefined,
    );
  }

  async close(): Promise<void> {
    await this.#ask(
      'closed',
      (id) => ({ type: 'close', id }),
      () => undefined,
    );
    this.#child.disconnect();
    await this.#ended;
  }

  /** SIGSTOP: nothing is answered, and time goes on. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** The end that nothing can answer. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async #ask<Type extends Reply['type'], T>(
    type: Type,
    make: (id: number) => ToHost,
    take: (reply: Extract<Reply, { readonly type: Type }>) => T,
  ): Promise<Maybe<T>> {
    this.#next += 1;
    const id = this.#next;
    const reply = await new Promise<Reply | undefined>((resolve) => {
      this.#waiting.set(id, resolve);
      if (!this.#send(make(id))) resolve(undefined);
    });
    this.#waiting.delete(id);
    if (reply === undefined) return GONE;
    if (reply.type !== type) throw new Error(`asked for ${type}, got ${reply.type}`);
    return { kind: 'answered', value: take(reply as Extract<Reply, { readonly type: Type }>) };
  }

  #send(message: ToHost): boolean {
    if (!this.#child.connected) return false;
    this.#child.send(message, () => undefined);
    return true;
  }

  #heard(message: Exclude<FromHost, { readonly type: 'loaded' }>): void {
    if (message.type === 'failed') this.#broken ??= message.message;
    if (message.type === 'opened' || message.type === 'failed') this.#opening?.resolve(message);
    else this.#waiting.get(message.id)?.(message);
  }
}
