import { buildPacket, FakeClock, settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { TamiyoError } from '../../src/errors.js';
import { AccessTokens } from '../../src/http/access-tokens.js';
import { PROBLEM, RUN_VIEW, RUNS_VIEW } from '../../src/http/api-schemas.js';
import { Gate } from '../../src/http/gate.js';
import { FakeHost } from '../support/fake-host.js';
import { httpFixture, OPERATOR_TOKEN, READER_TOKEN, type Sent, TRAINER_TOKEN } from '../support/http-fixture.js';

const ORDERS = '/v1/runs/run-1/orders';
const order = (body: unknown, more: Sent = {}): Sent => ({
  method: 'POST',
  token: OPERATOR_TOKEN,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
  ...more,
});
const HOLD = { kind: 'hold', why: 'loss looks odd', forMs: 60_000 } as const;
const codeOf = async (answer: Promise<{ status: number; json(): Record<string, unknown> }>) => {
  const { status, json } = await answer;
  return [status, PROBLEM.parse(json()).code];
};

describe('tokens', () => {
  it('nothing but health, readiness, metrics and the contract is there without one', async () => {
    await using http = await httpFixture();
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json'])
      expect((await http.send(path)).status, path).toBe(200);
    for (const path of ['/v1/runs', '/v1/runs/run-1', '/v1/decisions/d', '/v1/decisions/d/command', '/v1/events'])
      expect(await codeOf(http.send(path)), path).toEqual([401, 'TOKEN_MISSING']);
    expect(await codeOf(http.submit(buildPacket(), { token: undefined }))).toEqual([401, 'TOKEN_MISSING']);
    expect(await codeOf(http.send(ORDERS, order(HOLD, { token: undefined })))).toEqual([401, 'TOKEN_MISSING']);
    expect(http.host.asked).toEqual([]);
    expect(http.host.orders).toEqual([]);
  });

  it('a wrong one is refused, whatever it looks like', async () => {
    await using http = await httpFixture();
    const wrong = [`${TRAINER_TOKEN}x`, TRAINER_TOKEN.slice(0, -1), TRAINER_TOKEN.toUpperCase(), 'x'.repeat(5_000)];
    for (const token of wrong)
      expect(await codeOf(http.submit(buildPacket(), { token })), token.slice(0, 50)).toEqual([401, 'TOKEN_INVALID']);
    for (const authorization of [TRAINER_TOKEN, `Basic ${TRAINER_TOKEN}`, 'Bearer', 'Bearer a b'])
      expect(
        await codeOf(http.submit(buildPacket(), { token: undefined, headers: { authorization } })),
        authorization,
      ).toEqual([401, 'TOKEN_MISSING']);
    expect(http.host.asked).toEqual([]);
  });

  it('the role decides: a reader reads, a trainer decides, an operator does both and gives orders', async () => {
    await using http = await httpFixture();
    expect(await codeOf(http.submit(buildPacket(), { token: READER_TOKEN }))).toEqual([403, 'ROLE_MISSING']);
    expect(await codeOf(http.send(ORDERS, order(HOLD, { token: TRAINER_TOKEN })))).toEqual([403, 'ROLE_MISSING']);
    expect((await http.submit(buildPacket(), { token: OPERATOR_TOKEN })).status).toBe(200);
    expect((await http.send('/v1/runs/run-1', { token: READER_TOKEN })).status).toBe(200);
    expect(http.host.orders).toEqual([]);
  });
});

describe('operator orders', () => {
  it('carry the token’s holder, the reason and an end, and answer with the run', async () => {
    await using http = await httpFixture();
    const before = Date.now();
    const answer = await http.send(ORDERS, order({ ...HOLD, who: 'Alice' }));
    expect(RUN_VIEW.parse(answer.json())).toMatchObject({ trainingRunId: 'run-1', hold: null });
    const [given] = http.host.orders;
    expect(given).toMatchObject({
      kind: 'hold',
      trainingRunId: 'run-1',
      order: { who: 'Alice (operator-alice)', why: 'loss looks odd' },
    });
    expect(given?.order.untilMs).toBeGreaterThanOrEqual(before + 60_000);
    expect(given?.order.untilMs).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  it('of every kind reach the host as they were meant', async () => {
    await using http = await httpFixture();
    const why = 'a drill';
    const bodies = [
      { kind: 'conservative_set', why, forMs: null },
      { kind: 'conservative_clear', why },
      { kind: 'hold', why, forMs: 1 },
      { kind: 'release', why },
      { kind: 'breaker_open', breaker: 'inference', why, forMs: 5_000 },
      { kind: 'breaker_disable', breaker: 'metadata', why, forMs: 5_000 },
      { kind: 'breaker_reset', breaker: 'inference', why },
    ];
    for (const body of bodies) expect((await http.send(ORDERS, order(body))).status, body.kind).toBe(200);
    expect(http.host.orders.map(({ kind }) => kind)).toEqual(bodies.map(({ kind }) => kind));
    expect(http.host.orders[0]?.order).toEqual({ who: 'operator-alice', why });
    expect(http.host.orders[4]).toMatchObject({ breaker: 'inference' });
  });

  it('that the host refuses are problems under its code', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    host.refusing = new TamiyoError('OPERATOR_REFUSED', 'untilMs must lie after now');
    expect(await codeOf(http.send(ORDERS, order(HOLD)))).toEqual([422, 'OPERATOR_REFUSED']);
  });

  it('without reason, end or breaker, or with more than that, are refused by field', async () => {
    await using http = await httpFixture();
    const bad: readonly (readonly [body: unknown, place: string])[] = [
      [{ kind: 'hold', forMs: 1 }, 'body.why'],
      [{ kind: 'hold', why: '  ', forMs: 1 }, 'body.why'],
      [{ kind: 'hold', why: 'x' }, 'body.forMs'],
      [{ kind: 'hold', why: 'x', forMs: 0 }, 'body.forMs'],
      [{ kind: 'hold', why: 'x', forMs: 1e12 }, 'body.forMs'],
      [{ kind: 'breaker_open', why: 'x', forMs: 1, breaker: 'all' }, 'body.breaker'],
      [{ kind: 'release', why: 'x', forMs: 1 }, 'body'],
      [{ kind: 'promote', why: 'x' }, 'body.kind'],
      [[], 'body'],
    ];
    for (const [body, place] of bad) {
      const answer = await http.send(ORDERS, order(body));
      expect([answer.status, PROBLEM.parse(answer.json()).code], JSON.stringify(body)).toEqual([
        400,
        'REQUEST_INVALID',
      ]);
      expect(answer.json()['detail'], JSON.stringify(body)).toContain(`${place}: `);
    }
    expect(http.host.orders).toEqual([]);
  });
});

describe('runs', () => {
  it('are listed page by page, and one that nobody knows is said to be unknown', async () => {
    await using http = await httpFixture();
    for (const run of ['c', 'a', 'b']) await http.submit(buildPacket({ trainingRunId: run }));
    const page = async (query: string) =>
      RUNS_VIEW.parse((await http.send(`/v1/runs${query}`, { token: READER_TOKEN })).json());
    expect(await page('?limit=2')).toEqual({ runs: ['a', 'b'], next: 'b' });
    expect(await page('?limit=2&after=b')).toEqual({ runs: ['c'], next: null });
    expect(await codeOf(http.send('/v1/runs/x', { token: READER_TOKEN }))).toEqual([404, 'RUN_UNKNOWN']);
    for (const query of ['?limit=0', '?limit=x', '?page=2'])
      expect(await codeOf(http.send(`/v1/runs${query}`, { token: READER_TOKEN })), query).toEqual([
        400,
        'REQUEST_INVALID',
      ]);
  });
});

describe('limits', () => {
  it('a token that sends too fast is told when to come back; another one is not held up', async () => {
    await using http = await httpFixture({ ratePerSecondMax: 1 });
    const answers = await Promise.all(Array.from({ length: 12 }, () => http.submit()));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.json()).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
    expect((await http.send('/v1/runs', { token: READER_TOKEN })).status).toBe(200);
  });

  it('more at once than may be are refused, and health still answers', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({ concurrentMax: 2 }, host);
    let release = (): void => undefined;
    host.gate = new Promise((resolve) => {
      release = resolve;
    });
    const waiting = [http.submit(), http.submit()];
    while (host.asked.length < 2) await settle();
    const refused = await http.submit();
    expect([refused.status, refused.json()['code']]).toEqual([503, 'TOO_BUSY']);
    expect((await http.send('/healthz')).status).toBe(200);
    expect((await http.send('/metrics')).bytes.toString()).toContain('tamiyo_http_under_way 2');
    release();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await http.submit()).status).toBe(200);
  });
});

describe('the gate, by a clock of its own', () => {
  const known = { principal: { name: 'trainer', role: 'trainer' }, token: TRAINER_TOKEN } as const;
  const limits = { ratePerSecondMax: 5, concurrentMax: 100 } as const;
  const from = (token: string) => ({
    authorization: `Bearer ${token}`,
    host: '127.0.0.1',
    contentEncoding: undefined,
    overTcp: true,
  });
  /** How many of `count` tries at this moment come through, and the code that stops the rest. */
  function tries(count: number, attempt: () => unknown): readonly [passed: number, code: string] {
    for (let passed = 0; passed < count; passed += 1) {
      try {
        attempt();
      } catch (cause) {
        const { code } = cause as { readonly code: string };
        if (code !== 'TOKEN_INVALID') return [passed, code];
      }
    }
    return [count, ''];
  }

  it('guessing tokens is slowed down for everybody who guesses, and for nobody else', () => {
    const clock = new FakeClock(1_700_000_000_000);
    const gate = new Gate(new AccessTokens([known]), limits, clock);
    expect(tries(100, () => gate.admit(from('a-guess'), 'decide'))).toEqual([20, 'RATE_LIMITED']);
    expect(gate.admit(from(TRAINER_TOKEN), 'decide').principal?.name).toBe('trainer');
    clock.advance(1_000);
    expect(tries(100, () => gate.admit(from('a-guess'), 'decide'))).toEqual([10, 'RATE_LIMITED']);
  });

  it('a token has its rate and twice that at once; what needs no token has a rate over everybody', () => {
    const clock = new FakeClock(1_700_000_000_000);
    const gate = new Gate(new AccessTokens([known]), limits, clock);
    expect(tries(100, () => gate.admit(from(TRAINER_TOKEN), 'decide').leave())).toEqual([10, 'RATE_LIMITED']);
    expect(tries(1_000, () => gate.admit(from(''), 'open'))).toEqual([400, 'RATE_LIMITED']);
    clock.advance(1_000);
    expect(tries(100, () => gate.admit(from(TRAINER_TOKEN), 'decide').leave())).toEqual([5, 'RATE_LIMITED']);
    expect(tries(1_000, () => gate.admit(from(''), 'open'))).toEqual([200, 'RATE_LIMITED']);
  });
});
