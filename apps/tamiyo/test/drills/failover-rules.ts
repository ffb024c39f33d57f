import type { FailoverTotals } from './failover-explorer.js';
import { spread } from './soak-figures.js';

/** After the lease: the queue of a busy machine, and one decision. */
const GRACE_MS = 5_000;

/** What a host's runs may take to move: the lease, and the time that the drill allows a busy machine for one decision. */
export const statedMs = (leaseMs: number): number => leaseMs + GRACE_MS;

/** What did not hold; empty when all is well. */
export function failoverFailures(totals: FailoverTotals, leaseMs: number): readonly string[] {
  const p99 = totals.takeoversMs.length === 0 ? 0 : spread(totals.takeoversMs).p99;
  const rules: readonly (readonly [broken: boolean, what: string])[] = [
    [totals.commands === 0 || totals.takeoversMs.length === 0, 'nothing was decided or moved'],
    [totals.commandsTwice > 0, `${totals.commandsTwice} commands for a packet or a sequence number that had one`],
    [totals.sequenceRegressions > 0, `${totals.sequenceRegressions} sequence numbers fell`],
    [totals.epochsNotRising > 0, `${totals.epochsNotRising} issuer epochs fell, or did not rise with a move`],
    [totals.modeLost > 0, `${totals.modeLost} runs moved without their mode or hold`],
    [totals.breakersLost > 0, `${totals.breakersLost} runs moved with other breakers`],
    [totals.repeatsWrong > 0, `${totals.repeatsWrong} packets sent again did not get the bytes they had got`],
    [totals.unmoved > 0, `${totals.unmoved} runs did not move, or were not answered for`],
    [totals.lateRefused < totals.frozen, `${totals.lateRefused} late writes refused, ${totals.frozen} hosts frozen`],
    [totals.ordersUndone > 0, `${totals.ordersUndone} orders that stood were undone by a host that had been overtaken`],
    [totals.lateStuck > 0, `${totals.lateStuck} runs were not answered for while writes were late`],
    [p99 > statedMs(leaseMs), `take-over took ${p99} ms at p99, stated are ${statedMs(leaseMs)} ms`],
  ];
  return rules.filter(([broken]) => broken).map(([, what]) => what);
}
