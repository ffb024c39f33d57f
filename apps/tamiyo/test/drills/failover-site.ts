import { join } from 'node:path';
import type { RedisServer } from '@esper/testkit';
import { PATIENT_DEADLINES } from '../support/patient-settings.js';
import { FailoverProxy, type Rewrites } from './failover-proxy.js';
import { HostProcess } from './host-process.js';

/** Not what the drill is about: on a busy machine everything may take long. A frozen host must not be saved by its deadline. */
const PATIENT = {
  profile: 'harness',
  ...PATIENT_DEADLINES,
  'inference.standbyCount': '0',
  'sharing.answerMs': '60000',
};
const SECRET = 'a secret of the drill, long enough for any key';

/** One host with its own folder and its own way to Redis. Its process may be killed, frozen and started again. */
export class FailoverSite {
  readonly name: string;
  readonly proxy: FailoverProxy;
  readonly #folder: string;
  readonly #leaseMs: number;
  readonly #secret: string;
  #port = 0;
  #process: HostProcess | undefined;
  #spare: HostProcess | undefined;
  #isUp = false;

  constructor(
    name: string,
    given: {
      readonly folder: string;
      readonly redis: RedisServer;
      readonly leaseMs: number;
      readonly rewrites: Rewrites;
      /** What the hosts sign with on Redis. */
      readonly secret?: string;
    },
  ) {
    this.name = name;
    this.#folder = join(given.folder, name);
    this.#leaseMs = given.leaseMs;
    this.#secret = given.secret ?? SECRET;
    this.proxy = new FailoverProxy(given.redis.port, given.rewrites);
  }

  /** The host, while it is up. */
  get host(): HostProcess | undefined {
    return this.#isUp ? this.#process : undefined;
  }

  /** Starts the host, and loads the process that takes its place should it be killed. */
  async start(): Promise<void> {
    if (this.#port === 0) this.#port = await this.proxy.listen();
    this.#process = this.#spare ?? new HostProcess();
    this.#spare = undefined;
    const settings = { ...PATIENT, 'sharing.hostName': this.name, 'sharing.leaseMs': `${this.#leaseMs}` };
    const environment = { REDIS_URL: `redis://127.0.0.1:${this.#port}/0`, ESPER_LEYLINE_SECRET: this.#secret };
    await this.#process.open(this.#folder, settings, { environment });
    this.#isUp = true;
  }

  async kill(): Promise<void> {
    this.#isUp = false;
    await this.#process?.kill();
  }

  /** So that loading a program is no part of what follows: resolves when the next process has loaded its own. */
  async prepare(): Promise<void> {
    this.#spare ??= new HostProcess();
    await this.#spare.loaded;
  }

  async end(): Promise<void> {
    await this.kill();
    await this.#spare?.kill();
    await this.proxy.close();
  }
}
