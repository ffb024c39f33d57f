import { describe, expect, it } from 'vitest';
import { takePause } from '../../../src/core/beyond/pause-quota.js';
import { assess, initialRiskState, type RiskOptions, type RiskState, resolveRiskConfig } from '../../../src/index.js';
import { inputWith, momentAt, seedDraft } from '../../../src/testing.js';

const quota = (more: RiskOptions['pauseQuota'] = {}) =>
  resolveRiskConfig({ pauseQuota: { mode: 'enforce', pausesMax: 2, windowMs: 10_000, ...more } });
const config = quota();
const pause = (state: RiskState, ms: number, given = config) =>
  assess(state, inputWith({ hook_latency_ms: 99 }, { at: momentAt(ms) }), given);

describe('the pause quota', () => {
  it('G-14: beyond it a pause calls for somebody, and stands all the same', () => {
    const first = pause(initialRiskState(config), 0);
    const second = pause(first.state, 1);
    expect([...first.events, ...second.events].map(({ description }) => description)).not.toContain(
      'pause_quota_exhausted',
    );
    const third = pause(second.state, 2);
    expect(third.command.commandType).toBe('PAUSE');
    expect(third.events.at(-1)).toEqual({
      description: 'pause_quota_exhausted',
      level: 'CRITICAL',
      attributes: { pauses_max: '2', window_ms: '10000', escalation: 'page' },
    });
    expect(third.reasons).toEqual(['hook_budget', 'pause_quota_exhausted']);
  });

  it('is given back as the window moves on', () => {
    const spent = pause(pause(initialRiskState(config), 0).state, 5_000).state;
    expect(pause(spent, 9_999).reasons).toContain('pause_quota_exhausted');
    expect(pause(spent, 10_000).reasons).not.toContain('pause_quota_exhausted');
  });

  it('turns the pause into an emergency where that is asked for', () => {
    const hard = quota({ escalation: 'emergency' });
    const spent = pause(pause(initialRiskState(hard), 0, hard).state, 1, hard).state;
    const result = pause(spent, 2, hard);
    expect([result.command.commandType, result.reason]).toEqual(['EMERGENCY', 'pause_quota_exhausted']);
  });

  it('counts what begins a pause: not the decisions under conservative mode, not proposals to pause', () => {
    const entered = assess(initialRiskState(config), inputWith({ loss_delta: 9 }), config).state;
    expect(entered.pauseQuota.pausesMs).toHaveLength(1);
    expect(pause(entered, 1).state.pauseQuota.pausesMs).toHaveLength(1);
    const { seedOperation: _seed, ...bare } = seedDraft();
    const proposed = inputWith({ hook_latency_ms: 99 }, { draft: { ...bare, commandType: 'PAUSE' } });
    expect(assess(initialRiskState(config), proposed, config).state.pauseQuota.pausesMs).toEqual([]);
    expect(assess(initialRiskState(config), inputWith({}), config).state.pauseQuota.pausesMs).toEqual([]);
  });

  it('in shadow it is recorded only, and off it is not counted', () => {
    const shadow = quota({ mode: 'shadow' });
    const spent = pause(pause(initialRiskState(shadow), 0, shadow).state, 1, shadow).state;
    const result = pause(spent, 2, shadow);
    expect(result.reasons).toEqual(['hook_budget']);
    expect(result.findings.at(-1)).toMatchObject({ evaluator: 'pause_quota', enforced: false });
    const off = quota({ mode: 'off' });
    expect(pause(initialRiskState(off), 0, off).state.pauseQuota.pausesMs).toEqual([]);
  });

  it('a state in which nothing changes is passed on as it is, and pauses that are over are forgotten', () => {
    const state = { pausesMs: [1_000, 9_000] };
    expect(takePause(state, { elapsedMs: 10_000, paused: false }, config.pauseQuota).state).toBe(state);
    const later = takePause(state, { elapsedMs: 11_000, paused: false }, config.pauseQuota);
    expect(later).toEqual({ state: { pausesMs: [9_000] }, spent: false });
    expect(takePause(state, { elapsedMs: 11_000, paused: true }, config.pauseQuota)).toEqual({
      state: { pausesMs: [9_000, 11_000] },
      spent: false,
    });
    expect(takePause(state, { elapsedMs: 10_000, paused: true }, config.pauseQuota)).toEqual({ state, spent: true });
  });
});
