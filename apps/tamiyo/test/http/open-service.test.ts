import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { type BusEnvelope, encodeMessage, toJson } from '@esper/leyline';
import { systemClock } from '@esper/std/node';
import { buildPacket, settle, tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { DECISION_ANSWER, FINDINGS_VIEW, RUN_VIEW } from '../../src/http/api-schemas.js';
import { openTokenFolder } from '../../src/http/token-folder.js';
import { exchange } from '../support/http-fixture.js';
import { service } from '../support/whole-service.js';

const stateMessage = (messageId: string): BusEnvelope => ({
  version: 1,
  messageType: 'SYSTEM_STATE',
  messageId,
  priority: 'NORMAL',
  sentAtMs: systemClock.wallMs(),
  payload: encodeMessage('SystemStatePacket', buildPacket({ packetId: messageId })),
  attributes: { training_run_id: 'run-1' },
});

describe('a whole host with its interface', () => {
  it('DP-18: the bus decides nothing by default, and with the opt-in gives the same recorded decisions', async () => {
    const data = await tempFolder();
    const without = await service(data.path);
    await without.host.bus.publish('oona.normal', stateMessage('p-1'));
    expect(Object.keys(without.host.bus.depth('oona.normal').unacknowledged)).not.toContain('tamiyo-decisions');
    await without.close();
    expect(without.host.runIds()).toEqual([]);

    const asked = await service(data.path, { 'bus.decisions': true });
    const commands: BusEnvelope[] = [];
    await asked.host.bus.subscribe('oona.normal', 'kasmina', async ({ envelope }) => {
      if (envelope.messageType === 'ADAPTATION_COMMAND') commands.push(envelope);
    });
    // What was left on the bus is answered too: it is durable there.
    while (commands.length === 0) await settle();
    const id = commands[0]?.attributes['decision_id'] ?? '';
    const view = await asked.host.decision(id);
    expect(view?.record).toMatchObject({ kind: 'decision', packetId: 'p-1', bytes: commands[0]?.payload });
    await asked.close();
    await data.remove();
  }, 300_000);

  it('tells decisions, orders and the mode they bring over the event stream, and takes tokens from a folder of their own', async () => {
    const data = await tempFolder();
    const tokenFolder = join(data.path, 'elsewhere');
    const { made } = await openTokenFolder(tokenFolder);
    expect(made).toEqual(['trainer', 'operator']);
    const served = await service(data.path, { 'http.tokenFolder': tokenFolder });
    expect(served.tokens).toEqual({ folder: tokenFolder, made: [] });
    const address = served.addresses[0] ?? '';
    const token = (await readFile(join(tokenFolder, 'operator'), 'utf8')).trim();
    let told = '';
    await new Promise<void>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      get(`${address}/v1/events?run=run-1`, { agent: false, headers }, (response) => {
        response.setEncoding('utf8').on('data', (chunk: string) => {
          told += chunk;
          resolve();
        });
      }).once('error', reject);
    });
    const post = (path: string, body: string) =>
      exchange(address, path, { method: 'POST', token, headers: { 'content-type': 'application/json' }, body });
    expect((await post('/v1/runs/run-1/decisions', toJson('SystemStatePacket', buildPacket()))).status).toBe(200);
    const order = JSON.stringify({ kind: 'conservative_set', why: 'a drill', forMs: 60_000 });
    expect((await post('/v1/runs/run-1/orders', order)).status).toBe(200);
    for (const part of ['event: decision', 'event: operator', 'event: transition', 'conservative_entered'])
      while (!told.includes(part)) await settle();
    const bad = await post('/v1/runs/run-1/decisions', '{"version":1}');
    expect([bad.status, bad.json()['code']]).toEqual([422, 'PACKET_INVALID']);
    while (!told.includes('event: failure')) await settle();
    await served.close();
    await data.remove();
  }, 300_000);

  it('CM-19: an operator sees the mode in the metric, reads why, and clears it through the API', async () => {
    const data = await tempFolder();
    const served = await service(data.path);
    const address = served.addresses[0] ?? '';
    const token = (await readFile(join(served.tokens.folder, 'operator'), 'utf8')).trim();
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const post = (path: string, body: string) => exchange(address, path, { method: 'POST', token, headers, body });
    const decide = async (step: number) => {
      const packet = buildPacket({ packetId: `p-${step}`, globalStep: step, validationLoss: 1, trainingMetrics: {} });
      return DECISION_ANSWER.parse(
        (await post('/v1/runs/run-1/decisions', toJson('SystemStatePacket', packet))).json(),
      );
    };
    const order = async (body: object) =>
      RUN_VIEW.parse((await post('/v1/runs/run-1/orders', JSON.stringify(body))).json());
    const metrics = async () => (await exchange(address, '/metrics')).bytes.toString();

    await decide(1);
    const set = await order({ kind: 'conservative_set', who: 'Alice', why: 'a drill', forMs: null });
    expect(set.conservative).toMatchObject({ kind: 'on', reason: 'operator', hold: { who: 'Alice (operator)' } });
    const paused = await decide(2);
    expect(paused).toMatchObject({ commandType: 'PAUSE', conservative: true });
    expect(await metrics()).toContain('tamiyo_conservative_mode 1');
    const read = await exchange(address, `/v1/decisions/${paused.decisionId}/findings`, { token });
    const signals = FINDINGS_VIEW.parse(read.json()).findings.map((finding) => finding['signal']);
    expect(signals).toEqual(expect.arrayContaining(['loss_delta']));

    const cleared = await order({ kind: 'conservative_clear', why: 'the drill is over' });
    expect(cleared.conservative).toEqual({ kind: 'off' });
    expect(await decide(3)).toMatchObject({ conservative: false });
    expect(await metrics()).toContain('tamiyo_conservative_mode 0');
    await served.close();
    await data.remove();
  }, 300_000);

  it('a packet whose answer is older than it is kept for is expired, not decided again', async () => {
    const data = await tempFolder();
    const served = await service(data.path, { idempotencyMs: 1 });
    const token = (await readFile(join(served.tokens.folder, 'trainer'), 'utf8')).trim();
    const post = () =>
      exchange(served.addresses[0] ?? '', '/v1/runs/run-1/decisions', {
        method: 'POST',
        token,
        headers: { 'content-type': 'application/json' },
        body: toJson('SystemStatePacket', buildPacket()),
      });
    expect((await post()).status).toBe(200);
    const answeredAt = Date.now();
    while (Date.now() - answeredAt < 20) await settle();
    const late = await post();
    expect([late.status, late.json()['code']]).toEqual([410, 'PACKET_EXPIRED']);
    expect(served.host.run('run-1')?.state.sequence).toBe(1);
    await served.close();
    await data.remove();
  }, 300_000);
});
