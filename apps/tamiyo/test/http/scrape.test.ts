import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toJson } from '@esper/leyline';
import { err } from '@esper/std';
import { buildPacket, settle, tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { DecisionError, type TamiyoErrorCode } from '../../src/errors.js';
import { DecisionOutcomes } from '../../src/http/scrape/decision-outcomes.js';
import { HOST_METRICS } from '../../src/http/scrape/host-metric-table.js';
import { exchange } from '../support/http-fixture.js';
import { type ScrapedSample, scrapeOf } from '../support/scrape.js';
import { service } from '../support/whole-service.js';

const only = (samples: readonly ScrapedSample[], name: string, labels: Readonly<Record<string, string>> = {}) => {
  const found = samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  expect(found, `${name} ${JSON.stringify(labels)}`).toHaveLength(1);
  return found[0]?.value;
};

describe('what a host tells a scrape', () => {
  it('counts how decisions ended, and shows runs, breakers, log, bus, runtimes and process as they are', async () => {
    const data = await tempFolder();
    const served = await service(data.path);
    const address = served.addresses[0] ?? '';
    const token = async (name: string) => (await readFile(join(served.tokens.folder, name), 'utf8')).trim();
    const [trainer, operator] = [await token('trainer'), await token('operator')];
    const post = (path: string, sent: { readonly token: string; readonly body: string }) =>
      exchange(address, path, { method: 'POST', headers: { 'content-type': 'application/json' }, ...sent });
    const decide = (step: number) => {
      const packet = buildPacket({ packetId: `p-${step}`, globalStep: step, validationLoss: 1, trainingMetrics: {} });
      return post('/v1/runs/run-1/decisions', { token: trainer, body: toJson('SystemStatePacket', packet) });
    };
    const order = (body: object) => post('/v1/runs/run-1/orders', { token: operator, body: JSON.stringify(body) });
    const scrape = async () => scrapeOf((await exchange(address, '/metrics')).bytes.toString());

    const before = await scrape();
    expect(only(before.samples, 'tamiyo_decisions_delivered_total')).toBe(0);
    expect(only(before.samples, 'tamiyo_decisions_failed_total', { code: 'TIMEOUT_INFERENCE' })).toBe(0);
    expect(only(before.samples, 'tamiyo_events_total', { event: 'wal_damage' })).toBe(0);
    expect(only(before.samples, 'tamiyo_runs_known')).toBe(0);
    expect(before.samples.some(({ name }) => name === 'tamiyo_decision_duration_seconds_count')).toBe(false);

    for (const step of [1, 2, 2]) expect((await decide(step)).status).toBe(200);
    expect((await post('/v1/runs/run-1/decisions', { token: trainer, body: '{"version":1}' })).status).toBe(422);
    await order({ kind: 'conservative_set', why: 'a drill', forMs: 60_000 });
    await order({ kind: 'breaker_open', breaker: 'metadata', why: 'a drill', forMs: 60_000 });
    await order({ kind: 'hold', why: 'a drill', forMs: 60_000 });
    expect((await decide(3)).status).toBe(423);
    // Exporters hear of a packet a moment after it was emitted.
    await settle();
    const appended = () => served.host.log.stats().appendedTotal;
    const appendedBefore = appended();
    const { samples, types } = await scrape();
    expect(only(samples, 'tamiyo_decisions_delivered_total')).toBe(2);
    expect(only(samples, 'tamiyo_decisions_repeated_total')).toBe(1);
    expect(only(samples, 'tamiyo_decisions_failed_total', { code: 'PACKET_INVALID', fault: 'caller' })).toBe(1);
    expect(only(samples, 'tamiyo_decisions_failed_total', { code: 'RUN_HELD', fault: 'operator' })).toBe(1);
    expect(only(samples, 'tamiyo_decision_duration_seconds_count')).toBe(2);
    expect(only(samples, 'tamiyo_decision_duration_seconds_bucket', { le: '+Inf' })).toBe(2);
    expect(only(samples, 'tamiyo_inference_duration_seconds_count')).toBe(2);
    expect(types.get('tamiyo_decision_duration_seconds')).toBe('histogram');
    expect(only(samples, 'tamiyo_runs_active')).toBe(1);
    expect(only(samples, 'tamiyo_runs_held')).toBe(1);
    expect(only(samples, 'tamiyo_runs_conservative', { cause: 'operator' })).toBe(1);
    expect(only(samples, 'tamiyo_runs_conservative', { cause: 'engine' })).toBe(0);
    expect(only(samples, 'tamiyo_runs_breakers', { breaker: 'metadata', state: 'forced_open' })).toBe(1);
    expect(only(samples, 'tamiyo_runs_breakers', { breaker: 'inference', state: 'closed' })).toBe(1);
    expect(only(samples, 'tamiyo_ready')).toBe(1);
    expect(only(samples, 'tamiyo_inference_runtimes', { state: 'ready' })).toBe(1);
    expect(only(samples, 'tamiyo_wal_writable', { log: 'log' })).toBe(1);
    // The host writes by itself too, also between the scrape and this look.
    const scraped = only(samples, 'tamiyo_wal_appended_total', { log: 'log' }) ?? Number.NaN;
    expect(scraped).toBeGreaterThanOrEqual(appendedBefore);
    expect(scraped).toBeLessThanOrEqual(appended());
    expect(only(samples, 'tamiyo_field_reports_dropped_total')).toBe(0);
    expect(only(samples, 'tamiyo_bus_ready')).toBe(1);
    expect(only(samples, 'tamiyo_command_verifier_key_expires_in_ms', { key_id: 'dated' })).toBeLessThan(3_600_000);
    expect(samples.filter(({ labels }) => labels['key_id'] === 'k1')).toEqual([]);
    expect(only(samples, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
    const info = samples.find(({ name }) => name === 'tamiyo_build_info');
    expect(info?.labels).toMatchObject({ version: '0.1.0', policy: served.host.policies.current()?.active.digest });
    await served.close();
    await data.remove();
  }, 300_000);

  it('every family comes once, every metric of the table comes, and no label holds the id of a run', async () => {
    const data = await tempFolder();
    const served = await service(data.path);
    const packet = buildPacket({ trainingRunId: 'a-run-of-its-own', packetId: 'p-1' });
    expect((await served.host.decide('a-run-of-its-own', packet)).ok).toBe(true);
    await settle();
    const text = (await exchange(served.addresses[0] ?? '', '/metrics')).bytes.toString();
    const { samples, heads } = scrapeOf(text);
    expect(heads.length).toBe(new Set(heads).size);
    expect(text).not.toContain('a-run-of-its-own');
    // An untrained policy has no date on which it expires, and a bus that refused nothing has no code for it.
    const absent = new Set(['tamiyo.policy.expiry_timestamp_seconds', 'tamiyo.bus.refused_total']);
    const scraped = new Set(samples.map(({ name }) => name));
    const missing = Object.keys(HOST_METRICS).filter(
      (name) => !absent.has(name) && !scraped.has(name.replaceAll('.', '_')),
    );
    expect(missing).toEqual([]);
    await served.close();
    await data.remove();
  }, 300_000);

  it('counts a failure by code and by whose doing it is, and shows every code of a packet from the start', async () => {
    const outcomes = new DecisionOutcomes();
    const error = (code: TamiyoErrorCode) => new DecisionError(code, 'made up', { reason: 'made_up' });
    const answers: TamiyoErrorCode[] = ['BREAKER_OPEN', 'RUN_HELD', 'BREAKER_OPEN', 'KEYS_MISSING'];
    const host = outcomes.counting({
      decide: async (_run: string, _packet: unknown) => err(error(answers.shift() ?? 'INTERNAL')),
    });
    for (let asked = 0; asked < 5; asked += 1) await host.decide('run-1', {});
    const family = outcomes.families().find(({ name }) => name === 'tamiyo.decisions.failed_total');
    const counted = (code: string) => family?.samples.filter(({ labels }) => labels['code'] === code);
    expect(counted('BREAKER_OPEN')).toEqual([{ labels: { code: 'BREAKER_OPEN', fault: 'host' }, value: 2 }]);
    expect(counted('RUN_HELD')).toEqual([{ labels: { code: 'RUN_HELD', fault: 'operator' }, value: 1 }]);
    expect(counted('INTERNAL')).toEqual([{ labels: { code: 'INTERNAL', fault: 'host' }, value: 1 }]);
    expect(counted('PACKET_INVALID')).toEqual([{ labels: { code: 'PACKET_INVALID', fault: 'caller' }, value: 0 }]);
    // No packet ends with it; if one does all the same, it is seen.
    expect(counted('KEYS_MISSING')).toEqual([{ labels: { code: 'KEYS_MISSING', fault: 'host' }, value: 1 }]);
    expect(counted('CONFIG_INVALID')).toEqual([]);
  });
});
