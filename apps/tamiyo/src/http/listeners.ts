import { chmod, lstat, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { HttpError } from './errors.js';
import { HEADER_BYTES_MAX, type HttpOptions } from './http-options.js';
import { malformedAnswer } from './malformed-answer.js';

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that listens, and where. */
export interface Listener {
  readonly server: Server;
  /** As a client is told: `http://127.0.0.1:8690` or `unix:/run/tamiyo.sock`. */
  readonly address: string;
}

const CHECK_MS = 500;
const KEEP_ALIVE_MS = 5_000;
const SOCKET_MASK = 0o177;

/** Opens what the options ask for. Rejects with `LISTEN_FAILED`; then nothing listens. */
export async function openListeners(answer: Answering, options: HttpOptions): Promise<readonly Listener[]> {
  const opened: Listener[] = [];
  try {
    if (options.host !== 'off') opened.push(await listenTcp(answer, options));
    if (options.socketPath !== '') opened.push(await listenSocket(answer, options));
  } catch (cause) {
    for (const { server } of opened) server.close();
    throw cause;
  }
  if (opened.length === 0) throw new HttpError('LISTEN_FAILED', 'there is neither a TCP address nor a socket path');
  return opened;
}

function serverFor(answer: Answering, options: HttpOptions): Server {
  const server = createServer(
    {
      requestTimeout: options.requestMs,
      headersTimeout: options.requestMs,
      connectionsCheckingInterval: Math.min(CHECK_MS, options.requestMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      requireHostHeader: true,
      noDelay: true,
    },
    answer,
  );
  server.maxConnections = options.connectionsMax;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code !== 'ECONNRESET' && socket.writable) socket.write(malformedAnswer(error.code ?? ''));
    socket.destroy();
  });
  return server;
}

async function listenTcp(answer: Answering, options: HttpOptions): Promise<Listener> {
  const server = serverFor(answer, options);
  const { host, port } = options;
  await listening(server, () => server.listen({ host, port, exclusive: true }), `${host}:${port}`);
  const bound = server.address();
  const used = typeof bound === 'object' && bound !== null ? bound.port : port;
  return { server, address: `http://${host === '::1' ? '[::1]' : host}:${used}` };
}

async function listenSocket(answer: Answering, options: HttpOptions): Promise<Listener> {
  const { socketPath: path } = options;
  await removeDeadSocket(path);
  const server = serverFor(answer, options);
  const begin = (): void => {
    // The file is made inside this call: nobody else may ever open it, not even for a moment.
    const before = process.umask(SOCKET_MASK);
    try {
      server.listen({ path, exclusive: true });
    } finally {
      process.umask(before);
    }
  };
  await listening(server, begin, path);
  await chmod(path, 0o600);
  return { server, address: `unix:${path}` };
}

function listening(server: Server, begin: () => void, where: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void =>
      reject(new HttpError('LISTEN_FAILED', `cannot listen on ${where}: ${cause.code ?? cause.message}`, { cause }));
    server.once('error', failed);
    server.once('listening', () => {
      server.removeListener('error', failed);
      resolve();
    });
    begin();
  });
}

/** A socket file that a killed host left behind is in the way; one that answers belongs to somebody. */
async function removeDeadSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new HttpError('LISTEN_FAILED', `cannot look at ${path}`, { cause });
  });
  if (found === undefined) return;
  if (!found.isSocket()) throw new HttpError('LISTEN_FAILED', `${path} is there and is no socket`);
  if (await answers(path)) throw new HttpError('LISTEN_FAILED', `another process serves ${path}`);
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ path });
    const done = (alive: boolean): void => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
