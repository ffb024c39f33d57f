import { describe, expect, it } from 'vitest';
import {
  askBreaker,
  assess,
  DEFAULT_RISK_CONFIG as CONFIG,
  initialRiskState,
  onFailure,
  type RiskState,
  reportBreaker,
  resolveRiskConfig,
} from '../../src/index.js';
import { calmBlueprint, calmInput, calmPacket, inputWith, momentAt, seedDraft } from '../../src/testing.js';

const fresh = initialRiskState(CONFIG);
const timeOut = (state: RiskState, kind: 'timeout_inference' | 'timeout_urza', ms = 0) =>
  onFailure(state, { kind, code: 'T', at: momentAt(ms) }, CONFIG);
const names = (events: readonly { readonly description: string }[]) => events.map(({ description }) => description);
const withSheet = (risk: number, riskScore?: number) =>
  calmInput({
    blueprint: {
      kind: 'known',
      descriptor: calmBlueprint({
        risk,
        sheet: { signature: 'valid', ...(riskScore === undefined ? {} : { riskScore }) },
      }),
    },
  });

describe('defects of the prototype that must not come back', () => {
  it('D-16: an inference timeout tells its breaker, the events leave, and an open breaker stops the next call', () => {
    let state = fresh;
    const seen: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const step = timeOut(state, 'timeout_inference', n);
      seen.push(...names(step.events));
      state = step.state;
    }
    expect(seen).toEqual(['breaker_event', 'breaker_event', 'breaker_event', 'conservative_entered']);
    expect(askBreaker(state, { name: 'inference', at: momentAt(3) }, CONFIG).allowed).toBe(false);
    expect(assess(state, calmInput({ at: momentAt(4) }), CONFIG).command.commandType).toBe('PAUSE');
  });

  it('D-17: the breaker event of a metadata timeout is handed to the caller, not to a result that is thrown away', () => {
    expect(timeOut(fresh, 'timeout_urza').events).toEqual([
      expect.objectContaining({
        description: 'breaker_event',
        attributes: expect.objectContaining({ component: 'metadata' }),
      }),
    ]);
  });

  it('D-18: conservative mode outlives the step that entered it, and the next command is paused by it', () => {
    const entered = assess(fresh, inputWith({ loss_delta: 9 }), CONFIG);
    expect(names(entered.events)).not.toContain('conservative_exited');
    const next = assess(entered.state, calmInput({ at: momentAt(1000) }), CONFIG);
    expect([next.command.commandType, next.reason, next.conservative]).toEqual(['PAUSE', 'conservative_mode', true]);
  });

  it('D-18: nothing is remembered of a mode that is off, so no later exit names a reason that never was', () => {
    expect(assess(fresh, calmInput(), CONFIG).state.mode).toEqual({ kind: 'off' });
  });

  it('D-19: the branches for timeouts are alive: a timeout the host answers all the same is a pause', () => {
    const both = assess(fresh, inputWith({ loss_delta: 9 }, { timeouts: { inference: true, metadata: true } }), CONFIG);
    expect(both.command.commandType).toBe('PAUSE');
    expect(both.reasons).toEqual(['timeout_inference', 'loss_spike', 'timeout_urza']);
    expect(names(both.events)).toEqual(expect.arrayContaining(['timeout_inference', 'timeout_urza', 'loss_spike']));
  });

  it('D-19: a success is counted where it is reported and nowhere else', () => {
    const failed = timeOut(timeOut(fresh, 'timeout_urza').state, 'timeout_urza').state;
    const report = { name: 'metadata', report: { kind: 'success' }, at: momentAt(1) } as const;
    const after = assess(reportBreaker(failed, report, CONFIG).state, calmInput({ at: momentAt(2) }), CONFIG).state;
    expect(after.breakers['metadata']).toMatchObject({ failures: 1 });
  });

  it('D-20: no coverage is the loudest case, one definition serves, and a slow step does not hide a quarantine', () => {
    const none = assess(fresh, calmInput({ coverage: { ratio: 0, byType: {}, missing: 20 } }), CONFIG);
    expect([none.reason, none.events.at(-1)]).toEqual([
      'degraded_inputs',
      {
        description: 'degraded_inputs',
        level: 'CRITICAL',
        attributes: { coverage_avg: '0.000', missing_features: '20' },
      },
    ]);
    const low = assess(fresh, calmInput({ coverage: { ratio: 0.2, byType: {}, missing: 16 } }), CONFIG);
    expect(low.events.at(-1)?.level).toBe('WARNING');
    const slow = inputWith(
      { step_latency_ms: 500 },
      { blueprint: { kind: 'known', descriptor: calmBlueprint({ quarantineOnly: true }) } },
    );
    expect(assess(fresh, slow, CONFIG).reason).toBe('bp_quarantine');
  });

  it('D-21: a blueprint the library does not know holds the SEED instead of passing without risk data', () => {
    expect(
      assess(fresh, calmInput({ blueprint: { kind: 'missing', blueprintId: 'bp-x' } }), CONFIG).command.commandType,
    ).toBe('PAUSE');
  });

  it('D-23: a sheet without a score does not lower the risk to 0, and neither does a lower score', () => {
    expect(assess(fresh, withSheet(0.95), CONFIG).reason).toBe('bp_quarantine');
    expect(assess(fresh, withSheet(0.95, 0), CONFIG).reason).toBe('bp_quarantine');
    expect(assess(fresh, withSheet(0.1, 0.95), CONFIG).reason).toBe('bp_quarantine');
    expect(assess(fresh, withSheet(0.1, 0.95), CONFIG).command.annotations['blueprint_risk']).toBe('0.95');
  });

  it('D-24: a sheet whose signature fails blocks the SEED', () => {
    const sheet = { signature: 'invalid' } as const;
    const input = calmInput({ blueprint: { kind: 'known', descriptor: calmBlueprint({ sheet }) } });
    expect(assess(fresh, input, CONFIG).reason).toBe('bsds_signature_failed');
  });

  it('D-25: a NaN loss pauses and does not poison the next comparison; an infinite count is judged, not thrown', () => {
    const state = assess(fresh, calmInput(), CONFIG).state;
    const nan = assess(
      state,
      calmInput({ packet: calmPacket({ validationLoss: Number.NaN }), at: momentAt(1) }),
      CONFIG,
    );
    expect(nan.command.commandType).toBe('PAUSE');
    const next = assess(nan.state, calmInput({ packet: calmPacket({ validationLoss: 99 }), at: momentAt(2) }), CONFIG);
    expect(next.reasons).toContain('loss_spike');
    expect(assess(fresh, inputWith({ 'kasmina.isolation.violations': Number.POSITIVE_INFINITY }), CONFIG).reason).toBe(
      'signal_unknown',
    );
  });

  it('D-25: two runs have two histories: what one loses is no spike of the other', () => {
    const loss = (state: RiskState, validationLoss: number) =>
      assess(state, calmInput({ packet: calmPacket({ validationLoss }) }), CONFIG);
    const [a, b] = [loss(fresh, 1).state, loss(fresh, 9).state];
    expect([loss(a, 1.01).reason, loss(b, 9.01).reason]).toEqual(['policy', 'policy']);
  });

  it('D-25: annotations that came with the proposal do not win over what was found', () => {
    const draft = seedDraft({
      annotations: { risk_reason: 'policy', blueprint_risk: '0.01', bsds_hazard_band: 'LOW', bsds_risk: '0.00' },
    });
    const { annotations } = assess(fresh, { ...withSheet(0.6), draft }, CONFIG).command;
    expect(annotations).toMatchObject({ risk_reason: 'blueprint_risk', blueprint_risk: '0.60' });
    expect(annotations).not.toHaveProperty('bsds_hazard_band');
    expect(annotations).not.toHaveProperty('bsds_risk');
  });

  it('D-36: what is called critical has the level CRITICAL, and an evaluator that breaks is announced as such', () => {
    const critical = assess(fresh, calmInput({ blueprint: { kind: 'missing', blueprintId: 'x' } }), CONFIG);
    expect(critical.events.at(-1)).toMatchObject({ description: 'blueprint_missing', level: 'CRITICAL' });
  });

  it('D-40: the decision is summed up by its gravest finding, not by the last event', () => {
    const input = inputWith(
      { step_latency_ms: 500, loss_volatility: 9 },
      { policy: { riskScore: 0.99, version: 'p' } },
    );
    const result = assess(fresh, input, CONFIG);
    const loud = result.events.filter(({ level }) => level !== 'INFO');
    expect(loud.at(-1)?.description).toBe('loss_volatility_high');
    expect([result.reason, result.decisionEvent.attributes['reason']]).toEqual([
      'policy_risk_critical',
      'policy_risk_critical',
    ]);
  });

  it('D-44: after a quarantine the mode is on, as the fixtures of the prototype deny', () => {
    const input = calmInput({ blueprint: { kind: 'known', descriptor: calmBlueprint({ quarantineOnly: true }) } });
    expect(assess(fresh, input, CONFIG).state.mode).toMatchObject({ kind: 'on', reason: 'bp_quarantine' });
  });

  it('the pause quota counts whatever stops a run: an unreadable loss is not let off by becoming a rollback', () => {
    const config = resolveRiskConfig({
      profile: 'harness',
      pauseQuota: { mode: 'enforce', pausesMax: 1, escalation: 'emergency' },
    });
    const grown = assess(initialRiskState(config), calmInput(), config).state;
    const spent = { ...grown, pauseQuota: { pausesMs: [0] } };
    const input = calmInput({ packet: calmPacket({ validationLoss: Number.NaN }), at: momentAt(1) });
    expect(assess(spent, input, config).command.commandType).toBe('EMERGENCY');
  });
});
