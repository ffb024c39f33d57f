import { describe, expect, it } from 'vitest';
import {
  askBreaker,
  assess,
  DEFAULT_RISK_CONFIG as CONFIG,
  clearConservative,
  type DecidedRecord,
  forceBreaker,
  initialRiskState,
  keepLoss,
  onFailure,
  type RiskRecord,
  type RiskState,
  rebuildStates,
  reportBreaker,
  resolveRiskConfig,
  setConservative,
  whatIf,
} from '../../src/index.js';
import { calmInput, calmPacket, inputWith, momentAt } from '../../src/testing.js';

const order = { who: 'ada', why: 'drill' };

/** One record of every kind, with a decision before and after, so that each leaves a mark. */
const everyKind = (): readonly RiskRecord[] => {
  const decision = (nowMs: number, validationLoss: number) =>
    ({ kind: 'assessed', input: calmInput({ packet: calmPacket({ validationLoss }), at: momentAt(nowMs) }) }) as const;
  return [
    decision(0, 1),
    { ...decision(1000, 1.01), withheld: true },
    { kind: 'failed', failure: { kind: 'timeout_inference', code: 'X', at: momentAt(2000) } },
    { kind: 'breaker_asked', name: 'inference', at: momentAt(3000) },
    { kind: 'breaker_reported', name: 'metadata', report: { kind: 'failure', reason: 'late' }, at: momentAt(4000) },
    { kind: 'conservative_set', order, at: momentAt(5000) },
    { kind: 'conservative_cleared', order, at: momentAt(6000) },
    { kind: 'breaker_forced', name: 'metadata', force: 'forced_open', order, at: momentAt(7000) },
    decision(8000, 1.02),
  ];
};

describe('replay', () => {
  it('applies each kind of record as the call that made it', () => {
    const records = everyKind();
    const input = (index: number) => (records[index] as Extract<RiskRecord, { kind: 'assessed' }>).input;
    let state = initialRiskState(CONFIG);
    const lived = [state];
    const live = (next: RiskState) => {
      state = next;
      lived.push(state);
    };
    live(assess(state, input(0), CONFIG).state);
    live(keepLoss(assess(state, input(1), CONFIG).state, state));
    live(onFailure(state, { kind: 'timeout_inference', code: 'X', at: momentAt(2000) }, CONFIG).state);
    live(askBreaker(state, { name: 'inference', at: momentAt(3000) }, CONFIG).state);
    const report = { kind: 'failure', reason: 'late' } as const;
    live(reportBreaker(state, { name: 'metadata', report, at: momentAt(4000) }, CONFIG).state);
    live(setConservative(state, order, momentAt(5000)).state);
    live(clearConservative(state, order, momentAt(6000)).state);
    live(forceBreaker(state, { name: 'metadata', kind: 'forced_open', order, at: momentAt(7000) }, CONFIG).state);
    live(assess(state, input(8), CONFIG).state);
    expect(rebuildStates(initialRiskState(CONFIG), records, CONFIG)).toEqual(lived);
    expect(new Set(lived.map((each) => JSON.stringify(each))).size).toBe(lived.length);
    expect(lived[2]?.lastValidationLoss).toBe(1);
  });

  it('a record of no known kind is a bug, and says so', () => {
    const odd = { kind: 'forgotten' } as never;
    expect(() => rebuildStates(initialRiskState(CONFIG), [odd], CONFIG)).toThrow('risk record');
  });
});

describe('what if', () => {
  const losses = [1, 1.02, 1.14, 1.15, 1.4, 1.41];
  const record = (config = CONFIG): readonly DecidedRecord[] => {
    let before = initialRiskState(config);
    return losses.map((validationLoss, n) => {
      const input = calmInput({ packet: calmPacket({ validationLoss, packetId: `p${n}` }), at: momentAt(n * 1000) });
      const decided = { before, input };
      before = assess(before, input, config).state;
      return decided;
    });
  };
  const tight = resolveRiskConfig({ loss: { spikeMax: 0.1 } });
  const loose = resolveRiskConfig({ loss: { spikeMax: 10 } });

  it('lists each decision another configuration would have made, by direction', () => {
    expect(whatIf(record(), { config: CONFIG, other: tight, carry: 'recorded' })).toEqual([
      {
        index: 2,
        packetId: 'p2',
        direction: 'tighter',
        was: { type: 'OPTIMIZER', reason: 'loss_warning' },
        would: { type: 'PAUSE', reason: 'loss_spike' },
      },
    ]);
    expect(
      whatIf(record(), { config: CONFIG, other: loose, carry: 'recorded' }).map(({ index, direction }) => [
        index,
        direction,
      ]),
    ).toEqual([
      [2, 'looser'],
      [4, 'looser'],
    ]);
  });

  it('can let the other configuration live with what it decided', () => {
    const flips = whatIf(record(), { config: CONFIG, other: tight, carry: 'own' });
    expect(flips.map(({ index, would }) => [index, would.type, would.reason])).toEqual([
      [2, 'PAUSE', 'loss_spike'],
      [3, 'PAUSE', 'conservative_mode'],
    ]);
    expect(
      whatIf(record(), { config: CONFIG, other: loose, carry: 'own' }).map(({ index, direction }) => [
        index,
        direction,
      ]),
    ).toEqual([
      [2, 'looser'],
      [4, 'looser'],
      [5, 'looser'],
    ]);
  });

  it('tells another reason for the same command', () => {
    const before = initialRiskState(CONFIG);
    const other = resolveRiskConfig({ evaluators: { latency: 'off' } });
    const input = inputWith({ hook_latency_ms: 60, 'kasmina.isolation.violations': 1 });
    expect(whatIf([{ before, input }], { config: CONFIG, other, carry: 'recorded' })[0]).toMatchObject({
      direction: 'reason',
      was: { reason: 'hook_budget' },
      would: { reason: 'isolation_violation' },
    });
  });

  it('tells another command for the same reason', () => {
    const before = initialRiskState(CONFIG);
    const other = resolveRiskConfig({ evaluators: { latency: 'off' } });
    const input = inputWith({ hook_latency_ms: Number.NaN, cpu_util_percent: Number.NaN });
    expect(whatIf([{ before, input }], { config: CONFIG, other, carry: 'recorded' })).toEqual([
      {
        index: 0,
        packetId: 'packet-1',
        direction: 'looser',
        was: { type: 'PAUSE', reason: 'signal_unknown' },
        would: { type: 'OPTIMIZER', reason: 'signal_unknown' },
      },
    ]);
  });

  it('finds nothing when nothing changes', () => {
    expect(whatIf(record(), { config: CONFIG, other: resolveRiskConfig(), carry: 'own' })).toEqual([]);
    expect(whatIf([], { config: CONFIG, other: tight, carry: 'own' })).toEqual([]);
  });
});
