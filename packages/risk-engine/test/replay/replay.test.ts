import { SeededRandom } from '@esper/testkit';
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
import { configsOf, randomContext } from '../support/random-context.js';

const order = { who: 'ada', why: 'drill' };

/** Lives through a random run, keeping what a host would record and each state as it was. */
function liveRun(seed: number): { readonly records: readonly RiskRecord[]; readonly states: readonly RiskState[] } {
  const random = new SeededRandom(seed);
  const records: RiskRecord[] = [];
  const states = [initialRiskState(CONFIG)];
  let nowMs = 0;
  for (let n = 0; n < 60; n += 1) {
    nowMs += random.int(0, 50_000);
    const at = momentAt(nowMs);
    const state = states.at(-1) as RiskState;
    const { input } = randomContext(random, configsOf(1));
    const roll = random.int(0, 9);
    const assessed = { ...input, at };
    const after = assess(state, assessed, CONFIG).state;
    const choices: readonly (readonly [RiskRecord, RiskState])[] = [
      [
        { kind: 'failed', failure: { kind: 'timeout_inference', code: 'X', at } },
        onFailure(state, { kind: 'timeout_inference', code: 'X', at }, CONFIG).state,
      ],
      [{ kind: 'breaker_asked', name: 'inference', at }, askBreaker(state, { name: 'inference', at }, CONFIG).state],
      [
        { kind: 'breaker_reported', name: 'metadata', report: { kind: 'success' }, at },
        reportBreaker(state, { name: 'metadata', report: { kind: 'success' }, at }, CONFIG).state,
      ],
      [{ kind: 'conservative_set', order, at }, setConservative(state, order, at).state],
      [{ kind: 'conservative_cleared', order, at }, clearConservative(state, order, at).state],
      [
        { kind: 'breaker_forced', name: 'metadata', force: 'automatic', order, at },
        forceBreaker(state, { name: 'metadata', kind: 'automatic', order, at }, CONFIG).state,
      ],
      [{ kind: 'assessed', input: assessed, withheld: true }, keepLoss(after, state)],
    ];
    const [record, next] = choices[roll] ?? [{ kind: 'assessed', input: assessed }, after];
    records.push(record);
    states.push(next);
  }
  return { records, states };
}

describe('replay', () => {
  it('a run is rebuilt from its records, every state to the bit', () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const { records, states } = liveRun(seed);
      const rebuilt = rebuildStates(initialRiskState(CONFIG), records, CONFIG);
      expect(JSON.stringify(rebuilt), `seed ${seed}`).toBe(JSON.stringify(states));
    }
  });

  it('a state that went through JSON goes on exactly as if it had not', () => {
    for (let seed = 30; seed < 34; seed += 1) {
      const { records, states } = liveRun(seed);
      const half = JSON.parse(JSON.stringify(states[30])) as RiskState;
      const rest = rebuildStates(half, records.slice(30), CONFIG);
      expect(JSON.stringify(rest.at(-1)), `seed ${seed}`).toBe(JSON.stringify(states.at(-1)));
    }
  });

  it('the same state, input and configuration give the same assessment', () => {
    const random = new SeededRandom(8);
    for (let n = 0; n < 500; n += 1) {
      const { state, input, config } = randomContext(random, configsOf(8));
      expect(JSON.stringify(assess(state, input, config))).toBe(JSON.stringify(assess(state, input, config)));
    }
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

  it('finds nothing when nothing changes', () => {
    expect(whatIf(record(), { config: CONFIG, other: resolveRiskConfig(), carry: 'own' })).toEqual([]);
    expect(whatIf([], { config: CONFIG, other: tight, carry: 'own' })).toEqual([]);
  });
});
