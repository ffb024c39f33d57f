import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

/** Where a host listens. */
export type HostAddress =
  | { readonly kind: 'tcp'; readonly hostname: string; readonly port: number }
  | { readonly kind: 'unix'; readonly socketPath: string };

/** One request. */
export interface Sent {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
  readonly answerBytesMax: number;
}

/** One whole answer. */
export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** An answer that is longer than the contract allows. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
}

/** Sends requests over connections that are kept open. */
export class Exchange {
  readonly #address: HostAddress;
  readonly #agent: Agent;

  constructor(address: HostAddress, connectionsMax: number) {
    this.#address = address;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connectionsMax, noDelay: true });
  }

  /** Resolves with the answer once it is whole. Rejects when there is none, or with the reason of the signal. */
  send({ method, path, headers, body, signal, answerBytesMax }: Sent): Promise<Received> {
    const target =
      this.#address.kind === 'unix'
        ? { socketPath: this.#address.socketPath, headers: { ...headers, host: 'localhost' } }
        : { hostname: this.#address.hostname, port: this.#address.port, headers };
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(body.byteLength) };
      const outgoing = request({
        ...target,
        headers: { ...target.headers, ...length },
        agent: this.#agent,
        method,
        path,
        signal,
      });
      outgoing.once('error', reject);
      outgoing.once('response', (response) => {
        readWhole(response, answerBytesMax).then(
          (bytes) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes }),
          (cause: unknown) => {
            outgoing.destroy();
            reject(cause);
          },
        );
      });
      outgoing.end(body);
    });
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy();
  }
}

async function readWhole(response: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > bytesMax) throw new AnswerTooLong(`the answer is longer than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
