import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { encodeMessage } from '@esper/leyline';
import { buildPacket, settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { PROBLEM } from '../../src/http/api-schemas.js';
import { FakeHost } from '../support/fake-host.js';
import { exchange, httpFixture, OPERATOR_TOKEN, rawExchange, TRAINER_TOKEN } from '../support/http-fixture.js';

const PATH = '/v1/runs/run-1/decisions';
const AUTHORIZED = `Host: 127.0.0.1\r\nAuthorization: Bearer ${TRAINER_TOKEN}\r\n`;
/** The JSON body of a raw answer. */
const problemIn = (raw: string) => PROBLEM.parse(JSON.parse(raw.slice(raw.indexOf('\r\n\r\n') + 4)));

describe('bodies that are too large', () => {
  it('are refused by their declared length, before they are read', async () => {
    await using http = await httpFixture();
    const raw = await rawExchange(http.address, [
      `POST ${PATH} HTTP/1.1\r\n${AUTHORIZED}Content-Type: application/json\r\nContent-Length: 9999999999\r\n\r\n{`,
    ]);
    expect(raw).toMatch(/^HTTP\/1\.1 413 /);
    expect(raw.toLowerCase()).toContain('connection: close');
    expect(problemIn(raw)).toMatchObject({ code: 'BODY_TOO_LARGE', retryable: false });
    expect(http.host.asked).toEqual([]);
  });

  it('are cut off while they arrive in chunks without a length', async () => {
    await using http = await httpFixture();
    const chunk = `${(64 << 10).toString(16)}\r\n${'x'.repeat(64 << 10)}\r\n`;
    const raw = await rawExchange(http.address, [
      `POST ${PATH} HTTP/1.1\r\n${AUTHORIZED}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      ...Array.from({ length: 40 }, () => chunk),
    ]);
    expect(raw).toMatch(/^HTTP\/1\.1 413 /);
    expect(http.host.asked).toEqual([]);
  });

  it('without a token are refused without being looked at', async () => {
    await using http = await httpFixture();
    const raw = await rawExchange(http.address, [
      `POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9999999999\r\n\r\n`,
    ]);
    expect(raw).toMatch(/^HTTP\/1\.1 401 /);
    expect(raw.toLowerCase()).toContain('connection: close');
  });
});

describe('requests that never end', () => {
  it('headers and bodies that trickle are cut off after their time, with a problem that says so', async () => {
    await using http = await httpFixture({ requestMs: 300 });
    const headers = rawExchange(http.address, [`POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: `]);
    const body = rawExchange(http.address, [
      `POST ${PATH} HTTP/1.1\r\n${AUTHORIZED}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a`,
    ]);
    for (const raw of await Promise.all([headers, body])) {
      expect(raw).toMatch(/^HTTP\/1\.1 408 /);
      expect(problemIn(raw)).toMatchObject({ code: 'REQUEST_TIMEOUT', status: 408 });
    }
    expect(http.host.asked).toEqual([]);
    expect((await http.submit()).status).toBe(200);
  });

  it('more connections than may be are closed, and those that are open go on', async () => {
    await using http = await httpFixture({ connectionsMax: 3 });
    const { hostname, port } = new URL(http.address);
    const sockets = Array.from({ length: 3 }, () => connect({ host: hostname, port: Number(port) }));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    expect(await rawExchange(http.address, [`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`])).toBe('');
    sockets[0]?.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    const answer = await new Promise<Buffer>((resolve) => sockets[0]?.once('data', resolve));
    expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 200 /);
    for (const socket of sockets) socket.destroy();
  });
});

describe('bytes that are no request', () => {
  it('get a problem, and the next connection is served', async () => {
    await using http = await httpFixture();
    const cases: readonly (readonly [bytes: string | Uint8Array, status: string, code: string])[] = [
      ['GET / HTTP/9.9\r\n\r\n', '400', 'REQUEST_MALFORMED'],
      [randomBytes(64), '400', 'REQUEST_MALFORMED'],
      [`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, '431', 'REQUEST_MALFORMED'],
      [
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
        '400',
        'REQUEST_MALFORMED',
      ],
      [`GET /v1/runs/%ff HTTP/1.1\r\n${AUTHORIZED}Connection: close\r\n\r\n`, '400', 'REQUEST_INVALID'],
    ];
    for (const [bytes, status, code] of cases) {
      const raw = await rawExchange(http.address, [bytes]);
      expect(raw.slice(0, 12), code).toBe(`HTTP/1.1 ${status}`);
      expect(problemIn(raw).code).toBe(code);
    }
    expect((await http.submit()).status).toBe(200);
  });

  it('wrong kinds of body are refused by kind, compressed ones too', async () => {
    await using http = await httpFixture();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense', '']) {
      const refused = await http.submit(buildPacket(), { headers: { 'content-type': type } });
      expect([refused.status, refused.json()['code']], type).toEqual([415, 'MEDIA_TYPE_UNSUPPORTED']);
    }
    const packed = await http.submit(buildPacket(), { headers: { 'content-encoding': 'gzip' } });
    expect([packed.status, packed.json()['code']]).toEqual([415, 'MEDIA_TYPE_UNSUPPORTED']);
    const empty = await http.submit(buildPacket(), { body: '' });
    expect([empty.status, empty.json()['code']]).toEqual([400, 'REQUEST_INVALID']);
    const charset = await http.submit(buildPacket(), {
      headers: { 'content-type': 'application/json; charset=utf-8' },
    });
    expect(charset.status).toBe(200);
  });

  it('paths and methods that are not there say which are', async () => {
    await using http = await httpFixture();
    expect((await http.send('/v2/runs')).json()).toMatchObject({ status: 404, code: 'ROUTE_UNKNOWN' });
    const wrong = await http.send('/v1/runs/run-1', { method: 'DELETE', token: OPERATOR_TOKEN });
    expect([wrong.status, wrong.headers.allow, wrong.json()['code']]).toEqual([405, 'GET', 'METHOD_NOT_ALLOWED']);
    const long = await http.send(`/v1/runs/${'x'.repeat(2_000)}`, { token: OPERATOR_TOKEN });
    expect([long.status, long.json()['code']]).toEqual([400, 'REQUEST_INVALID']);
  });

  it('a page of another site that resolves its name to this machine is refused', async () => {
    await using http = await httpFixture();
    for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:80', '10.0.0.1'])
      for (const path of ['/healthz', '/metrics', '/v1/runs'])
        expect((await http.send(path, { token: TRAINER_TOKEN, headers: { host } })).status, host).toBe(421);
    expect((await http.send('/healthz', { headers: { host: 'localhost:1234' } })).status).toBe(200);
  });
});

describe('many at once', () => {
  it('posts of the same packet at the same moment each get an answer', async () => {
    await using http = await httpFixture();
    const answers = await Promise.all(Array.from({ length: 24 }, () => http.submit()));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(http.host.asked).toHaveLength(24);
  });

  it('random bytes as any body never break the server', async () => {
    await using http = await httpFixture();
    for (const type of ['application/json', 'application/msgpack'])
      for (let size = 1; size < 4_000; size = size * 3 + 1) {
        const answer = await http.submit(buildPacket(), { body: randomBytes(size), headers: { 'content-type': type } });
        expect([answer.status, answer.json()['code']]).toEqual([422, 'PACKET_INVALID']);
      }
    const order = await http.send('/v1/runs/run-1/orders', {
      method: 'POST',
      token: OPERATOR_TOKEN,
      headers: { 'content-type': 'application/json' },
      body: randomBytes(200),
    });
    expect([order.status, order.json()['code']]).toEqual([400, 'REQUEST_INVALID']);
  });
});

describe('what must not be told', () => {
  it('a bug of the host is INTERNAL with nothing of its message; the log has it under the same id', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    host.throwing = new Error('cannot read /home/somebody/keys.json');
    const answer = await http.submit();
    const problem = PROBLEM.parse(answer.json());
    expect(problem).toMatchObject({ status: 500, code: 'INTERNAL' });
    expect(answer.bytes.toString()).not.toContain('somebody');
    const id = problem.instance.slice('urn:uuid:'.length);
    const line = http.lines.find((text) => text.includes('tamiyo.http.broke'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({ requestId: id, message: expect.stringContaining('somebody') });
  });

  it('no token and nothing of a body or a query is in any error or any line of the log', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    const secret = 'SeCrEt-0123456789-SeCrEt-0123456789';
    const seen: string[] = [];
    const send = async (path: string, sent: Parameters<typeof http.send>[1]) =>
      void seen.push((await http.send(path, sent)).bytes.toString('latin1'));
    const json = { 'content-type': 'application/json' };
    const post = { method: 'POST', headers: json } as const;
    await send(PATH, { ...post, token: secret, body: secret });
    await send(PATH, { ...post, token: TRAINER_TOKEN, body: `{"packetId":"${secret}"` });
    await send(PATH, { ...post, token: TRAINER_TOKEN, body: `{"${secret}":1}` });
    await send(PATH, { ...post, token: TRAINER_TOKEN, headers: { ...json, 'tamiyo-deadline-ms': secret } });
    await send('/v1/runs/run-1/orders', { ...post, token: OPERATOR_TOKEN, body: `{"kind":"${secret}","why":"x"}` });
    await send(`/v1/runs?limit=${secret}`, { token: TRAINER_TOKEN });
    await send(`/${secret}`, { token: secret });
    host.throwing = new HttpErrorWithField(secret);
    await send(PATH, { ...post, token: TRAINER_TOKEN, body: '{}' });
    expect(seen.join('\n')).not.toContain(secret);
    expect(http.lines.length).toBeGreaterThan(seen.length - 1);
    for (const hidden of [secret, TRAINER_TOKEN, OPERATOR_TOKEN]) expect(http.lines.join('\n')).not.toContain(hidden);
  });
});

/** An error that carries what was being worked on, as errors of libraries do. */
class HttpErrorWithField extends Error {
  readonly payload: string;

  constructor(payload: string) {
    super('something broke');
    this.payload = payload;
  }
}

describe('stopping', () => {
  it('DP-17: a request under way is answered, a new one is refused by name, and then nobody listens', async () => {
    const host = new FakeHost();
    const http = await httpFixture({}, host);
    let release = (): void => undefined;
    host.gate = new Promise((resolve) => {
      release = resolve;
    });
    const underWay = http.submit();
    while (host.asked.length === 0) await settle();
    // A second connection, open before the stop, is told so rather than cut.
    const { hostname, port } = new URL(http.address);
    const kept = connect({ host: hostname, port: Number(port) });
    await new Promise((resolve) => kept.once('connect', resolve));
    const body = encodeMessage('SystemStatePacket', buildPacket());
    kept.write(
      `POST ${PATH} HTTP/1.1\r\n${AUTHORIZED}Content-Type: application/msgpack\r\nContent-Length: ${body.length}\r\n`,
    );
    while (!http.lines.some((line) => line.includes('listening'))) await settle();
    const closed = http.server.close();
    kept.write('\r\n');
    kept.write(body);
    const refused = await new Promise<Buffer>((resolve) => kept.once('data', resolve));
    expect(refused.toString('latin1')).toMatch(/^HTTP\/1\.1 503 /);
    expect(refused.toString('latin1')).toContain('SHUTTING_DOWN');
    release();
    expect((await underWay).status).toBe(200);
    expect(await closed).toEqual({ cut: 0 });
    await expect(exchange(http.address, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(host.listenerCount).toBe(0);
    kept.destroy();
  });

  it('DP-17: what does not end within its time is cut and counted', async () => {
    const host = new FakeHost();
    const http = await httpFixture({ shutdownMs: 50 }, host);
    host.gate = new Promise(() => undefined);
    const underWay = http.submit();
    const outcome = underWay.then(
      () => 'answered',
      (cause: NodeJS.ErrnoException) => cause.code,
    );
    while (host.asked.length === 0) await settle();
    expect(await http.server.close()).toEqual({ cut: 1 });
    expect(await outcome).toBe('ECONNRESET');
    expect(await http.server.close()).toEqual({ cut: 1 });
  });

  it('readiness says that it stops before anybody is refused', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    expect((await http.send('/readyz')).json()).toMatchObject({ ready: true });
    host.ready = { ready: false, state: 'serving', checks: [{ name: 'policy', ok: false, detail: 'none' }] };
    const not = await http.send('/readyz');
    expect([not.status, not.json()['checks']]).toEqual([
      503,
      [
        { name: 'policy', ok: false, detail: 'none' },
        { name: 'http', ok: true, detail: '' },
      ],
    ]);
  });
});
