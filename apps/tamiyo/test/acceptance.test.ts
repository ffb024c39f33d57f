import { createReplayGuard, createVerifier } from '@esper/command-verifier';
import type { BlueprintDescriptor } from '@esper/leyline';
import { confidenceGate } from '@esper/policy';
import { RISK_EVENTS } from '@esper/risk-engine';
import { ok } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { laneOf, logNameOf, TAMIYO_EVENTS } from '@esper/telemetry';
import { buildBlueprint, buildPacket } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { HOST_EVENTS } from '../src/host/host-event-table.js';
import type { Delivered } from '../src/stages/stages.js';
import { activePolicy, testKeyRing } from './support/engine-fixture.js';
import { eventsOf, toldFixture } from './support/told-fixture.js';

type Fixture = ReturnType<typeof toldFixture>;

const packet = (step: number, overrides: Parameters<typeof buildPacket>[0] = {}) =>
  buildPacket({ packetId: `run-1-step-${step}`, globalStep: step, ...overrides });
const dormantSeeds = packet(1).seedStates.map((seed) => ({ ...seed, stage: 'DORMANT' as const }));
const graftable = (step: number, overrides = {}) => packet(step, { seedStates: dormantSeeds, ...overrides });

async function answered(fixture: Fixture, given: ReturnType<typeof packet>): Promise<Delivered> {
  const outcome = await fixture.engine.decide('run-1', given);
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

/** A fixture whose policy blends as asked for. */
function blending(blend: Parameters<typeof activePolicy>[1]): Fixture {
  const fixture = toldFixture();
  const policy = activePolicy(fixture.inference, blend);
  Object.assign(fixture.parts, { policy: () => ok(policy) });
  return fixture;
}

const withSheet = (sheet: Partial<NonNullable<BlueprintDescriptor['sheet']>>, risk = 0.1) =>
  buildBlueprint({
    risk,
    sheet: { hazardBand: 'LOW', handlingClass: 'standard', riskScore: 0.1, signature: 'valid', ...sheet },
  });

describe('acceptance of the seed, end to end through the engine', () => {
  it('TA-01: a timeout makes the decision fail and does not pause', async () => {
    const fixture = toldFixture();
    fixture.inference.hanging = true;
    const outcome = await fixture.engine.decide('run-1', packet(1));
    expect(outcome).toMatchObject({ ok: false, error: { code: 'TIMEOUT_INFERENCE' } });
    expect(fixture.journal.records.filter((record) => record.kind === 'decision')).toEqual([]);
  });

  it('TA-03: an invalid blend is refused with its event', async () => {
    const fixture = blending({ enabled: true, mode: 'CHANNEL' });
    // Nobody says how many channels the host layer has, so no vector can be made for them.
    const { graph } = buildBlueprint();
    const layers = graph?.layers.map(({ outputChannels: _channels, ...layer }) => layer) ?? [];
    fixture.library.blueprints = graph === undefined ? [] : [buildBlueprint({ graph: { ...graph, layers } })];
    const outcome = await fixture.engine.decide('run-1', graftable(1));
    expect(outcome).toMatchObject({ ok: false, error: { code: 'POLICY_REFUSED' } });
    expect(eventsOf(fixture.packets[0])).toContain('blend_validation_failed');
    expect(fixture.packets[0]?.priority).toBe('CRITICAL');
  });

  it('TA-03: a missing id is refused with its event', async () => {
    const fixture = toldFixture();
    fixture.library.knownIds = () => new Set();
    expect((await fixture.engine.decide('run-1', graftable(1))).ok).toBe(false);
    expect(eventsOf(fixture.packets[0])).toContain('dependency_guard.violation');
    expect(laneOf(fixture.packets[0]?.priority ?? 'NORMAL')).toBe('emergency');
  });

  it('TA-04: the gate is fed with the logits of the policy, and moves with them', async () => {
    const gateOf = async (confidence: number): Promise<number> => {
      const fixture = blending({ mode: 'CONFIDENCE' });
      fixture.inference.answer = { action: 0, actionLogit: confidence };
      const { annotations } = (await answered(fixture, graftable(1))).command;
      const logits = JSON.parse(annotations['confidence_logits'] ?? '[]') as number[];
      expect(Math.max(...logits)).toBe(confidence);
      return confidenceGate(logits, { k: Number(annotations['gate_k']), tau: Number(annotations['gate_tau']) });
    };
    expect(await gateOf(3)).toBeGreaterThan(0.9);
    expect(await gateOf(0.25)).toBeLessThan(0.6);
  });

  it('TA-05: coverage and its types are on the packet of the decision', async () => {
    const fixture = toldFixture();
    fixture.inference.answer = { action: 1 };
    const { command } = await answered(fixture, packet(1));
    const names = fixture.packets[0]?.metrics.map((point) => point.name) ?? [];
    expect(names).toContain('tamiyo.gnn.feature_coverage');
    expect(names.filter((name) => name.startsWith('tamiyo.gnn.feature_coverage.')).length).toBeGreaterThan(3);
    expect(command.decision?.coverage?.ratio).toBeGreaterThan(0.3);
  });

  it('TA-10: what happens is seen under its log name', async () => {
    const fixture = toldFixture();
    fixture.inference.hanging = true;
    await fixture.engine.decide('run-1', packet(1));
    expect(fixture.packets[0]?.events.map((event) => logNameOf(event.description))[0]).toBe('tamiyo.timeout_inference');
  });

  it('TA-10: every event has its entry in a table', async () => {
    const fixture = toldFixture({ config: { flags: { profile: 'harness', 'flags.pauseFallback': true } } });
    fixture.inference.hanging = true;
    await fixture.engine.decide('run-1', packet(1));
    fixture.inference.hanging = false;
    for (const step of [2, 3]) await fixture.engine.decide('run-1', graftable(step, { validationLoss: step * step }));
    await fixture.engine.operate({ kind: 'hold', trainingRunId: 'run-1', order: { who: 'mara', why: 'a look' } });
    await fixture.engine.decide('run-1', packet(4));
    const known = { ...TAMIYO_EVENTS, ...RISK_EVENTS, ...HOST_EVENTS };
    const names = new Set(fixture.packets.flatMap((told) => eventsOf(told)));
    expect(names.size).toBeGreaterThan(8);
    expect([...names].filter((name) => !Object.hasOwn(known, name))).toEqual([]);
  });

  it('TA-13: priority and health of a calm step, a slow hook, and a policy that warns of itself', async () => {
    const seen = async (given: ReturnType<typeof packet>, riskClass = 0) => {
      const fixture = toldFixture();
      fixture.inference.answer = { action: 1, riskClass };
      await fixture.engine.decide('run-1', given);
      return [fixture.packets[0]?.priority, fixture.packets[0]?.health.status];
    };
    expect(await seen(packet(1))).toEqual(['NORMAL', 'HEALTHY']);
    const slow = { ...packet(1).trainingMetrics, hook_latency_ms: 80 };
    expect(await seen(packet(1, { trainingMetrics: slow }))).toEqual(['HIGH', 'DEGRADED']);
    expect(await seen(packet(1), 4)).toEqual(['CRITICAL', 'CRITICAL']);
  });

  it('TA-14: degraded inputs go to the emergency stream', async () => {
    const fixture = toldFixture({ config: {} });
    fixture.inference.answer = { action: 1 };
    const bare = packet(1, { seedStates: [], trainingMetrics: {}, validationLoss: 0.5 });
    const { hardwareContext: _unseen, trainingLoss: _loss, validationAccuracy: _accuracy, ...poor } = bare;
    fixture.library.blueprints = [];
    await fixture.engine.decide('run-1', poor);
    expect(eventsOf(fixture.packets[0])).toContain('degraded_inputs');
    expect(laneOf(fixture.packets[0]?.priority ?? 'NORMAL')).toBe('emergency');
  });

  it('TA-15: a command is accepted once; again, without signature and stale it is refused', async () => {
    const fixture = toldFixture();
    fixture.inference.answer = { action: 1 };
    const gateAt = (aheadMs: number) => {
      const clock = {
        wallMs: () => (systemClock.wallMs() + aheadMs) as ReturnType<typeof systemClock.wallMs>,
        monoMs: systemClock.monoMs,
      };
      return createVerifier({
        keyRing: testKeyRing(),
        clock,
        replay: createReplayGuard({ clock }),
        audience: { trainingRunId: 'run-1', consumer: 'kasmina' },
      });
    };
    const gate = gateAt(0);
    const { bytes } = await answered(fixture, packet(1));
    expect((await gate.verify(bytes)).ok).toBe(true);
    expect(await gate.verify(bytes)).toMatchObject({ ok: false, error: { reason: 'nonce_replayed' } });
    const forged = bytes.slice();
    forged[forged.length - 5] = (forged[forged.length - 5] ?? 0) ^ 1;
    expect(await gateAt(0).verify(forged)).toMatchObject({ ok: false });
    expect((await gateAt(3_600_000).verify(bytes)).ok).toBe(false);
  });

  it('TA-16: the timeout comes from the environment, an explicit one wins, and both are on the packet', async () => {
    const budgets = async (config: NonNullable<Parameters<typeof toldFixture>[0]>['config']) => {
      const fixture = toldFixture(config === undefined ? {} : { config });
      fixture.inference.answer = { action: 1 };
      await fixture.engine.decide('run-1', packet(1));
      return fixture.packets[0]?.health.indicators['timeout_budget_ms'];
    };
    const environment = { TAMIYO_STEP_TIMEOUT_MS: '9' };
    expect(await budgets({})).toBe('5.0');
    expect(await budgets({ environment })).toBe('9.0');
    expect(await budgets({ environment, flags: { 'deadlines.inferenceMs': '15' } })).toBe('15.0');
  });

  it('TA-17: schedule fractions are ordered, within 0 to 1, and in their unit', async () => {
    const fixture = toldFixture();
    const { annotations } = (await answered(fixture, graftable(1))).command;
    const [start, end] = [Number(annotations['blending_schedule_start']), Number(annotations['blending_schedule_end'])];
    expect(annotations['blending_schedule_units']).toBe('fraction_0_1');
    expect(0 <= start && start <= end && end <= 1).toBe(true);
  });

  it('TA-18, FF-08: blend annotations are off by default and there when enabled', async () => {
    const modeOf = async (fixture: Fixture) =>
      (await answered(fixture, graftable(1))).command.annotations['blend_mode'];
    expect(await modeOf(toldFixture())).toBeUndefined();
    expect(await modeOf(blending({ enabled: true, mode: 'RESIDUAL' }))).toBe('RESIDUAL');
  });

  it('TA-20: the breaker opens after three timeouts, and the run is conservative', async () => {
    const fixture = toldFixture();
    fixture.inference.hanging = true;
    for (const step of [1, 2, 3]) await fixture.engine.decide('run-1', packet(step));
    expect(fixture.parts.runs.get('run-1').risk).toMatchObject({
      breakers: { inference: { kind: 'open' } },
      mode: { kind: 'on' },
    });
  });

  it('TA-22: one report per step, failed or not', async () => {
    const fixture = toldFixture();
    fixture.inference.answer = { action: 1 };
    await answered(fixture, packet(1));
    fixture.inference.hanging = true;
    await fixture.engine.decide('run-1', packet(2));
    const reports = fixture.journal.records.flatMap((record) => ('fieldReport' in record ? [record.fieldReport] : []));
    expect(reports.map((report) => report.outcome)).toEqual(['SUCCESS', 'NEUTRAL']);
    expect(new Set(reports.map((report) => report.reportId)).size).toBe(2);
  });

  it('TA-24: safety sheets: critical and quarantine pause, high downgrades, a good one is noted', async () => {
    const kindFor = async (sheet: Parameters<typeof withSheet>[0]) => {
      const fixture = toldFixture();
      fixture.library.blueprints = [withSheet(sheet)];
      const { command } = await answered(fixture, graftable(1));
      return [command.commandType, eventsOf(fixture.packets[0]).includes('bsds_present')];
    };
    expect(await kindFor({ hazardBand: 'CRITICAL' })).toEqual(['PAUSE', true]);
    expect(await kindFor({ handlingClass: 'quarantine' })).toEqual(['PAUSE', true]);
    expect(await kindFor({ hazardBand: 'HIGH' })).toEqual(['OPTIMIZER', true]);
    expect(await kindFor({})).toEqual(['SEED', true]);
  });

  it('TA-25: a loss spike pauses, slow applying downgrades, a useless learning rate is hinted at', async () => {
    const spiked = toldFixture();
    spiked.inference.answer = { action: 1 };
    await answered(spiked, packet(1, { validationLoss: 0.5 }));
    expect((await answered(spiked, packet(2, { validationLoss: 0.9 }))).assessment.reason).toBe('loss_spike');
    const slow = { ...packet(1).trainingMetrics, 'kasmina.apply_ms': 90 };
    const downgraded = await answered(toldFixture(), graftable(1, { trainingMetrics: slow }));
    expect([downgraded.proposed.commandType, downgraded.command.commandType]).toEqual(['SEED', 'OPTIMIZER']);
    const hinted = toldFixture();
    await answered(hinted, graftable(1, { validationLoss: 0.5 }));
    const stuck = { ...packet(2).trainingMetrics, optimizer_lr: 0 };
    await answered(hinted, graftable(2, { validationLoss: 0.6, trainingMetrics: stuck }));
    expect(eventsOf(hinted.packets[1])).toContain('optimizer_hint');
  });
});
