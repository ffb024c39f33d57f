import { systemClock } from '@esper/std/node';
import { buildPacket } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { flagged } from '../src/adapters/flagged-packet.js';
import { FeatureFlags, FLAG_IDS, flagEvent } from '../src/config/flags.js';
import { DecisionError } from '../src/errors.js';
import { configOf, eventsOf, toldFixture } from './support/told-fixture.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-11-26T12:00:00Z');
const harness = (flags: Record<string, unknown>) => configOf({ flags: { profile: 'harness', ...flags } }).values;
const packet = (step: number) => buildPacket({ packetId: `run-1-step-${step}`, globalStep: step });
const dormant = (step: number) => {
  const base = packet(step);
  return { ...base, seedStates: base.seedStates.map((seed) => ({ ...seed, stage: 'DORMANT' as const })) };
};

describe('feature flags', () => {
  it('are all off by default', () => {
    const flags = new FeatureFlags(configOf().values, NOW_MS);
    expect(flags.active(NOW_MS)).toEqual([]);
    expect(flags.views(NOW_MS).map((view) => view.id)).toEqual([...FLAG_IDS]);
  });

  it('FF-01: with the flag a timeout is a signed PAUSE, with the same CRITICAL telemetry, breaker and report', async () => {
    const fixture = toldFixture({ config: { flags: { profile: 'harness', 'flags.pauseFallback': true } } });
    fixture.inference.hanging = true;
    const outcome = await fixture.engine.decide('run-1', packet(1));
    if (!outcome.ok) throw outcome.error;
    expect(outcome.value.command).toMatchObject({ commandType: 'PAUSE' });
    expect(outcome.value.command.annotations['risk_reason']).toBe('timeout_inference');
    expect(outcome.value.bytes.length).toBeGreaterThan(100);
    const [told] = fixture.packets;
    expect(told?.priority).toBe('CRITICAL');
    expect(eventsOf(told)).toEqual(
      expect.arrayContaining(['timeout_inference', 'tamiyo_synthetic_pause', 'breaker_event', 'flag_active']),
    );
    expect(fixture.journal.kinds()).toEqual(['decision']);
    expect(fixture.fieldReports[0]).toMatchObject({ outcome: 'NEUTRAL' });
    // TM-07: three in a row make the run conservative, and the breaker stops the fourth call.
    for (const step of [2, 3, 4]) await fixture.engine.decide('run-1', packet(step));
    expect(fixture.inference.calls).toBe(3);
    expect(fixture.parts.runs.get('run-1').risk.mode.kind).toBe('on');
  });

  it('FF-01: a late lookup pauses too, and any other failure still fails', async () => {
    const fixture = toldFixture({
      config: { flags: { profile: 'harness', 'flags.pauseFallback': true } },
      settings: { metadataDeadlineMs: 10 },
    });
    fixture.library.hanging = true;
    const late = await fixture.engine.decide('run-1', packet(1));
    expect(late.ok && late.value.command.annotations['risk_reason']).toBe('timeout_urza');
    fixture.library.hanging = false;
    fixture.inference.answer = { failure: { code: 'inference_failed', reason: 'kernel' } };
    expect(await fixture.engine.decide('run-1', packet(2))).toMatchObject({
      ok: false,
      error: { code: 'INFERENCE_FAILED' },
    });
  });

  it('FF-01: a pause that cannot be made durable fails like any decision', async () => {
    const fixture = toldFixture({ config: { flags: { profile: 'harness', 'flags.pauseFallback': true } } });
    fixture.inference.hanging = true;
    fixture.journal.failing = new Error('no space');
    expect(await fixture.engine.decide('run-1', packet(1))).toMatchObject({
      ok: false,
      error: { code: 'RECORD_FAILED' },
    });
  });

  it('FF-01: announces itself at the start and in every packet', () => {
    expect(flagEvent('FF-01', NOW_MS + DAY_MS)).toMatchObject({
      level: 'CRITICAL',
      attributes: { flag: 'FF-01', setting: 'flags.pauseFallback', ends_at: '2026-11-27T12:00:00.000Z' },
    });
    const plain = toldFixture().packets;
    expect(plain).toEqual([]);
  });

  it('FF-01, FF-04: end by themselves after a day, at a stated time, and never later than a week', () => {
    for (const setting of [{ 'flags.pauseFallback': true }, { 'wal.durability': 'written' }]) {
      const flags = new FeatureFlags(harness(setting), NOW_MS);
      expect(flags.active(NOW_MS + DAY_MS - 1)).toHaveLength(1);
      expect(flags.active(NOW_MS + DAY_MS)).toEqual([]);
      expect(flags.nextEndMs(NOW_MS)).toBe(NOW_MS + DAY_MS);
      const until = '2026-11-28T00:00:00Z';
      const stated = new FeatureFlags(harness({ ...setting, 'flags.until': until }), NOW_MS);
      expect(stated.nextEndMs(NOW_MS)).toBe(Date.parse(until));
      expect(() => new FeatureFlags(harness({ ...setting, 'flags.until': '2026-12-24T00:00:00Z' }), NOW_MS)).toThrow(
        /more than a week/,
      );
      expect(() => new FeatureFlags(harness({ ...setting, 'flags.until': '2026-11-25T00:00:00Z' }), NOW_MS)).toThrow(
        /is over/,
      );
    }
  });

  it('FF-02, FF-03: how the log is treated is a setting whose state is shown', () => {
    for (const [setting, id] of [
      [{ 'wal.rewrite': 'shadow' }, 'FF-02'],
      [{ 'wal.rewrite': 'off' }, 'FF-02'],
      [{ 'wal.strict': false }, 'FF-03'],
    ] as const) {
      const flags = new FeatureFlags(configOf({ flags: setting }).values, NOW_MS);
      expect(flags.active(NOW_MS + 30 * DAY_MS)).toEqual([id]);
    }
  });

  it('FF-05, DG-15: relaxes the unknown blueprint alone, and each bypass is told', async () => {
    const config = { flags: { 'flags.guardRelaxed': true } };
    const relaxed = toldFixture({ config });
    relaxed.library.knownIds = () => new Set();
    const outcome = await relaxed.engine.decide('run-1', dormant(1));
    expect(outcome.ok).toBe(true);
    expect(eventsOf(relaxed.packets[0])).toContain('guard_bypassed');
    expect(relaxed.packets[0]?.health.indicators['flags']).toBe('FF-05');
    const strict = toldFixture();
    strict.library.knownIds = () => new Set();
    expect((await strict.engine.decide('run-1', dormant(1))).ok).toBe(false);
  });

  it('FF-05, DG-15: the relaxed guard ends by itself after a day', () => {
    const flags = new FeatureFlags(configOf({ flags: { 'flags.guardRelaxed': true } }).values, NOW_MS);
    expect(flags.isOn('FF-05', NOW_MS)).toBe(true);
    expect(flags.views(NOW_MS + DAY_MS).find((view) => view.id === 'FF-05')).toMatchObject({
      on: false,
      expired: true,
    });
  });

  it('FF-06: a confidence blend without logits is refused, or held as a PAUSE; nothing else', async () => {
    const missing = new DecisionError('POLICY_REFUSED', 'refused', {
      reason: 'confidence blend missing confidence_logits',
    });
    const decided = async (gate: string) => {
      const fixture = toldFixture({ config: { flags: { 'flags.confidenceGate': gate } } });
      fixture.inference.infer = () => Promise.reject(missing);
      return fixture.engine.decide('run-1', packet(1));
    };
    expect(await decided('refuse')).toMatchObject({ ok: false, error: { code: 'POLICY_REFUSED' } });
    const held = await decided('hold');
    expect(held.ok && held.value.command.commandType).toBe('PAUSE');
  });

  it('FF-07: the inference host is a setting, shown while it is the thread', () => {
    const flags = new FeatureFlags(configOf({ environment: { TAMIYO_WORKER_FALLBACK: 'thread' } }).values, NOW_MS);
    expect(flags.active(NOW_MS)).toEqual(['FF-07']);
  });

  it('CF-33: the fall-backs are off, loud when on, and end', () => {
    const flags = new FeatureFlags(harness({ 'flags.pauseFallback': true }), systemClock.wallMs());
    const told = flagged(packetOf(), flags.active(systemClock.wallMs()));
    expect(told.health.indicators['flags']).toBe('FF-01');
    expect(told.events).toContainEqual({ description: 'flag_active', level: 'WARNING', attributes: { flag: 'FF-01' } });
    expect(flagged(packetOf(), [])).toEqual(packetOf());
  });
});

const packetOf = () => ({
  version: 1 as const,
  packetId: 'p',
  sourceSubsystem: 'tamiyo',
  timestampMs: 1,
  level: 'INFO' as const,
  priority: 'NORMAL' as const,
  metrics: [],
  events: [],
  spans: [],
  health: { status: 'HEALTHY' as const, summary: 'stable', indicators: {} },
});
