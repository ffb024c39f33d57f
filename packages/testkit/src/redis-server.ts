import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { tempFolder } from './temp-folder.js';

/** How the server is started. */
export interface RedisServerOptions {
  /** `always`: what is answered is on disk. `everysec`: what is answered survives the process, not the machine. Default `always`. */
  readonly fsync?: 'always' | 'everysec';
  /** Memory the server may use before it refuses writes, in bytes. */
  readonly memoryBytesMax?: number;
}

/** A real `redis-server` of a test's own, on a free loopback port, with an append-only file in a temporary folder. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** SIGKILL. What was answered stays in the folder. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and folder; resolves when it takes connections. */
  start(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing is answered. */
  pause(): void;
  resume(): void;
  /** Ends it and removes the folder. */
  stop(): Promise<void>;
}

/** Whether a `redis-server` can be started here. Tests that need one are skipped by name where it cannot. */
export const hasRedis = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

const STARTS_MAX = 5;

/** Starts a server. Rejects with what the server printed when it does not come up. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  for (let attempt = 1; ; attempt += 1) {
    const folder = await tempFolder('redis-');
    const server = new LocalRedis(await freePort(), folder, options);
    try {
      await server.start();
      return server;
    } catch (cause) {
      await server.stop();
      // Somebody else may have taken the port in between.
      if (attempt === STARTS_MAX) throw cause;
    }
  }
}

class LocalRedis implements RedisServer {
  readonly port: number;
  readonly #folder: Awaited<ReturnType<typeof tempFolder>>;
  readonly #options: RedisServerOptions;
  #process: ChildProcess | undefined;
  readonly #endWithTest = (): void => void this.#process?.kill('SIGKILL');

  constructor(port: number, folder: Awaited<ReturnType<typeof tempFolder>>, options: RedisServerOptions) {
    this.port = port;
    this.#folder = folder;
    this.#options = options;
    process.once('exit', this.#endWithTest);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  async start(): Promise<void> {
    const child = spawn('redis-server', this.#arguments(), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    const printed: string[] = [];
    const exited = once(child, 'exit').then(() => {
      throw new Error(`redis-server ended: ${printed.slice(-5).join(' | ')}`);
    });
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        printed.push(line);
        if (line.includes('Ready to accept connections')) resolve();
      });
    });
    await Promise.race([ready, exited]);
    exited.catch(() => undefined);
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill();
    process.off('exit', this.#endWithTest);
    await this.#folder.remove();
  }

  #arguments(): readonly string[] {
    const { fsync = 'always', memoryBytesMax } = this.#options;
    const memory = memoryBytesMax === undefined ? [] : ['--maxmemory', `${memoryBytesMax}`];
    const disk = ['--appendonly', 'yes', '--appendfsync', fsync, '--save', '', '--dir', this.#folder.path];
    return ['--bind', '127.0.0.1', '--port', `${this.port}`, '--daemonize', 'no', ...disk, ...memory];
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
