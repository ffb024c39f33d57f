import type { Signal } from '@esper/leyline';
import { SeededRandom } from '@esper/testkit';
import { assessWith } from '../../src/core/assess.js';
import type { Evaluator } from '../../src/core/evaluators/evaluator.js';
import { EVALUATORS } from '../../src/core/evaluators/table.js';
import { carefulnessOf, type RiskConfig, type RiskInput, type RiskState } from '../../src/index.js';
import { lastSeen, PROBES, type Probe } from './probes.js';
import { configsOf, type RandomContext, randomContext } from './random-context.js';

/** What a sabotaged engine does differently. The sound engine is the identity. */
export interface Engine {
  readonly table: readonly Evaluator[];
  readonly input: (input: RiskInput) => RiskInput;
  readonly config: (config: RiskConfig) => RiskConfig;
}

export const SOUND: Engine = { table: EVALUATORS, input: (input) => input, config: (config) => config };

/** How careful the outcome is: the command, and whether conservative mode is on afterwards. */
interface Care {
  readonly command: number;
  readonly mode: boolean;
}

function careOf(
  engine: Engine,
  state: RiskState,
  at: { readonly input: RiskInput; readonly config: RiskConfig },
): Care {
  const outcome = assessWith(engine.table, state, { input: engine.input(at.input), config: engine.config(at.config) });
  return { command: carefulnessOf(outcome.command), mode: outcome.state.mode.kind === 'on' };
}

/** One way in which an unknown signal gave a milder outcome than a value of it. */
export interface Loosened {
  readonly probe: string;
  readonly unknown: string;
  readonly value: Signal;
  readonly unknownCare: Care;
  readonly valueCare: Care;
}

/** The unknown forms of one signal in one context. */
function unknownForms(
  probe: Probe,
  { state, input, config }: RandomContext,
): readonly (readonly [string, RiskState, RiskInput])[] {
  const forms: (readonly [string, RiskState, RiskInput])[] = [];
  for (const bad of probe.bad) {
    const set = probe.set(input, bad);
    if (set !== null) forms.push([`bad ${String(bad)}`, state, set]);
  }
  const gone = probe.remove(input);
  if (gone === null || probe.signal === null) return forms;
  const policy = config.signals[probe.signal];
  if (policy.presence === 'required') forms.push(['required and absent', state, gone]);
  else forms.push(['stale', lastSeen(state, probe.signal, policy.ageMsMax + 1), gone]);
  return forms;
}

function worstValue(
  engine: Engine,
  probe: Probe,
  context: RandomContext,
): { readonly care: Care; readonly value: Signal } | null {
  let worst: { readonly care: Care; readonly value: Signal } | null = null;
  let mode = false;
  for (const value of probe.values) {
    const input = probe.set(context.input, value);
    if (input === null) return null;
    const care = careOf(engine, context.state, { input, config: context.config });
    mode = mode || care.mode;
    if (worst === null || care.command > worst.care.command) worst = { care, value };
  }
  return worst === null ? null : { ...worst, care: { ...worst.care, mode } };
}

/** Compares every unknown form of one signal with the most careful outcome any of its values has. */
export function loosenedBy(probe: Probe, context: RandomContext, engine: Engine = SOUND): readonly Loosened[] {
  const worst = worstValue(engine, probe, context);
  if (worst === null) return [];
  return unknownForms(probe, context).flatMap(([unknown, state, input]) => {
    const care = careOf(engine, state, { input, config: context.config });
    const milder = care.command < worst.care.command || (worst.care.mode && !care.mode);
    return milder ? [{ probe: probe.name, unknown, value: worst.value, unknownCare: care, valueCare: worst.care }] : [];
  });
}

/** An endless stream of contexts, each with one signal to try. */
export function* contexts(seed: number): Generator<readonly [RandomContext, Probe]> {
  const random = new SeededRandom(seed);
  const configs = configsOf(seed);
  for (;;) yield [randomContext(random, configs), random.pick(PROBES)];
}
