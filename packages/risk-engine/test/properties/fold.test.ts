import { isDeepStrictEqual } from 'node:util';
import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { assessWith } from '../../src/core/assess.js';
import type { Evaluator } from '../../src/core/evaluators/evaluator.js';
import { EVALUATORS } from '../../src/core/evaluators/table.js';
import { assess, RISK_EVENTS, type RiskConfig } from '../../src/index.js';
import { configsOf, randomContext } from '../support/random-context.js';

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const copy = [...items];
  for (let at = copy.length - 1; at > 0; at -= 1) {
    const other = random.int(0, at);
    [copy[at], copy[other]] = [copy[other] as T, copy[at] as T];
  }
  return copy;
}

const outcome = (table: readonly Evaluator[], context: ReturnType<typeof randomContext>) => {
  const { command, deciding, reason, reasons, changed, state } = assessWith(table, context.state, context);
  return { command, deciding, reason, reasons, changed, state };
};

const catalogueOnly = (from: RiskConfig): RiskConfig => ({
  ...from,
  evaluators: { ...from.evaluators, multi_signal: 'off', validation: 'off', rollback: 'off' },
  pauseQuota: { ...from.pauseQuota, mode: 'off' },
});

describe('the fold, over random contexts', () => {
  it('RE-08: for each of the 2^11 subsets every sampled permutation gives the same command and deciding reason', () => {
    const random = new SeededRandom(2024);
    const configs = configsOf(2024);
    const eleven = EVALUATORS.slice(0, 11);
    let acted = 0;
    for (let subset = 0; subset < 2 ** 11; subset += 1) {
      const table = eleven.filter((_evaluator, at) => (subset & (1 << at)) !== 0);
      for (let sample = 0; sample < 3; sample += 1) {
        const context = randomContext(random, configs);
        const canonical = outcome(table, context);
        if (canonical.changed) acted += 1;
        if (isDeepStrictEqual(outcome(shuffled(table, random), context), canonical)) continue;
        expect.fail(`subset ${subset}, sample ${sample}: the order of evaluation shows`);
      }
    }
    expect(acted).toBeGreaterThan(500);
  });

  it('emits only events its table names', () => {
    const random = new SeededRandom(5);
    const seen = new Set<string>();
    for (let sample = 0; sample < 1200; sample += 1) {
      const context = randomContext(random, configsOf(5));
      for (const { description } of assess(context.state, context.input, context.config).events) seen.add(description);
    }
    expect([...seen].filter((name) => !(name in RISK_EVENTS))).toEqual([]);
    expect(seen.size).toBeGreaterThan(25);
  });

  it('are true: with the value on the good side of the threshold the command is the one they name', () => {
    const random = new SeededRandom(99);
    let checked = 0;
    for (let sample = 0; sample < 2500; sample += 1) {
      const { state, input, config: given } = randomContext(random, configsOf(99));
      // Scores over several signals move with each of them; the claim is about one finding alone.
      const alone = catalogueOnly(given);
      const { deciding } = assess(state, input, alone);
      if (deciding?.evaluator !== 'latency' || deciding.verdict !== 'fail') continue;
      const trainingMetrics = { ...input.packet.trainingMetrics, [deciding.signal]: deciding.threshold as number };
      const eased = { ...input, packet: { ...input.packet, trainingMetrics } };
      expect(assess(state, eased, alone).command.commandType).toBe(deciding.counterfactual?.split(' ').at(-1));
      checked += 1;
    }
    expect(checked).toBeGreaterThan(60);
  });

  it('no evaluator finds anything graver than the worst it declares', () => {
    const random = new SeededRandom(31);
    for (let sample = 0; sample < 1200; sample += 1) {
      const { state, input, config: given } = randomContext(random, configsOf(31));
      for (const finding of assess(state, input, given).findings) {
        const worst = EVALUATORS.find(({ name }) => name === finding.evaluator)?.worst;
        if (worst === undefined) continue;
        const ranks = ['none', 'downgrade', 'pause', 'rollback', 'emergency'];
        expect(ranks.indexOf(finding.mitigation)).toBeLessThanOrEqual(ranks.indexOf(worst.mitigation));
        if (finding.entersMode) expect(worst.entersMode).toBe(true);
      }
    }
  });
});
