import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { LedgerConnection, LedgerReply, Timers } from '../../src/index.js';

/** The process's own timers. */
export const timers: Timers = {
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** A connection of the tests' own, since the package has none: one socket, RESP 2, answers in order. */
export async function connect(port: number): Promise<LedgerConnection & { close(): void }> {
  const socket = createConnection(port, '127.0.0.1');
  await once(socket, 'connect');
  return new Resp(socket);
}

class Resp implements LedgerConnection {
  readonly #socket: Socket;
  readonly #waiting: { resolve(reply: LedgerReply): void; reject(cause: Error): void }[] = [];
  #buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#read();
    });
    socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('closed'));
    });
    socket.on('error', () => undefined);
  }

  command(args: readonly (string | Uint8Array)[]): Promise<LedgerReply> {
    const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
    for (const arg of args) {
      const bytes = Buffer.from(arg as Uint8Array);
      parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(Buffer.concat(parts));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(): void {
    for (;;) {
      const parsed = parse(this.#buffer, 0);
      if (parsed === undefined) return;
      this.#buffer = this.#buffer.subarray(parsed.next);
      const { value } = parsed;
      const waiting = this.#waiting.shift();
      if (value instanceof Error) waiting?.reject(value);
      else waiting?.resolve(value);
    }
  }
}

interface Parsed {
  readonly value: LedgerReply | Error;
  readonly next: number;
}

function parse(buffer: Buffer, from: number): Parsed | undefined {
  const end = buffer.indexOf('\r\n', from);
  if (end < 0) return undefined;
  const line = buffer.toString('utf8', from + 1, end);
  const next = end + 2;
  switch (String.fromCharCode(buffer[from] ?? 0)) {
    case '+':
      return { value: line, next };
    case '-':
      return { value: new Error(line), next };
    case ':':
      return { value: Number(line), next };
    case '$':
      return bulk(buffer, next, Number(line));
    default:
      return list(buffer, next, Number(line));
  }
}

function bulk(buffer: Buffer, from: number, length: number): Parsed | undefined {
  if (length < 0) return { value: null, next: from };
  if (buffer.length < from + length + 2) return undefined;
  return { value: Buffer.from(buffer.subarray(from, from + length)), next: from + length + 2 };
}

function list(buffer: Buffer, from: number, count: number): Parsed | undefined {
  if (count < 0) return { value: null, next: from };
  const values: LedgerReply[] = [];
  let next = from;
  for (let at = 0; at < count; at += 1) {
    const parsed = parse(buffer, next);
    if (parsed === undefined) return undefined;
    if (parsed.value instanceof Error) return parsed;
    values.push(parsed.value);
    next = parsed.next;
  }
  return { value: values, next };
}
