import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** Pieces of text on their way to Redis, and what they become. Replacements are filled up with spaces: lengths stand before. */
export type Rewrites = readonly (readonly [from: string, to: string])[];

/** Stands in the write of a decision, and in no other: the stored answer says what it is. */
export const ANY_DECISION = '\xa4kind\xa6answer';
/** Stands in every write of one run's state, and in no other; short names alone. */
export const stateOf = (run: string): string =>
  `\xa4kind\xa9run-state\xa3run${String.fromCharCode(0xa0 + run.length)}${run}`;

interface Link {
  readonly host: Socket;
  readonly redis: Socket;
  readonly rewrite: (bytes: Buffer) => Buffer;
  /** What a host has sent and Redis has not got yet. */
  held: Buffer[] | undefined;
  tail: string;
  /** The host's end is gone; what is held may still arrive. */
  isBroken: boolean;
}

/** The network between one host and Redis, under the drill's hand: cut, delayed before a fenced write, or lying. */
export class FailoverProxy {
  readonly #redisPort: number;
  readonly #rewrites: Rewrites;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #isCut = false;
  #wanted: { readonly mark: string; readonly held: () => void } | undefined;

  constructor(redisPort: number, rewrites: Rewrites) {
    this.#redisPort = redisPort;
    this.#rewrites = rewrites;
    this.#server = createServer((host) => this.#join(host));
  }

  /** Resolves with the port to connect to. */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    return address.port;
  }

  /** Connections break, and new ones are refused. */
  cut(): void {
    this.#isCut = true;
    for (const { host, redis } of this.#links) {
      host.destroy();
      redis.destroy();
    }
  }

  heal(): void {
    this.#isCut = false;
  }

  /**
   * The next write that has the mark, and whatever follows it on its connection, stays on the way. Resolves when there is one.
   */
  holdNextWrite(mark: string): Promise<void> {
    return new Promise((held) => {
      this.#wanted = { mark, held };
    });
  }

  /** The host loses the connection on which something is held. It may open another; what is held is still on its way. */
  breakHeld(): void {
    for (const link of this.#links) {
      if (link.held === undefined) continue;
      link.isBroken = true;
      link.host.destroy();
    }
  }

  /** What was held arrives. Resolves once Redis has carried out all of it that came by broken connections. */
  async letGo(): Promise<void> {
    this.#wanted = undefined;
    const arriving: Promise<unknown>[] = [];
    for (const link of this.#links) {
      for (const bytes of link.held ?? []) link.redis.write(bytes);
      link.held = undefined;
      // Redis reads to the end of what was sent before it closes.
      if (link.isBroken) arriving.push(once(link.redis.end().resume(), 'close'));
    }
    await Promise.all(arriving);
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(host: Socket): void {
    if (this.#isCut) {
      host.destroy();
      return;
    }
    const redis = createConnection(this.#redisPort, '127.0.0.1');
    const link: Link = { host, redis, rewrite: rewriter(this.#rewrites), held: undefined, tail: '', isBroken: false };
    this.#links.add(link);
    host.on('data', (bytes) => this.#forward(link, link.rewrite(bytes)));
    redis.on('data', (bytes) => {
      if (!link.isBroken) host.write(bytes);
    });
    host.on('error', () => undefined);
    redis.on('error', () => undefined);
    host.on('close', () => {
      if (link.isBroken) return;
      redis.destroy();
      this.#links.delete(link);
    });
    redis.on('close', () => {
      host.destroy();
      this.#links.delete(link);
    });
  }

  #forward(link: Link, bytes: Buffer): void {
    if (link.held === undefined && this.#wanted !== undefined) {
      const { mark, held } = this.#wanted;
      const text = link.tail + bytes.toString('latin1');
      if (text.includes(mark)) {
        link.held = [];
        this.#wanted = undefined;
        held();
      }
      link.tail = text.slice(1 - mark.length);
    }
    if (link.held === undefined) link.redis.write(bytes);
    else link.held.push(bytes);
  }
}

/** Replaces texts in a stream of bytes; what may be the beginning of one waits for what follows. */
function rewriter(rewrites: Rewrites): (bytes: Buffer) => Buffer {
  if (rewrites.length === 0) return (bytes) => bytes;
  let waiting = '';
  return (bytes) => {
    let text = waiting + bytes.toString('latin1');
    for (const [from, to] of rewrites) text = text.replaceAll(from, to.padEnd(from.length));
    const keep = Math.max(...rewrites.map(([from]) => beginningAtEnd(text, from)));
    waiting = keep === 0 ? '' : text.slice(-keep);
    return Buffer.from(keep === 0 ? text : text.slice(0, -keep), 'latin1');
  };
}

function beginningAtEnd(text: string, wanted: string): number {
  for (let length = Math.min(wanted.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(wanted.slice(0, length))) return length;
  }
  return 0;
}
