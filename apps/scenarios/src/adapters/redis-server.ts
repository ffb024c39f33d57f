import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** A `redis-server` of a scenario's own, on a loopback port. */
export interface ScenarioRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/** Whether one can be started here. */
export const hasRedisServer = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

/** As docs/several-hosts.md has it, with its files in `folder`. Rejects with what it printed when it does not come up. */
export async function startRedisServer(folder: string): Promise<ScenarioRedis> {
  await mkdir(folder, { recursive: true });
  const port = String(await freePort());
  const disk = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--dir', folder];
  const args = ['--bind', '127.0.0.1', '--port', port, ...disk, '--maxmemory-policy', 'noeviction'];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await untilReady(child);
  return {
    url: `redis://127.0.0.1:${port}/0`,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function untilReady(child: ChildProcess & { readonly stdout: NodeJS.ReadableStream }): Promise<void> {
  const printed: string[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      printed.push(line);
      if (line.includes('Ready to accept connections')) resolve();
    });
    child.once('exit', () => reject(new Error(`redis-server ended: ${printed.slice(-5).join(' | ')}`)));
  });
  await ready;
}
