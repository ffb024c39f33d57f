import { encodeMessage, LIMITS, type MetricPoint } from '@esper/leyline';
import { describe, expect, it } from 'vitest';
import {
  buildDecisionPacket,
  coverageAnnotations,
  metricKindOf,
  policyAnnotations,
  TAMIYO_METRICS,
} from '../../src/index.js';
import { buildFacts } from './facts.js';

const packet = buildDecisionPacket(buildFacts());
const named = (metrics: readonly MetricPoint[]) => Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
const values = named(packet.metrics);
const pointOf = (name: string) => packet.metrics.find((metric) => metric.name === name);

describe('the packet of a decision', () => {
  it('TL-01: is one, named like the state packet, from tamiyo, at the time of the decision', () => {
    expect(packet).toMatchObject({
      packetId: 'run-1-step-42',
      sourceSubsystem: 'tamiyo',
      timestampMs: 1_700_000_000_000,
    });
    expect(buildDecisionPacket(buildFacts({ packetId: '' })).packetId).toBe('tamiyo-telemetry');
    expect(() => encodeMessage('TelemetryPacket', packet)).not.toThrow();
  });

  it('TL-10, TL-11: loss and its change are always there; unmeasured is NaN, not 0', () => {
    expect(values).toMatchObject({ 'tamiyo.validation_loss': 0.75, 'tamiyo.loss_delta': -0.01 });
    const { validationLoss: _, ...without } = buildFacts();
    expect(named(buildDecisionPacket(without).metrics)['tamiyo.validation_loss']).toBeNaN();
  });

  it('TL-12: the mode during the decision', () => {
    expect(values['tamiyo.conservative_mode']).toBe(0);
    expect(named(buildDecisionPacket(buildFacts({ isConservative: true })).metrics)['tamiyo.conservative_mode']).toBe(
      1,
    );
  });

  it('TL-13, TL-14: inference latency under both names', () => {
    expect(values).toMatchObject({ 'tamiyo.inference.latency_ms': 1.25, 'tamiyo.gnn.inference.latency_ms': 1.25 });
  });

  it('TL-15, TL-17: whether the policy is compiled, and what warming up took', () => {
    expect(values).toMatchObject({ 'tamiyo.gnn.compile_enabled': 1, 'tamiyo.gnn.compile_warm_ms': 12 });
  });

  it('TL-18: fallbacks are counted only once there are any', () => {
    expect(values).not.toHaveProperty('tamiyo.gnn.compile_fallback_total');
    const fell = buildFacts({ policy: { ...buildFacts().policy, fallbackTotal: 2 } });
    expect(named(buildDecisionPacket(fell).metrics)['tamiyo.gnn.compile_fallback_total']).toBe(2);
  });

  it('TL-16: fallbacks come from the annotations', () => {
    const names = ['seed', 'blueprint', 'synthetic_pause', 'runtime'];
    expect(names.map((name) => values[`tamiyo.fallback.${name}`])).toEqual([0, 0, 0, 0]);
    const command = {
      ...buildFacts().command,
      annotations: { tamiyo_synthetic_pause: 'true', tamiyo_fallback_seed: 'yes' },
    };
    const fell = named(buildDecisionPacket(buildFacts({ command })).metrics);
    expect(names.map((name) => fell[`tamiyo.fallback.${name}`])).toEqual([0, 0, 1, 0]);
  });

  it('TL-19: what the policy says of itself', () => {
    expect(values).toMatchObject({
      'tamiyo.policy.value_estimate': 0.5,
      'tamiyo.policy.risk_index': 1,
      'tamiyo.policy.risk_score': 0.25,
    });
  });

  it('TL-20, TL-21: coverage, as a whole and by type; layer_connects always', () => {
    expect(values).toMatchObject({
      'tamiyo.gnn.feature_coverage': 0.9,
      'tamiyo.gnn.feature_coverage.node.seed': 1,
      'tamiyo.gnn.feature_coverage.edges.layer_connects': 0.8,
    });
    const { coverage: _, ...decision } = buildFacts().command.decision ?? {};
    const blind = named(buildDecisionPacket(buildFacts({ command: { ...buildFacts().command, decision } })).metrics);
    expect(blind['tamiyo.gnn.feature_coverage.edges.layer_connects']).toBe(0);
    expect(blind).not.toHaveProperty('tamiyo.gnn.feature_coverage');
  });

  it('TL-27: the least and the best covered type, and the average of each group', () => {
    const byType = { 'node.seed': 1, 'node.layer': 0.5, 'edges.layer_connects': 0.8, 'edges.layer_feeds': 0.2 };
    const command = { ...buildFacts().command, decision: { coverage: { ratio: 0.6, byType } } };
    const found = buildDecisionPacket(buildFacts({ command })).metrics.filter(({ name }) => /coverage_/.test(name));
    expect(found.map(({ name, value, attributes }) => [name.split('_').at(-1), value, attributes])).toEqual([
      ['min', 0.2, { type: 'edges.layer_feeds' }],
      ['max', 1, { type: 'node.seed' }],
      ['group', 0.5, { group: 'edges' }],
      ['group', 0.75, { group: 'node' }],
    ]);
  });

  it('TL-28: what the safety sheet says are signals of the decision itself', () => {
    const signals = (blueprint: Partial<NonNullable<ReturnType<typeof buildFacts>['blueprint']>>) => {
      const facts = buildFacts({ blueprint: { blueprintId: 'BP001', tier: 'SAFE', risk: 0.2, ...blueprint } });
      const metrics = named(buildDecisionPacket(facts).metrics);
      return [
        metrics['tamiyo.gnn.bsds_missing'],
        metrics['tamiyo.bsds.hazard_critical_signal'],
        metrics['tamiyo.bsds.hazard_high_signal'],
        metrics['tamiyo.bsds.elevated_risk_flag'],
      ];
    };
    expect(signals({})).toEqual([1, 0, 0, 0]);
    expect(signals({ hazardBand: 'LOW', risk: 0.79 })).toEqual([0, 0, 0, 0]);
    expect(signals({ hazardBand: 'HIGH', risk: 0.8 })).toEqual([0, 0, 1, 1]);
    expect(signals({ hazardBand: 'CRITICAL', risk: Number.NaN })).toEqual([0, 1, 0, 0]);
  });

  it('TL-22, TL-23: the blend, as the command orders it', () => {
    expect(pointOf('tamiyo.blending.method_index')).toEqual({
      name: 'tamiyo.blending.method_index',
      value: 1,
      unit: 'enum',
      attributes: { method: 'cosine' },
    });
    expect(pointOf('tamiyo.blending.mode')?.attributes).toEqual({ mode: 'CONFIDENCE', source: 'policy' });
    expect(values).toMatchObject({ 'tamiyo.blending.schedule_start': 0.1, 'tamiyo.blending.schedule_end': 0.6 });
  });

  it('TL-24: what was selected', () => {
    expect(values).toMatchObject({
      'tamiyo.selection.seed_index': 0,
      'tamiyo.selection.seed_score': 0.7,
      'tamiyo.selection.blueprint_index': 2,
    });
  });

  it('CM-17, TL-25: both breakers, state and failures', () => {
    expect(values).toMatchObject({
      'tamiyo.breaker.inference_state': 1,
      'tamiyo.breaker.metadata_state': 3,
      'tamiyo.breaker.inference_failures': 0,
      'tamiyo.breaker.metadata_failures': 2,
    });
  });

  it('TL-26: the risk of the blueprint, when there is one', () => {
    expect(values['tamiyo.blueprint.risk']).toBe(0.2);
    const { blueprint: _, ...without } = buildFacts();
    expect(named(buildDecisionPacket(without).metrics)).not.toHaveProperty('tamiyo.blueprint.risk');
  });

  it('TL-29: every reason that was found counts once, and so does the decision', () => {
    const decision = {
      risk: {
        reason: 'loss_spike',
        reasons: ['loss_spike', 'hook_budget', 'hook_budget'],
        conservative: true,
        changed: true,
      },
    };
    const counted = buildDecisionPacket(
      buildFacts({ command: { ...buildFacts().command, commandType: 'PAUSE', decision } }),
    ).metrics;
    expect(counted.filter(({ name }) => name === 'tamiyo.risk.reasons_total')).toEqual([
      { name: 'tamiyo.risk.reasons_total', value: 1, unit: 'count', attributes: { reason: 'loss_spike' } },
      { name: 'tamiyo.risk.reasons_total', value: 1, unit: 'count', attributes: { reason: 'hook_budget' } },
    ]);
    expect(counted.find(({ name }) => name === 'tamiyo.decisions_total')?.attributes).toEqual({
      command: 'PAUSE',
      changed: 'true',
    });
  });

  it('TM-18: timeouts are counted per kind', () => {
    const timeouts = packet.metrics.filter(({ name }) => name === 'tamiyo.timeouts_total');
    expect(timeouts.map(({ value, attributes }) => [attributes?.['kind'], value])).toEqual([
      ['inference', 3],
      ['metadata', 1],
      ['decision', 0],
    ]);
    expect(values['tamiyo.verifier.failures_total']).toBe(2);
  });

  it('TL-05, TL-06: the indicators', () => {
    const decision = {
      ...buildFacts().command.decision,
      risk: { reason: 'loss_spike', reasons: ['loss_spike'], conservative: false, changed: true },
    };
    const { indicators } = buildDecisionPacket(buildFacts({ command: { ...buildFacts().command, decision } })).health;
    expect(indicators).toEqual({
      policy: '01234567',
      mode: '0',
      policy_compile: '1',
      policy_arch: 'tamiyo_gnn_v1',
      timeout_budget_ms: '5.0',
      metadata_timeout_budget_ms: '25.0',
      decision_timeout_budget_ms: '250.0',
      blending_method: 'cosine',
      step_index: '42',
      tier: 'SAFE',
      bsds_hazard: 'HIGH',
      bsds_provenance: 'urabrask',
      reason: 'loss_spike',
      priority: 'MESSAGE_PRIORITY_NORMAL',
    });
    expect(buildDecisionPacket(buildFacts({ globalStep: 0 })).health.indicators).not.toHaveProperty('step_index');
  });

  it('TL-07: the priority is a field, and agrees with the indicator', () => {
    const spike = buildDecisionPacket(
      buildFacts({ events: [{ description: 'loss_spike', level: 'WARNING', attributes: {} }] }),
    );
    expect([spike.priority, spike.health.indicators['priority'], spike.level]).toEqual([
      'HIGH',
      'MESSAGE_PRIORITY_HIGH',
      'WARNING',
    ]);
  });

  it('TL-47: why it runs uncompiled: INFO where the device asks for it', () => {
    const uncompiled = (compileReason: string) =>
      buildDecisionPacket(buildFacts({ policy: { version: 'v', architecture: 'a', isCompiled: false, compileReason } }))
        .events;
    expect(uncompiled('device_not_cuda')).toEqual([
      { description: 'compile_disabled_cpu', level: 'INFO', attributes: { reason: 'device_not_cuda' } },
    ]);
    expect(uncompiled('cuda_unavailable')[0]).toMatchObject({ description: 'compile_disabled', level: 'INFO' });
    expect(uncompiled('warm_up_failed')[0]).toMatchObject({ description: 'compile_disabled', level: 'WARNING' });
    expect(packet.events).toEqual([]);
  });

  it('TL-30, TL-32: coverage as annotations, bounded, and saying so', () => {
    expect(coverageAnnotations({ ratio: 0.12345, byType: { b: 0, a: 1 } })).toEqual({
      feature_coverage: '0.123',
      coverage_map: '{"b":0,"a":1}',
      coverage_types: '["a","b"]',
    });
  });

  it('TL-31: a coverage map that is too long is left out, and its length says so', () => {
    const byType = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`type-${i}`, 0.5]));
    expect(coverageAnnotations({ ratio: 0.5, byType })).toEqual({
      feature_coverage: '0.500',
      coverage_map_omitted: '1391',
    });
  });

  it('TL-30, TL-33: the packet carries them among its indicators', () => {
    const coverage = { ratio: 0.5, byType: { 'node.seed': 0.5 } };
    const policy = { ...buildFacts().policy, isCompiled: false, compileReason: 'warm_up_failed' };
    expect(buildDecisionPacket(buildFacts({ coverage, policy })).health.indicators).toMatchObject({
      feature_coverage: '0.500',
      coverage_map: '{"node.seed":0.5}',
      coverage_types: '["node.seed"]',
      policy_compile_reason: 'warm_up_failed',
    });
  });

  it('TL-33: why the policy runs uncompiled, as an annotation', () => {
    expect(policyAnnotations({ isCompiled: false, compileReason: 'warm_up_failed' })).toEqual({
      policy_compile_reason: 'warm_up_failed',
    });
    expect(policyAnnotations({ isCompiled: false })).toEqual({ policy_compile_reason: 'unknown' });
    expect(policyAnnotations({ isCompiled: true, compileReason: 'stale word' })).toEqual({});
  });

  it('every metric is in the table, with its unit and its attributes', () => {
    for (const { name, unit, attributes = {} } of packet.metrics) {
      expect(metricKindOf(name), name).toBeDefined();
      if (!Object.hasOwn(TAMIYO_METRICS, name)) continue;
      const entry = TAMIYO_METRICS[name as keyof typeof TAMIYO_METRICS];
      expect([unit, Object.keys(attributes).sort()], name).toEqual([entry.unit, [...entry.attributes].sort()]);
    }
  });

  it('is cut to the limits of the wire instead of being lost', () => {
    const long = {
      description: `${'x'.repeat(500)}\n`,
      level: 'ERROR' as const,
      attributes: { text: 'y'.repeat(10_000), half: '\ud800' },
    };
    const events = Array.from({ length: LIMITS.eventsMax + 5 }, () => long);
    const cut = buildDecisionPacket(buildFacts({ events }));
    expect(() => encodeMessage('TelemetryPacket', cut)).not.toThrow();
    expect(cut.events.length).toBeGreaterThan(40);
    const many = Array.from({ length: LIMITS.eventsMax + 5 }, () => ({ ...long, attributes: {} }));
    expect(buildDecisionPacket(buildFacts({ events: many })).events.length).toBeGreaterThan(600);
    expect(cut.events[0]?.attributes['text']).toMatch(/…$/);
    expect(cut.health.indicators['cut']).toBe('true');
  });

  it('the same facts give the same packet, and are not touched', () => {
    const facts = Object.freeze(buildFacts());
    expect(buildDecisionPacket(facts)).toEqual(buildDecisionPacket(facts));
  });
});
