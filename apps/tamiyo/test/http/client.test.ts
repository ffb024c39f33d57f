import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { createReplayGuard, createVerifier } from '@esper/command-verifier';
import { encodeMessage } from '@esper/leyline';
import { systemClock } from '@esper/std/node';
import { buildPacket, settle, tempFolder } from '@esper/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { type ClientOptions, createTamiyoClient, describeFailure, type TamiyoClient } from '../../src/client.js';
import { DecisionError } from '../../src/errors.js';
import { FakeHost } from '../support/fake-host.js';
import { httpFixture, TRAINER_TOKEN } from '../support/http-fixture.js';
import { httpKeyRing } from '../support/test-keys.js';

const clients: TamiyoClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

/** A client with one verifier for `run-1`, made before anything is sealed. */
function clientOf(address: string, options: Partial<ClientOptions> = {}): TamiyoClient {
  const gate = createVerifier({
    keyRing: httpKeyRing(),
    clock: systemClock,
    replay: createReplayGuard({ clock: systemClock }),
    audience: { trainingRunId: 'run-1', consumer: 'kasmina' },
  });
  const client = createTamiyoClient({
    options: { address, token: TRAINER_TOKEN, deadlineMs: 60_000, ...options },
    gateOf: () => gate,
    clock: systemClock,
  });
  clients.push(client);
  return client;
}

/** A server that answers as told, for what no host would say. */
async function strangeHost(answer: Parameters<typeof createServer>[1]): Promise<{ address: string; server: Server }> {
  const server = createServer(answer as never);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, address: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}` };
}

describe('the client', () => {
  it('gives a verified command, over TCP and over a Unix socket', async () => {
    const folder = await tempFolder();
    await using http = await httpFixture({ socketPath: join(folder.path, 's') });
    for (const address of http.server.addresses) {
      const decided = await clientOf(address).decide(buildPacket());
      expect(decided).toMatchObject({
        ok: true,
        value: { command: { commandType: 'PAUSE' }, repeated: false, attempts: 1 },
      });
    }
    await folder.remove();
  });

  it('hands its deadline to the host', async () => {
    await using http = await httpFixture();
    await clientOf(http.address).decide(buildPacket(), { deadlineMs: 50_000 });
    expect(http.host.asked[0]?.options?.deadlineMs).toBeGreaterThan(0);
    expect(http.host.asked[0]?.options?.deadlineMs).toBeLessThanOrEqual(50_000);
  });

  it('lets no bytes through that its verifier has seen before', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    const client = clientOf(http.address);
    const first = await host.decide('run-1', buildPacket());
    if (!first.ok) throw first.error;
    host.decide = async () => first;
    expect((await client.decide(buildPacket())).ok).toBe(true);
    expect(await client.decide(buildPacket())).toMatchObject({
      ok: false,
      error: { kind: 'command_refused', refusal: { reason: 'nonce_replayed' } },
    });
  });

  it('gives the problem of the host under its code', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    host.failing = new DecisionError('TIMEOUT_INFERENCE', 'no answer within 5 ms', { reason: 'timeout_inference' });
    const failed = await clientOf(http.address).decide(buildPacket());
    expect(failed).toMatchObject({
      ok: false,
      error: { kind: 'problem', status: 504, code: 'TIMEOUT_INFERENCE', reason: 'timeout_inference', retryable: false },
    });
    expect(failed.ok ? '' : describeFailure(failed.error)).toContain('TAMIYO_STEP_TIMEOUT_MS');
    expect(host.asked).toHaveLength(1);
    const stranger = await clientOf(http.address, { token: 'not-a-token-of-this-host' }).decide(buildPacket());
    expect(stranger).toMatchObject({ ok: false, error: { kind: 'problem', code: 'TOKEN_INVALID' } });
  });

  it('tries once more what may succeed later, and only that', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    const { decide } = host;
    host.failing = new DecisionError('INFERENCE_UNAVAILABLE', 'no host is ready');
    host.decide = async (...call) => {
      const outcome = await decide.apply(host, call);
      host.failing = undefined;
      return outcome;
    };
    expect(await clientOf(http.address).decide(buildPacket())).toMatchObject({ ok: true, value: { attempts: 2 } });
    host.failing = new DecisionError('INFERENCE_UNAVAILABLE', 'no host is ready');
    expect((await clientOf(http.address, { attemptsMax: 1 }).decide(buildPacket())).ok).toBe(false);
  });

  it('gives up at its deadline, which the host hears of, and when it is told to', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    host.gate = new Promise(() => undefined);
    const client = clientOf(http.address);
    expect(await client.decide(buildPacket(), { deadlineMs: 30 })).toMatchObject({
      ok: false,
      error: { kind: 'deadline', deadlineMs: 30 },
    });
    while (host.asked[0]?.options?.signal?.aborted !== true) await settle();
    const stop = new AbortController();
    const cancelled = client.decide(buildPacket(), { signal: stop.signal });
    while (host.asked.length < 2) await settle();
    stop.abort();
    expect(await cancelled).toEqual({ ok: false, error: { kind: 'cancelled' } });
  });

  it('says that nobody is there, and reaches the host that comes back', async () => {
    const { server, address } = await strangeHost(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const client = clientOf(address);
    const failed = await client.decide(buildPacket());
    expect(failed).toMatchObject({ ok: false, error: { kind: 'unreachable', cause: { code: 'ECONNREFUSED' } } });
    await using http = await httpFixture({ port: Number(new URL(address).port) });
    expect((await client.decide(buildPacket())).ok).toBe(true);
    void http;
  });

  it('takes nothing that it does not understand', async () => {
    const bodies: readonly (readonly [status: number, type: string, body: string | Buffer])[] = [
      [200, 'text/html', '<html>'],
      [200, 'application/vnd.esper.command', Buffer.alloc(300_000)],
      [502, 'text/plain', 'bad gateway'],
      [500, 'application/problem+json', '{"no":"code"}'],
      [500, 'application/problem+json', 'not json'],
    ];
    for (const [status, type, body] of bodies) {
      const { server, address } = await strangeHost((_request, response) => {
        response.writeHead(status, { 'content-type': type }).end(body);
      });
      const failed = await clientOf(address).decide(buildPacket());
      expect(failed, `${status} ${type}`).toMatchObject({ ok: false, error: { kind: 'answer_invalid' } });
      expect(failed.ok ? '' : describeFailure(failed.error)).toContain('not understood');
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    }
    const { server, address } = await strangeHost((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/vnd.esper.command' }).end('ESC1 forged');
    });
    expect(await clientOf(address).decide(buildPacket())).toMatchObject({
      ok: false,
      error: { kind: 'command_refused', refusal: { reason: 'malformed_envelope' } },
    });
    server.close();
    server.closeAllConnections();
  });

  it('refuses bad options by name, and never quotes its token', () => {
    const bad: readonly (readonly [Partial<ClientOptions>, string])[] = [
      [{ address: 'https://example.org' }, 'address'],
      [{ address: 'unix:' }, 'address'],
      [{ address: 'http://127.0.0.1:1/path' }, 'address'],
      [{ token: 'two words' }, 'token'],
      [{ deadlineMs: 0 }, 'deadlineMs'],
      [{ deadlineMs: Number.NaN }, 'deadlineMs'],
      [{ attemptsMax: 11 }, 'attemptsMax'],
      [{ connectionsMax: -1 }, 'connectionsMax'],
    ];
    for (const [options, name] of bad) {
      const make = () => clientOf('http://127.0.0.1:1', options);
      expect(make, JSON.stringify(options)).toThrow(new RegExp(`^${name} must`));
      expect(make).not.toThrow(/two words/);
    }
  });

  it('a packet that is none is the caller’s bug, and is thrown', async () => {
    const packet = { ...buildPacket(), version: 2 as never };
    await expect(clientOf('http://127.0.0.1:1').decide(packet)).rejects.toMatchObject({ code: 'LEYLINE_INVALID' });
    expect(() => encodeMessage('SystemStatePacket', packet)).toThrow();
  });

  it('is imported as docs/http-api.md shows it', async () => {
    const page = await readFile(new URL('../../../../docs/http-api.md', import.meta.url), 'utf8');
    const names = /import \{ ([^}]+) \} from '@esper\/tamiyo\/client'/.exec(page)?.[1]?.split(', ') ?? [];
    expect(names).toContain('createTamiyoClient');
    expect(Object.keys(await import('../../src/client.js'))).toEqual(expect.arrayContaining(names));
  });
});
