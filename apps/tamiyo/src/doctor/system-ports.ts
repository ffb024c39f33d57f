import { statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { pathToFileURL } from 'node:url';
import { systemClock } from '@esper/std/node';
import { nodeDisk } from '@esper/wal/node';
import { codeOf } from './check.js';
import { loadInChild } from './load-in-child.js';
import type { DoctorPorts, Listening } from './ports.js';
import { redisLosses } from './redis-losses.js';

const RUNTIME = 'onnxruntime-node';
/** The machine that the doctor runs on. */
export const systemPorts = (): DoctorPorts => ({
  clock: systemClock,
  disk: nodeDisk(),
  space: async (folder) => {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  },
  tryListening: (where) => ('path' in where ? refusesConnections(where.path) : listensAndCloses(where)),
  redisLosses,
  loadRuntime,
});

function listensAndCloses({ host, port }: Extract<Listening, { readonly port: number }>): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}

/** A socket file that nobody answers on is left over, and a host removes it; making one to try would be a change. */
function refusesConnections(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      reject(Object.assign(new Error(`somebody answers on ${path}`), { code: 'EADDRINUSE' }));
    });
    socket.once('error', (cause) => (['ENOENT', 'ECONNREFUSED'].includes(codeOf(cause)) ? resolve() : reject(cause)));
  });
}

async function loadRuntime(): Promise<string> {
  const entry = pathToFileURL(createRequire(import.meta.url).resolve(RUNTIME)).href;
  return `${RUNTIME} ${await loadInChild(entry)}`;
}
