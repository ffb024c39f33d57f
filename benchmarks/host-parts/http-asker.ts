import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { encodeMessage, type SystemStatePacket } from '@esper/leyline';

/** Where a service listens. */
export type Listening = { readonly host: string; readonly port: number } | { readonly socketPath: string };

/** `http://127.0.0.1:8690` or `unix:/run/tamiyo.sock`, as a service tells its addresses. */
export function listeningAt(address: string): Listening {
  if (address.startsWith('unix:')) return { socketPath: address.slice('unix:'.length) };
  const { hostname, port } = new URL(address);
  return { host: hostname, port: Number(port) };
}

/** A caller that does the least there is to do: one connection kept open, msgpack out, the sealed command back as bytes. */
export class HttpAsker {
  readonly #options: RequestOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1, noDelay: true });

  constructor(listening: Listening, token: string) {
    this.#options = {
      ...listening,
      method: 'POST',
      agent: this.#agent,
      headers: {
        host: 'localhost',
        authorization: `Bearer ${token}`,
        'content-type': 'application/vnd.msgpack',
        accept: 'application/vnd.esper.command',
      },
    };
  }

  /** Resolves with the status once the whole answer is there. */
  ask(packet: SystemStatePacket): Promise<number> {
    const body = encodeMessage('SystemStatePacket', packet);
    const path = `/v1/runs/${encodeURIComponent(packet.trainingRunId)}/decisions`;
    const headers = { ...this.#options.headers, 'content-length': String(body.byteLength) };
    return new Promise((resolve, reject) => {
      const outgoing = request({ ...this.#options, path, headers });
      outgoing.once('error', reject);
      outgoing.once('response', (response: IncomingMessage) => {
        response.once('error', reject).once('end', () => resolve(response.statusCode ?? 0));
        response.resume();
      });
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
