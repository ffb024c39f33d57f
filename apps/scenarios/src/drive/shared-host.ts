import { type ChildProcess, fork } from 'node:child_process';
import type { TrainerPackets } from './fleet-packet.js';
import type { FromSharedHost, RoundOrder, RoundResult, ToSharedHost } from './shared-host-messages.js';

/** How a host is opened. */
export interface SharedHostPlan {
  readonly dataDir: string;
  readonly name: string;
  readonly redisUrl: string;
  readonly packets: TrainerPackets;
}

/** One of several hosts on one Redis, as whoever drives it sees it. One request at a time. */
export class SharedHost {
  readonly #child: ChildProcess;
  #waiting: { resolve(message: FromSharedHost): void; reject(cause: Error): void } | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message: FromSharedHost) => this.#waiting?.resolve(message));
    child.once('exit', (code) => this.#waiting?.reject(new Error(`a host ended with ${code}`)));
  }

  /** Starts the process and opens its host. Rejects with what went wrong in it. */
  static async open(plan: SharedHostPlan): Promise<SharedHost> {
    const child = fork(new URL('./shared-host-main.ts', import.meta.url), { serialization: 'advanced' });
    const host = new SharedHost(child);
    try {
      await host.#ask({ type: 'open', ...plan });
      return host;
    } catch (cause) {
      child.kill();
      throw cause;
    }
  }

  async play(order: RoundOrder): Promise<RoundResult> {
    const answer = await this.#ask({ type: 'round', order });
    if (answer.type !== 'round') throw new Error(`asked for a round, got ${answer.type}`);
    return answer.result;
  }

  async close(): Promise<void> {
    await this.#ask({ type: 'close' });
    this.#child.disconnect();
  }

  async #ask(message: ToSharedHost): Promise<FromSharedHost> {
    const answer = await new Promise<FromSharedHost>((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#child.send(message);
    });
    this.#waiting = undefined;
    if (answer.type === 'failed') throw new Error(answer.message);
    return answer;
  }
}
