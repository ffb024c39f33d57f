import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import {
  askBreaker,
  assess,
  DEFAULT_RISK_CONFIG as CONFIG,
  clearConservative,
  forceBreaker,
  initialRiskState,
  keepLoss,
  onFailure,
  type RiskRecord,
  type RiskState,
  rebuildStates,
  reportBreaker,
  setConservative,
} from '../../src/index.js';
import { momentAt } from '../../src/testing.js';
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
