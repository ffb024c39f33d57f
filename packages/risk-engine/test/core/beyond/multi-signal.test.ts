import { describe, expect, it } from 'vitest';
import { assess, initialRiskState, resolveRiskConfig } from '../../../src/index.js';
import { calmInput, calmPacket, inputWith, seedDraft } from '../../../src/testing.js';

const config = resolveRiskConfig({ evaluators: { multi_signal: 'enforce', latency: 'off', optimizer_hints: 'off' } });
const fresh = initialRiskState(config);
const under = (metrics: Record<string, number | string>, given = config) => assess(fresh, inputWith(metrics), given);
const scoreOf = (result: ReturnType<typeof under>) =>
  result.findings.find(({ evaluator }) => evaluator === 'multi_signal');

describe('the multi-signal score', () => {
  it('G-01: is 0 up to the base, 1 from the emergency value, linear between', () => {
    const at = (norm: number) => scoreOf(under({ gradient_norm: norm }))?.value;
    expect([at(0), at(5), at(12.5), at(20), at(1e9)]).toEqual([0, 0, 0.5, 1, 1]);
  });

  it('G-02: weighs the dimensions that are known, and those alone', () => {
    const both = scoreOf(under({ gradient_norm: 20, step_latency_ms: 0 }));
    expect(both?.value).toBeCloseTo(0.3 / (0.3 + 0.2), 12);
    const three = scoreOf(under({ gradient_norm: 20, step_latency_ms: 500, loss_volatility: 0 }));
    expect(three?.value).toBeCloseTo(0.5 / 0.7, 12);
  });

  it.each([
    [8, 'GREEN', 'SEED', 'off'],
    [9.5, 'YELLOW', 'OPTIMIZER', 'off'],
    [13, 'ORANGE', 'OPTIMIZER', 'off'],
    [16, 'RED', 'PAUSE', 'on'],
    [19, 'CRITICAL', 'EMERGENCY', 'on'],
  ])('G-03: a gradient norm of %d alone is %s, command %s, mode %s', (norm, level, type, mode) => {
    const result = under({ gradient_norm: norm });
    expect([result.command.commandType, result.state.mode.kind]).toEqual([type, mode]);
    expect(scoreOf(result)?.attributes['level'] ?? 'GREEN').toBe(level);
  });

  it('G-03: a score that just reaches a level has it', () => {
    const given = resolveRiskConfig({
      evaluators: { multi_signal: 'enforce', latency: 'off', optimizer_hints: 'off' },
      multiSignal: { levels: { critical: 1 } },
    });
    expect(scoreOf(under({ gradient_norm: 20 }, given))).toMatchObject({ value: 1, attributes: { level: 'CRITICAL' } });
  });

  it('a level that downgrades means nothing for a command that is no SEED', () => {
    const { seedOperation: _seed, ...bare } = seedDraft();
    const draft = { ...bare, commandType: 'STRUCTURAL_PRUNING' as const };
    const result = assess(fresh, inputWith({ gradient_norm: 13 }, { draft }), config);
    expect([result.command.commandType, scoreOf(result)?.verdict]).toEqual(['STRUCTURAL_PRUNING', 'warn']);
  });

  it('G-08: three hot dimensions are critical whatever the weighted score', () => {
    const hot = resolveRiskConfig({
      evaluators: { multi_signal: 'enforce', latency: 'off', optimizer_hints: 'off' },
      multiSignal: { dimensions: { lifecycle: { weight: 1 }, resource: { weight: 1 } } },
    });
    const packet = calmPacket({
      trainingMetrics: { gradient_norm: 20, step_latency_ms: 490, loss_volatility: 0.49 },
      hardwareContext: { totalMemoryGb: 10, availableMemoryGb: 9 },
      seedStates: [{ seedId: 's', stage: 'TRAINING', riskScore: 0, metrics: {} }],
    });
    const result = assess(fresh, calmInput({ packet }), hot);
    const score = scoreOf(result);
    expect(score?.value as number).toBeLessThan(0.5);
    expect([score?.attributes['level'], result.command.commandType]).toEqual(['CRITICAL', 'EMERGENCY']);
    const two = { ...packet, trainingMetrics: { gradient_norm: 20, step_latency_ms: 490, loss_volatility: 0.42 } };
    expect(scoreOf(assess(fresh, calmInput({ packet: two }), hot))?.attributes['level']).not.toBe('CRITICAL');
  });

  it('an unreadable dimension counts as 1', () => {
    expect(scoreOf(under({ gradient_norm: 'x' }))?.value).toBe(1);
  });

  it('nothing known is GREEN', () => {
    expect(scoreOf(under({}))).toMatchObject({ verdict: 'pass', value: 0 });
  });

  it('is in shadow by default: recorded, without effect', () => {
    const result = assess(fresh, inputWith({ gradient_norm: 50 }), resolveRiskConfig());
    expect(result.command.commandType).toBe('SEED');
    expect(scoreOf(result)).toMatchObject({ enforced: false, mitigation: 'emergency' });
    expect(result.events.find(({ description }) => description === 'shadow_finding')?.attributes).toMatchObject({
      would: 'emergency',
      signal: 'risk_combined',
      reason: 'risk_level_critical',
    });
    expect(scoreOf(result)?.attributes).toMatchObject({ level: 'CRITICAL', combined: '1.000', gradient: '1.000' });
  });

  it.each([
    [9.5, 'YELLOW'],
    [12.5, 'ORANGE'],
    [15.5, 'RED'],
    [18.5, 'CRITICAL'],
  ])('G-03: a level holds from its limit on: a norm of %d is %s', (norm, level) => {
    expect(scoreOf(under({ gradient_norm: norm }))?.attributes['level']).toBe(level);
  });

  it('a dimension at exactly 0.8 is not hot', () => {
    const seedStates = [{ seedId: 's', stage: 'TRAINING' as const, riskScore: 0.9, metrics: {} }];
    const packet = calmPacket({ trainingMetrics: { gradient_norm: 17, step_latency_ms: 420 }, seedStates });
    const score = scoreOf(assess(fresh, calmInput({ packet }), config));
    expect(score?.attributes).toMatchObject({ level: 'RED', gradient: '0.800', latency: '0.800', lifecycle: '0.800' });
  });

  it('a level that stops means the same for every command', () => {
    const { seedOperation: _seed, ...bare } = seedDraft();
    const draft = { ...bare, commandType: 'OPTIMIZER' as const };
    expect(assess(fresh, inputWith({ gradient_norm: 16 }, { draft }), config).command.commandType).toBe('PAUSE');
  });

  it('G-13: every decision records the combined score, GREEN or not, and each dimension from YELLOW on', () => {
    expect(scoreOf(under({ gradient_norm: 8 }))).toMatchObject({
      signal: 'risk_combined',
      value: 0.2,
      threshold: 0.3,
      comparison: '>=',
      verdict: 'pass',
    });
    expect(scoreOf(under({ gradient_norm: 13, step_latency_ms: 100 }))?.attributes).toEqual({
      level: 'YELLOW',
      combined: '0.320',
      gradient: '0.533',
      latency: '0.000',
    });
  });
});
