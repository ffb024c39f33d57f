import { type BreakerReport, reportTo } from '../core/breaker/breaker.js';
import { breakerEvent } from '../core/breaker/on-state.js';
import { resolveRiskConfig } from '../options.js';
import { compareCase, type VectorOutcome } from './compare.js';
import type { Rules } from './deviation-table.js';
import { naiveFailure, naiveSuccess } from './naive-breaker.js';
import { breakerFrom, breakerTo, eventTo } from './product-run.js';
import type { VectorBreaker, VectorEvent } from './vector-line.js';

/** `[op, dt seconds, reason, state, failures, open until, event]`, all after the op but the first three. */
type RecordedStep = readonly [
  'ok' | 'fail',
  number,
  string | null,
  VectorBreaker[0],
  VectorBreaker[1],
  VectorBreaker[2],
  VectorEvent | null,
];

interface BreakerLine {
  readonly name: string;
  readonly failure_threshold: number;
  readonly cooldown_ms: number;
  readonly t0: number;
  readonly steps: readonly RecordedStep[];
}

interface BreakerOutcome {
  readonly breaker: VectorBreaker;
  readonly event: VectorEvent | null;
}

/** The name of the first limit the product refuses, as its error says. */
function refusedLimit(line: BreakerLine): string | null {
  try {
    const limits = { failuresMax: line.failure_threshold, cooldownMs: line.cooldown_ms };
    resolveRiskConfig({ breakers: { [line.name]: limits } });
    return null;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return /\.(failuresMax|cooldownMs) /.exec(error.message)?.[1] ?? error.message;
  }
}

/** DEV-RE-18 for the line as a whole; limits that are in range have nothing to compare. */
function compareLimits(line: BreakerLine): readonly VectorOutcome[] {
  const low = line.failure_threshold < 1 ? 'failuresMax' : line.cooldown_ms < 0 ? 'cooldownMs' : null;
  const refused = refusedLimit(line);
  if (refused !== low) return [{ kind: 'unexplained', detail: `limits: expected ${low} refused, got ${refused}` }];
  return low === null ? [] : [{ kind: 'explained', deviation: 'DEV-RE-18' }];
}

function runStep(
  line: BreakerLine,
  before: VectorBreaker,
  at: { readonly nowS: number; readonly step: RecordedStep },
): VectorOutcome {
  const { nowS, step } = at;
  const [op, , given, state, failures, until, event] = step;
  const reason = given ?? '';
  const expected = (rules: Rules): BreakerOutcome => {
    const call = {
      component: line.name,
      nowS,
      threshold: line.failure_threshold,
      cooldownS: line.cooldown_ms / 1000,
      rules,
    };
    return op === 'ok' ? naiveSuccess(before, call) : naiveFailure(before, reason, call);
  };
  return compareCase({
    recorded: { breaker: [state, failures, until], event },
    expected,
    actual: runProductStep(line, before, {
      nowS,
      report: op === 'ok' ? { kind: 'success' } : { kind: 'failure', reason },
    }),
  });
}

function runProductStep(
  line: BreakerLine,
  before: VectorBreaker,
  { nowS, report }: { readonly nowS: number; readonly report: BreakerReport },
): BreakerOutcome {
  const limits = {
    failuresMax: Math.max(1, line.failure_threshold),
    cooldownMs: Math.max(0, line.cooldown_ms / 1000),
    probesMax: 1,
    successesMin: 1,
    probeTimeoutMs: 10,
    slowCallMs: null,
  };
  const { state, notice } = reportTo(breakerFrom(before), report, { limits, nowMs: nowS });
  return { breaker: breakerTo(state), event: notice === null ? null : eventTo(breakerEvent(line.name, notice)) };
}

/** A line of `breaker`: each operation starts from the state the recording had before it. */
export function runBreaker(given: unknown): readonly VectorOutcome[] {
  const line = given as BreakerLine;
  let before: VectorBreaker = [1, 0, null];
  let nowS = line.t0;
  const outcomes = [...compareLimits(line)];
  for (const step of line.steps) {
    nowS += step[1];
    outcomes.push(runStep(line, before, { nowS, step }));
    before = [step[3], step[4], step[5]];
  }
  return outcomes;
}
