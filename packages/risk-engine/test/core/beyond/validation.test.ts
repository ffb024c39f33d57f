import { describe, expect, it } from 'vitest';
import { assess, initialRiskState, type RiskOptions, resolveRiskConfig } from '../../../src/index.js';
import { calmInput, calmPacket, seedDraft } from '../../../src/testing.js';

const enforced = (more: RiskOptions = {}) => resolveRiskConfig({ evaluators: { validation: 'enforce' }, ...more });
const judge = (
  availableMemoryGb: number,
  trainingMetrics: Record<string, number>,
  config = enforced(),
  draft = seedDraft(),
) => {
  const hardwareContext = { totalMemoryGb: 100, availableMemoryGb };
  return assess(
    initialRiskState(config),
    calmInput({ draft, packet: calmPacket({ trainingMetrics, hardwareContext }) }),
    config,
  );
};
const { seedOperation: _seed, ...bare } = seedDraft();

describe('safety validation', () => {
  it('G-07: memory beyond 0.85 blocks a SEED, and is announced for any command', () => {
    expect(judge(14, {}).command.commandType).toBe('PAUSE');
    expect(judge(14, {}).reason).toBe('validation_memory');
    expect(judge(15, {}).command.commandType).toBe('SEED');
    const other = judge(14, {}, enforced(), { ...bare, commandType: 'OPTIMIZER' });
    expect(other.command.commandType).toBe('OPTIMIZER');
    expect(other.events).toContainEqual({
      description: 'validation_memory',
      level: 'CRITICAL',
      attributes: { value: '0.860' },
    });
  });

  it('G-07: variance beyond 0.3 and a gradient norm beyond 10 warn', () => {
    const config = enforced({ evaluators: { validation: 'enforce', optimizer_hints: 'off' } });
    const warned = judge(50, { loss_volatility: 0.31, gradient_norm: 10.5 }, config);
    expect(warned.command.commandType).toBe('SEED');
    expect(warned.events.filter(({ level }) => level === 'WARNING').map(({ description }) => description)).toEqual([
      'validation_loss_variance',
      'validation_gradient_norm',
    ]);
    expect(judge(50, { loss_volatility: 0.3, gradient_norm: 10 }, config).events.map(({ level }) => level)).toEqual([
      'INFO',
    ]);
  });

  it('each limit can be configured, and by default it is off', () => {
    const validation = { lossVarianceMax: 1, memoryRatioMax: 0.5, gradientNormMax: 1 };
    expect(judge(49, {}, enforced({ evaluators: { validation: 'enforce' }, validation })).reason).toBe(
      'validation_memory',
    );
    expect(judge(1, {}, resolveRiskConfig()).command.commandType).toBe('SEED');
  });
});
