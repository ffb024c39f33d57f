import { readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createKeyRing, createReplayGuard, createVerifier } from '@esper/command-verifier';
import { hmacKey } from '@esper/command-verifier/node';
import { toJson } from '@esper/leyline';
import { systemClock } from '@esper/std/node';
import { buildPacket, settle, tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { createTamiyoClient } from '../../src/client.js';
import { DECISION_ANSWER, DECISION_VIEW, FINDINGS_VIEW, READINESS_VIEW, RUN_VIEW } from '../../src/http/api-schemas.js';
import { exchange } from '../support/http-fixture.js';
import { python, SECRET, type Served, serve, tamiyo } from '../support/served.js';

const FOREVER = { createdAtMs: 0, notBeforeMs: 0, notAfterMs: 8_640_000_000_000_000 } as const;
const packet = (step: number) =>
  buildPacket({ packetId: `run-1-step-${step}`, globalStep: step, validationLoss: 1, trainingMetrics: { loss: 1 } });

async function post(served: Served, path: string, sent: { readonly token: string; readonly body: string }) {
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  return exchange(served.address, path, {
    method: 'POST',
    token: await served.token(sent.token),
    body: sent.body,
    headers,
  });
}
const submit = (served: Served, step: number) =>
  post(served, '/v1/runs/run-1/decisions', { token: 'trainer', body: toJson('SystemStatePacket', packet(step)) });
const order = (served: Served, body: object) =>
  post(served, '/v1/runs/run-1/orders', { token: 'operator', body: JSON.stringify(body) });
const read = async (served: Served, path: string) =>
  exchange(served.address, path, { token: await served.token('trainer') });

describe('tamiyo serve', () => {
  it('DP-17: starts, answers, is killed and goes on: same packet same bytes, holds and records as they were; then it stops', async () => {
    const data = await tempFolder();
    const first = await serve(data.path, ['--init']);
    // Stated: a start takes at most 15 s on two quiet cores; what a test may ask for is ten times that.
    expect(first.ready['startMs']).toBeLessThan(150_000);
    expect(first.ready['made']).toEqual(expect.arrayContaining([join(data.path, 'tokens', 'trainer')]));
    expect(READINESS_VIEW.parse((await exchange(first.address, '/readyz')).json()).ready).toBe(true);

    const answer = DECISION_ANSWER.parse((await submit(first, 1)).json());
    expect(answer).toMatchObject({ trainingRunId: 'run-1', sequence: 1, issuerEpoch: 1, repeated: false });
    const held = await order(first, { kind: 'hold', why: 'a drill', forMs: 3_600_000 });
    expect(RUN_VIEW.parse(held.json()).hold).toMatchObject({ who: 'operator', why: 'a drill' });
    const refused = await submit(first, 2);
    expect([refused.status, refused.json()['code']]).toEqual([423, 'RUN_HELD']);
    expect(await first.stop('SIGKILL')).toBeNull();

    const second = await serve(data.path);
    expect(second.ready['issuerEpoch']).toBe(2);
    expect(RUN_VIEW.parse((await read(second, '/v1/runs/run-1')).json()).hold).toMatchObject({ why: 'a drill' });
    expect((await order(second, { kind: 'release', why: 'the drill is over' })).status).toBe(200);
    const again = DECISION_ANSWER.parse((await submit(second, 1)).json());
    expect(again).toMatchObject({ repeated: true, decisionId: answer.decisionId, envelope: answer.envelope });
    const view = DECISION_VIEW.parse((await read(second, `/v1/decisions/${answer.decisionId}`)).json());
    expect(view).toMatchObject({ outcome: 'delivered', packetId: 'run-1-step-1', envelope: answer.envelope });
    const findings = await read(second, `/v1/decisions/${answer.decisionId}/findings`);
    expect(FINDINGS_VIEW.parse(findings.json()).findings.length).toBeGreaterThan(0);

    // Many posts of one packet at the same moment are one decision.
    const same = await Promise.all(Array.from({ length: 8 }, () => submit(second, 3)));
    const envelopes = new Set(same.map((one) => DECISION_ANSWER.parse(one.json()).envelope));
    expect(envelopes.size).toBe(1);
    expect(same.filter((one) => one.json()['repeated'] === false)).toHaveLength(1);

    await order(second, { kind: 'conservative_set', why: 'a drill', forMs: 60_000 });
    expect(DECISION_ANSWER.parse((await submit(second, 4)).json())).toMatchObject({
      commandType: 'PAUSE',
      conservative: true,
    });
    const text = (await exchange(second.address, '/metrics')).bytes.toString();
    expect(text).toContain('tamiyo_conservative_mode 1');
    expect(text).toContain('tamiyo_http_problems_total');
    expect(await second.stop('SIGTERM')).toBe(0);
    const trainer = await second.token('trainer');
    for (const hidden of [SECRET, trainer]) expect(first.stderr() + second.stderr()).not.toContain(hidden);

    // Whoever starts a host that cannot decide is told so, and not only that it serves.
    expect([first.ready['notReady'], second.ready['notReady']]).toEqual([[], []]);
    const bundles = join(data.path, 'policies', 'bundles');
    for (const digest of await readdir(bundles)) await rm(join(bundles, digest, 'policy.onnx'));
    await rm(join(data.path, 'policy'), { recursive: true });
    const third = await serve(data.path);
    expect(third.ready['notReady']).toEqual([expect.stringContaining('policy: ')]);
    expect(await third.stop('SIGTERM')).toBe(0);
    expect(third.stderr()).toContain('/readyz');
    await data.remove();
  }, 400_000);

  it('the TypeScript client and the Python client each get verified commands; a wrong key gets none', async () => {
    const data = await tempFolder();
    const served = await serve(data.path, ['--init']);
    const material = hmacKey(new TextEncoder().encode(SECRET));
    const gate = createVerifier({
      keyRing: createKeyRing([{ keyId: 'leyline-env', state: 'current', ...FOREVER, material }]),
      clock: systemClock,
      replay: createReplayGuard({ clock: systemClock }),
      audience: { trainingRunId: 'run-1', consumer: 'kasmina' },
    });
    const options = { address: served.address, token: await served.token('trainer'), deadlineMs: 60_000 };
    const client = createTamiyoClient({ options, gateOf: () => gate, clock: systemClock });
    for (let step = 1; step <= 3; step += 1)
      expect(await client.decide(packet(step))).toMatchObject({ ok: true, value: { command: { sequence: step } } });
    client.close();

    const trained = await python(served, data.path, { secret: SECRET, args: ['--steps', '80', '--run', 'python-1'] });
    const commands = trained['commands'] as Readonly<Record<string, number>>;
    expect(trained['steps']).toBe(80);
    expect(Object.values(commands).reduce((sum, count) => sum + count, 0)).toBe(80);
    expect((commands['OPTIMIZER'] ?? 0) + (commands['PAUSE'] ?? 0)).toBe(80);
    expect(trained['lossAfter']).toBeLessThan(trained['lossBefore'] as number);

    const stranger = { secret: `${SECRET} of somebody else`, args: ['--steps', '5', '--run', 'python-2'] };
    expect((await python(served, data.path, stranger))['commands']).toEqual({ 'failed:invalid_signature': 5 });
    expect(await served.stop('SIGINT')).toBe(0);
    await data.remove();
  }, 400_000);

  it('DP-12: what is missing or wrong is said with the next step, and nothing is left running', async () => {
    const data = await tempFolder();
    const at = ['serve', '--port', '0', '--data', data.path];
    const keyless = await tamiyo(at, {});
    expect(keyless).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('error KEYS_MISSING') });
    expect((await tamiyo([...at, '--set', 'http.prot=1'])).stderr).toContain('did you mean http.port?');
    const bare = await tamiyo(at);
    expect(bare).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('error CATALOGUE_MISSING') });
    expect(bare.stderr).toContain('tamiyo serve --init');
    expect(bare.stderr).toContain('next: ');
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const port = (taken.address() as { readonly port: number }).port;
    const busy = await tamiyo(['serve', '--init', '--port', String(port), '--data', data.path]);
    expect(busy).toMatchObject({ code: 1, stderr: expect.stringContaining('error LISTEN_FAILED') });
    expect(busy.stderr).toContain('--port');
    await new Promise((resolve) => taken.close(resolve));
    const help = await tamiyo(['serve', '--help']);
    expect(help.stdout.startsWith('Examples:')).toBe(true);
    await data.remove();
  }, 400_000);

  it('DP-17: told to stop in mid-request, it answers first', async () => {
    const data = await tempFolder();
    const served = await serve(data.path, ['--init']);
    const asked = Array.from({ length: 6 }, (_, step) => submit(served, step + 1));
    // One answer shows that the others have arrived: they wait in the lane of the run.
    const first = await Promise.race(asked);
    const code = served.stop('SIGTERM');
    expect(first.status).toBe(200);
    for (const answer of await Promise.all(asked)) expect([200, 503]).toContain(answer.status);
    expect(await code).toBe(0);
    await settle();
    await data.remove();
  }, 400_000);
});
