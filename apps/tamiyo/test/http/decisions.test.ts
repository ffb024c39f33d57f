import { connect } from 'node:net';
import { createReplayGuard, createVerifier } from '@esper/command-verifier';
import { decodeMessage, encodeMessage } from '@esper/leyline';
import { systemClock } from '@esper/std/node';
import { buildPacket, settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { DecisionError } from '../../src/errors.js';
import { DECISION_ANSWER, DECISION_VIEW, FINDINGS_VIEW, PROBLEM } from '../../src/http/api-schemas.js';
import { UnreadablePacket } from '../../src/stages/unreadable-packet.js';
import { FakeHost, storedDecision } from '../support/fake-host.js';
import { httpFixture, READER_TOKEN, TRAINER_TOKEN } from '../support/http-fixture.js';
import { httpKeyRing } from '../support/test-keys.js';

const DECISIONS = '/v1/runs/run-1/decisions';
const verifier = () =>
  createVerifier({
    keyRing: httpKeyRing(),
    clock: systemClock,
    replay: createReplayGuard({ clock: systemClock }),
    audience: { trainingRunId: 'run-1', consumer: 'kasmina' },
  });

describe('a packet over HTTP', () => {
  it('as JSON comes back as sealed bytes that a verifier accepts', async () => {
    await using http = await httpFixture();
    const gate = verifier();
    const answer = await http.submit();
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/vnd.esper.command',
      'tamiyo-repeated': 'false',
      'tamiyo-sequence': '1',
      'cache-control': 'no-store',
    });
    expect(answer.headers['content-location']).toBe(`/v1/decisions/${answer.headers['tamiyo-decision-id']}`);
    const verified = await gate.verify(answer.bytes);
    expect(verified).toMatchObject({ ok: true, value: { commandType: 'PAUSE', trainingRunId: 'run-1' } });
    expect(http.host.asked[0]).toMatchObject({ trainingRunId: 'run-1', input: buildPacket() });
  });

  it('as msgpack reaches the host as the bytes that were sent', async () => {
    await using http = await httpFixture();
    const bytes = encodeMessage('SystemStatePacket', buildPacket());
    for (const type of ['application/msgpack', 'application/vnd.msgpack', 'application/x-msgpack'])
      expect((await http.submit(buildPacket(), { body: bytes, headers: { 'content-type': type } })).status).toBe(200);
    const { input } = http.host.asked[0] ?? {};
    expect(input).toBeInstanceOf(Uint8Array);
    expect(decodeMessage('SystemStatePacket', input as Uint8Array)).toMatchObject({ ok: true, value: buildPacket() });
  });

  it('with Accept: application/json comes back explained, with the same envelope inside', async () => {
    await using http = await httpFixture();
    const gate = verifier();
    const answer = await http.submit(buildPacket(), { headers: { accept: 'application/json' } });
    const body = DECISION_ANSWER.parse(answer.json());
    expect(body).toMatchObject({ commandType: 'PAUSE', reason: 'policy', repeated: false, trainingRunId: 'run-1' });
    expect((await gate.verify(Buffer.from(body.envelope, 'base64'))).ok).toBe(true);
    const refused = await http.submit(buildPacket(), { headers: { accept: 'text/html;q=0.9, image/*' } });
    expect([refused.status, refused.json()['code']]).toEqual([406, 'ACCEPT_UNSUPPORTED']);
  });

  it('is decided under the run of the path, whatever characters it has', async () => {
    await using http = await httpFixture();
    const run = 'run/ü 1?';
    expect((await http.submit(buildPacket({ trainingRunId: run }))).status).toBe(200);
    expect(http.host.asked[0]?.trainingRunId).toBe(run);
  });

  it('hands the rest of its deadline to the host, and refuses a deadline that is none', async () => {
    await using http = await httpFixture();
    expect((await http.submit(buildPacket(), { headers: { 'tamiyo-deadline-ms': '60000' } })).status).toBe(200);
    const { deadlineMs } = http.host.asked[0]?.options ?? {};
    expect(deadlineMs).toBeGreaterThan(0);
    expect(deadlineMs).toBeLessThanOrEqual(60_000);
    for (const bad of ['0', '-1', '1e3', 'soon', '1.5', '99999999']) {
      const refused = await http.submit(buildPacket(), { headers: { 'tamiyo-deadline-ms': bad } });
      expect([refused.status, refused.json()['code']], bad).toEqual([400, 'REQUEST_INVALID']);
      expect(refused.json()['detail']).not.toContain('soon');
    }
    expect(http.host.asked).toHaveLength(1);
  });

  it('that cannot be read is still the decision path’s to refuse, so that it is recorded and told', async () => {
    await using http = await httpFixture();
    for (const body of ['{"version":1', '{"version":1,"version":1}', '[]', '{"__proto__":{}}', '\u00ff'])
      expect((await http.submit(buildPacket(), { body })).json()['code'], body).toBe('PACKET_INVALID');
    expect(http.host.asked.every(({ input }) => input instanceof UnreadablePacket)).toBe(true);
    expect(http.host.asked.map(({ input }) => (input as UnreadablePacket).refusal.code)).toEqual([
      'LEYLINE_MALFORMED',
      'LEYLINE_DUPLICATE_KEY',
      'LEYLINE_INVALID',
      'LEYLINE_FORBIDDEN_KEY',
      'LEYLINE_MALFORMED',
    ]);
  });

  it('DP-01: a failed decision is problem details with code, reason and next step, never a command', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    host.failing = new DecisionError('TIMEOUT_INFERENCE', 'no answer within 5 ms', {
      kind: 'timeout_inference',
      reason: 'timeout_inference',
      attributes: { budget_ms: '5.0' },
    });
    const answer = await http.submit();
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(PROBLEM.parse(answer.json())).toMatchObject({
      status: 504,
      code: 'TIMEOUT_INFERENCE',
      type: 'urn:esper:tamiyo:error:timeout_inference',
      detail: 'no answer within 5 ms',
      reason: 'timeout_inference',
      attributes: { budget_ms: '5.0' },
      next: expect.stringContaining('TAMIYO_STEP_TIMEOUT_MS'),
      retryable: false,
    });
  });

  it('a refusal that may pass says when to come back', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    host.failing = new DecisionError('RUN_QUEUE_FULL', 'run run-1: run queue full');
    const answer = await http.submit();
    expect([answer.status, answer.headers['retry-after'], answer.json()['retryable']]).toEqual([429, '1', true]);
  });

  it('a deadline counts from the arrival of the request: one that is used up by sending never reaches the host', async () => {
    await using http = await httpFixture();
    const { hostname, port } = new URL(http.address);
    const socket = connect({ host: hostname, port: Number(port) });
    const answered = new Promise<Buffer>((resolve) => socket.once('data', resolve));
    const body = encodeMessage('SystemStatePacket', buildPacket());
    socket.write(
      `POST ${DECISIONS} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${TRAINER_TOKEN}\r\nTamiyo-Deadline-Ms: 1\r\n` +
        `Content-Type: application/msgpack\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    const from = performance.now();
    while (performance.now() - from < 100) await settle();
    socket.write(body);
    const text = (await answered).toString('latin1');
    expect(text).toMatch(/^HTTP\/1\.1 504 /);
    expect(text).toContain('DEADLINE_DECISION');
    expect(http.host.asked).toEqual([]);
    socket.destroy();
  });

  it('a caller that goes away aborts its decision', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    let release = (): void => undefined;
    host.gate = new Promise((resolve) => {
      release = resolve;
    });
    const gone = new AbortController();
    const body = encodeMessage('SystemStatePacket', buildPacket());
    const cut = fetch(`${http.address}${DECISIONS}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TRAINER_TOKEN}`, 'content-type': 'application/msgpack' },
      body,
      signal: gone.signal,
    });
    while (host.asked.length === 0) await settle();
    expect(host.asked[0]?.options?.signal?.aborted).toBe(false);
    gone.abort();
    await expect(cut).rejects.toThrow();
    while (host.asked[0]?.options?.signal?.aborted !== true) await settle();
    release();
    // The place is free again, and the next packet is served.
    host.gate = undefined;
    expect((await http.submit()).status).toBe(200);
  });
});

describe('a decision by its id', () => {
  it('is read back whole, with findings and command apart, in the documented shape', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    const packet = buildPacket({ timestampNs: 1_700_000_000_000_000_000n, validationLoss: Number.NaN });
    const outcome = await host.decide('run-1', packet);
    if (!outcome.ok) throw outcome.error;
    host.decisions.set('d-1', storedDecision('d-1', outcome.value, packet));
    const read = (path: string) => http.send(`/v1/decisions/${path}`, { token: READER_TOKEN });

    const whole = DECISION_VIEW.parse((await read('d-1')).json());
    expect(whole).toMatchObject({ outcome: 'delivered', decisionId: 'd-1', deciding: 'policy' });
    expect(whole.packet).toMatchObject({ timestampNs: '1700000000000000000', validationLoss: 'NaN' });
    expect(Buffer.from(whole.envelope ?? '', 'base64').equals(outcome.value.bytes)).toBe(true);
    expect(FINDINGS_VIEW.parse((await read('d-1/findings')).json()).findings).toEqual([]);
    expect((await read('d-1/command')).bytes.equals(outcome.value.bytes)).toBe(true);
    const unknown = await read('d-2');
    expect([unknown.status, unknown.json()['code']]).toEqual([404, 'NO_SUCH_DECISION']);
  });

  it('a withheld command does not leave by this door either', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    const outcome = await host.decide('run-1', buildPacket());
    if (!outcome.ok) throw outcome.error;
    host.decisions.set('d-1', { ...storedDecision('d-1', outcome.value, buildPacket()), withheld: true });
    const whole = await http.send('/v1/decisions/d-1', { token: READER_TOKEN });
    expect(DECISION_VIEW.parse(whole.json())).toMatchObject({ outcome: 'withheld' });
    expect(whole.bytes.includes(Buffer.from(outcome.value.bytes).toString('base64'))).toBe(false);
    const command = await http.send('/v1/decisions/d-1/command', { token: READER_TOKEN });
    expect([command.status, command.json()['code']]).toEqual([404, 'COMMAND_ABSENT']);
  });
});
