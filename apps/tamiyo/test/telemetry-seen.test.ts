import { createReplayGuard, createVerifier } from '@esper/command-verifier';
import { startWeatherlight, trainerBlueprints } from '@esper/harness';
import type { BusEnvelope, TelemetryPacket } from '@esper/leyline';
import { type Bus, openEmbeddedBus } from '@esper/oona';
import { systemTimers as busTimers } from '@esper/oona/node';
import { hmacBusSigner, openRedisBus, redisConnections, uniqueConsumer } from '@esper/oona/redis';
import { MemoryJournal as BusJournal } from '@esper/oona/testing';
import { type BlendConfig, blendTelemetry } from '@esper/policy';
import { ok } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { buildRejectionPacket, createTelemetry, type TelemetryPorts } from '@esper/telemetry';
import { systemTimers, uuidIds } from '@esper/telemetry/node';
import { createPinoExporter } from '@esper/telemetry/pino';
import { MemoryTelemetryJournal } from '@esper/telemetry/testing';
import { buildPacket, hasRedis, startRedis } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { blendFactors } from '../../harness/src/core/blend-mode.js';
import { readSeedCommand } from '../../harness/src/core/read-seed-command.js';
import type { Delivered } from '../src/stages/stages.js';
import { activePolicy, testKeyRing } from './support/engine-fixture.js';
import { toldFixture } from './support/told-fixture.js';

const SHAPE = { inputs: 8, width: 16, classes: 4 };
const packet = (step: number, overrides: Parameters<typeof buildPacket>[0] = {}) =>
  buildPacket({ packetId: `run-1-step-${step}`, globalStep: step, ...overrides });
const dormant = packet(1).seedStates.map((seed) => ({ ...seed, stage: 'DORMANT' as const }));

type Line = { readonly message: string; readonly level: string; readonly fields: Readonly<Record<string, unknown>> };

/** What a host's packets become: messages on the streams of a bus, and lines of the log. */
async function seen(packets: readonly TelemetryPacket[], bus?: Bus) {
  const lines: Line[] = [];
  const write = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, message, fields: fields as Line['fields'] });
  const logger = { info: write('info'), warn: write('warn'), error: write('error'), fatal: write('fatal') };
  const carrier = bus ?? (await openEmbeddedBus({ journal: new BusJournal(), timers: busTimers }));
  const streams = new Map<string, string>();
  const noted: TelemetryPorts['bus'] = {
    publish: (stream, envelope: BusEnvelope) => {
      streams.set(envelope.messageId, stream);
      return carrier.publish(stream, envelope);
    },
  };
  const telemetry = await createTelemetry({
    bus: noted,
    journal: new MemoryTelemetryJournal(),
    clock: systemClock,
    timers: systemTimers,
    ids: uuidIds,
    exporters: [createPinoExporter(logger)],
  });
  for (const each of packets) telemetry.emit(each);
  await telemetry.drain(5_000);
  const line = (message: string): Line | undefined => lines.find((found) => found.message === message);
  return { line, lines, streams: [...streams.values()], ledger: telemetry.ledger() };
}

async function delivered(fixture: ReturnType<typeof toldFixture>, given = packet(1)): Promise<Delivered> {
  const outcome = await fixture.engine.decide('run-1', given);
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

/** The check before execution. Made before the command is issued: it does not believe what may be from before its start. */
const executorsGate = () =>
  createVerifier({
    keyRing: testKeyRing(),
    clock: systemClock,
    replay: createReplayGuard({ clock: systemClock }),
    audience: { trainingRunId: 'run-1', consumer: 'kasmina' },
  });

describe('seen in the logs', () => {
  it('TM-17, TL-40: a late inference and a late library are tamiyo.timeout_* lines, fatal, and emergencies', async () => {
    const late = toldFixture();
    late.inference.hanging = true;
    await late.engine.decide('run-1', packet(1));
    const lost = toldFixture({ settings: { metadataDeadlineMs: 10 } });
    lost.library.hanging = true;
    await lost.engine.decide('run-1', packet(2));
    const { line, streams } = await seen([...late.packets, ...lost.packets]);
    for (const name of ['tamiyo.timeout_inference', 'tamiyo.timeout_urza']) {
      expect(line(name)).toMatchObject({ level: 'fatal', fields: { training_run_id: 'run-1', priority: 'CRITICAL' } });
    }
    expect(line('tamiyo.timeout_inference')?.fields['packet_id']).toBe('run-1-step-1');
    expect(new Set(streams)).toEqual(new Set(['oona.emergency']));
  });

  it('TL-55: a command that its verifier refuses is a tamiyo.command_rejected line with the verifier\u2019s reason', async () => {
    const fixture = toldFixture();
    fixture.inference.answer = { action: 1 };
    const gate = executorsGate();
    const { bytes } = await delivered(fixture);
    expect((await gate.verify(bytes)).ok).toBe(true);
    const again = await gate.verify(bytes);
    if (again.ok) throw new Error('a replay was accepted');
    expect(again.error.reason).toBe('nonce_replayed');
    const { line, streams } = await seen([
      buildRejectionPacket({ reason: again.error.reason, trainingRunId: 'run-1', timestampMs: systemClock.wallMs() }),
    ]);
    expect(line('tamiyo.command_rejected')).toMatchObject({
      level: 'fatal',
      fields: { attributes: { reason: again.error.reason } },
    });
    expect(streams).toEqual(['oona.emergency']);
  });

  it('TL-21: the coverage map of a decision is the one its command was decided on', async () => {
    const fixture = toldFixture();
    const { command } = await delivered(fixture, packet(1, { seedStates: dormant }));
    const { line } = await seen(fixture.packets);
    const byType = command.decision?.coverage?.byType ?? {};
    expect(Object.keys(byType).length).toBeGreaterThan(3);
    expect(line('tamiyo.decision')?.fields['coverage_map']).toEqual({ 'edges.layer_connects': 0, ...byType });
  });

  it('TL-30, TL-32: the packet of a decision states its coverage as text, the same as its command was decided on', async () => {
    const fixture = toldFixture();
    const { command } = await delivered(fixture, packet(1, { seedStates: dormant }));
    const { ratio, byType } = command.decision?.coverage ?? { ratio: -1, byType: {} };
    const indicators = fixture.packets[0]?.health.indicators ?? {};
    expect(indicators).toMatchObject({
      feature_coverage: Number(ratio).toFixed(3),
      coverage_types: JSON.stringify(Object.keys(byType).sort()),
    });
    expect(command.annotations['feature_coverage']).toBe(indicators['feature_coverage']);
  });

  it('TL-31: its coverage map is whole up to 1,024 characters; the policy runs compiled, so nothing says why not', async () => {
    const fixture = toldFixture();
    const { command } = await delivered(fixture, packet(1, { seedStates: dormant }));
    const indicators = fixture.packets[0]?.health.indicators ?? {};
    expect(JSON.parse(indicators['coverage_map'] ?? '{}')).toEqual(command.decision?.coverage?.byType);
    expect(indicators).not.toHaveProperty('policy_compile_reason');
  });

  it('TL-46: degraded inputs are an event with the average and the number of what is missing', async () => {
    const fixture = await degraded();
    const { line } = await seen(fixture.packets);
    expect(line('tamiyo.degraded_inputs')?.fields).toMatchObject({
      attributes: {
        coverage_avg: expect.stringMatching(/^0\.\d{3}$/),
        missing_features: expect.stringMatching(/^\d+$/),
      },
    });
  });
});

describe('blend telemetry and the executing side', () => {
  const choices: readonly Partial<BlendConfig>[] = [
    { enabled: true, mode: 'CONVEX' },
    { enabled: true, mode: 'RESIDUAL' },
    { enabled: true, mode: 'CHANNEL' },
    { enabled: true, mode: 'CONFIDENCE' },
  ];

  it.each(choices.map((blend) => [blend.mode, blend] as const))(
    'TL-22, BL-12: %s: mode, shape and window in the log are what the executor reads from the command, and so is the mean alpha',
    async (mode, blend) => {
      const fixture = toldFixture();
      const policy = activePolicy(fixture.inference, blend);
      Object.assign(fixture.parts, { policy: () => ok(policy) });
      fixture.library.blueprints = trainerBlueprints(SHAPE);
      const gate = executorsGate();
      const { bytes } = await delivered(fixture, packet(1, { seedStates: dormant }));
      const verified = await gate.verify(bytes);
      if (!verified.ok) throw new Error(verified.error.reason);
      const command = verified.value;
      const order = readSeedCommand(command);
      if (!order.ok || order.value.kind !== 'germinate') throw new Error(JSON.stringify(order));
      const { line } = await seen(fixture.packets);
      const metrics = line('tamiyo.decision')?.fields['metrics'] as Record<string, number>;
      const named = (prefix: string) => Object.keys(metrics).find((name) => name.startsWith(`${prefix}{`)) ?? '';
      expect(order.value.blend.mode).toBe(mode);
      expect(named('tamiyo.blending.mode')).toContain(`{mode=${order.value.blend.mode},`);
      expect(named('tamiyo.blending.method_index')).toContain(`{method=${order.value.window.shape}}`);
      expect(metrics['tamiyo.blending.schedule_start']).toBe(order.value.window.start);
      expect(metrics['tamiyo.blending.schedule_end']).toBe(order.value.window.end);
      const factors = blendFactors(order.value.blend, SHAPE.width);
      if (!factors.ok) throw new Error(factors.error);
      const mean = factors.value.factors.reduce((sum, value) => sum + value, 0) / SHAPE.width;
      const said = blendTelemetry(command).find(({ name }) => name === 'tamiyo.blending.alpha_mean')?.value;
      expect(Number(said)).toBeCloseTo(mean * order.value.window.firstAlpha, 6);
    },
  );
});

/** A decision whose inputs are nearly all missing. */
async function degraded(): Promise<ReturnType<typeof toldFixture>> {
  const fixture = toldFixture();
  fixture.inference.answer = { action: 1 };
  const bare = packet(1, { seedStates: [], trainingMetrics: {}, validationLoss: 0.5 });
  const { hardwareContext: _unseen, trainingLoss: _loss, validationAccuracy: _accuracy, ...poor } = bare;
  fixture.library.blueprints = [];
  await fixture.engine.decide('run-1', poor);
  return fixture;
}

describe.skipIf(!hasRedis())('degraded inputs, over a real redis-server', () => {
  it('TA-14, RT-14: they reach the emergency stream and the supervisor\u2019s counters, and nothing is dropped', async () => {
    const server = await startRedis();
    const bus = await openRedisBus(
      {
        connections: redisConnections(server.url),
        signer: hmacBusSigner('a secret of the tests'),
        clock: systemClock,
        timers: busTimers,
        consumer: uniqueConsumer(),
      },
      { blockMs: 50, maintainEveryMs: 20 },
    );
    try {
      const ids = { messageId: () => 'supervisor-1' };
      const weatherlight = await startWeatherlight({ bus, clock: systemClock, ids, onAlert: () => undefined });
      const fixture = await degraded();
      const { ledger } = await seen(fixture.packets, bus);
      await expect.poll(() => weatherlight.supervision().emergencies['tamiyo'], { timeout: 20_000 }).toBe(1);
      expect(ledger.lanes.emergency).toMatchObject({ deliveredAlone: 1, dropped: { shed: 0, refused: 0 } });
      expect(bus.counters()).toMatchObject({ published: 1, refused: {}, rejected: {} });
      expect(await weatherlight.flush()).toBe(true);
    } finally {
      await bus.close();
      await server.stop();
    }
  });
});
