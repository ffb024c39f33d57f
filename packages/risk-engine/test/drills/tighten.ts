import type { Signal } from '@esper/leyline';
import { type DrillFlags, type DrillOutcome, runDrill } from '../../../../tools/drill/drill.ts';
import type { Evaluator } from '../../src/core/evaluators/evaluator.js';
import { SIGNAL_NAMES } from '../../src/core/signals/signal-table.js';
import type { RiskInput } from '../../src/index.js';
import { contexts, type Engine, type Loosened, loosenedBy, SOUND } from '../support/tighten.js';

const mapMetrics = (input: RiskInput, change: (value: Signal) => Signal | undefined): RiskInput => {
  const entries = Object.entries(input.packet.trainingMetrics).flatMap(([name, value]) => {
    const changed = change(value);
    return changed === undefined ? [] : [[name, changed] as const];
  });
  return { ...input, packet: { ...input.packet, trainingMetrics: Object.fromEntries(entries) } };
};

const wrap = (change: (evaluator: Evaluator) => Evaluator): Engine => ({ ...SOUND, table: SOUND.table.map(change) });

/** Each plants one known fault; the drill must find a loosened command. */
const SABOTAGES: Readonly<Record<string, { readonly what: string; readonly engine: Engine }>> = {
  'nan-is-zero': {
    what: 'NaN metrics are read as 0',
    engine: { ...SOUND, input: (input) => mapMetrics(input, (value) => (Number.isNaN(value) ? 0 : value)) },
  },
  'infinity-compares': {
    what: 'infinite metrics are clamped to finite ones and compared',
    engine: {
      ...SOUND,
      input: (input) =>
        mapMetrics(input, (value) => (typeof value === 'number' ? Math.max(-1e308, Math.min(1e308, value)) : value)),
    },
  },
  'text-is-dropped': {
    what: 'metrics that are text are taken for absent',
    engine: {
      ...SOUND,
      input: (input) => mapMetrics(input, (value) => (typeof value === 'string' ? undefined : value)),
    },
  },
  'required-is-optional': {
    what: 'nothing is required',
    engine: {
      ...SOUND,
      config: (config) => ({
        ...config,
        signals: Object.fromEntries(
          SIGNAL_NAMES.map((name) => [name, { ...config.signals[name], presence: 'optional' }]),
        ) as typeof config.signals,
      }),
    },
  },
  'stale-is-fresh': {
    what: 'signals may be absent for ever',
    engine: {
      ...SOUND,
      config: (config) => ({
        ...config,
        signals: Object.fromEntries(
          SIGNAL_NAMES.map((name) => [name, { ...config.signals[name], ageMsMax: 1e15 }]),
        ) as typeof config.signals,
      }),
    },
  },
  'unknown-asks-less': {
    what: 'unknown findings ask for a downgrade at most',
    engine: wrap((evaluator) => ({
      ...evaluator,
      evaluate(context) {
        const { facts, findings } = evaluator.evaluate(context);
        return {
          facts,
          findings: findings.map((found) =>
            found.verdict === 'unknown' && found.mitigation !== 'none' ? { ...found, mitigation: 'downgrade' } : found,
          ),
        };
      },
    })),
  },
  'evaluator-skipped': {
    what: 'an evaluator that meets an unknown signal says nothing',
    engine: wrap((evaluator) => ({
      ...evaluator,
      evaluate(context) {
        const evaluation = evaluator.evaluate(context);
        const unknown = evaluation.findings.some(({ verdict, reason }) => verdict === 'unknown' && reason !== '');
        return unknown ? { facts: [], findings: [] } : evaluation;
      },
    })),
  },
  'mode-not-entered': {
    what: 'unknown signals do not enter conservative mode',
    engine: wrap((evaluator) => ({
      ...evaluator,
      evaluate(context) {
        const { facts, findings } = evaluator.evaluate(context);
        return {
          facts,
          findings: findings.map((found) => (found.verdict === 'unknown' ? { ...found, entersMode: false } : found)),
        };
      },
    })),
  },
};

const DEFAULT_COUNT = 1_000_000;

async function tighten({ seed, budgetMs, count, sabotage, json }: DrillFlags): Promise<DrillOutcome> {
  const engine = sabotage === undefined ? SOUND : (SABOTAGES[sabotage]?.engine ?? SOUND);
  const countMax = count ?? DEFAULT_COUNT;
  const endMs = performance.now() + budgetMs;
  const examples: Loosened[] = [];
  const distinct = new Set<number>();
  let done = 0;
  let loosened = 0;
  for (const [context, probe] of contexts(seed)) {
    if (done >= countMax || (count === undefined && performance.now() >= endMs)) break;
    const found = loosenedBy(probe, context, engine);
    done += 1;
    distinct.add(hashOf([probe.name, context.input, context.state.mode, context.state.lastValidationLoss]));
    loosened += found.length;
    if (examples.length < 5) examples.push(...found.slice(0, 5 - examples.length));
    if (sabotage !== undefined && loosened > 0) break;
    if (!json && done % 50_000 === 0) console.error(`${done} contexts, ${loosened} loosened`);
  }
  return {
    json: { contexts: done, distinct: distinct.size, loosened, seed, examples },
    failures: loosened === 0 ? [] : [`${loosened} unknown signals gave a milder outcome (seed ${seed})`],
  };
}

/** FNV-1a over the JSON text: tells contexts apart, at a collision rate that does not matter for a count. */
function hashOf(value: unknown): number {
  let hash = 0x811c9dc5;
  for (const character of JSON.stringify(value)) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}

await runDrill(
  {
    name: 'risk:tighten',
    defaultBudgetMs: 60_000,
    sabotages: Object.fromEntries(Object.entries(SABOTAGES).map(([name, { what }]) => [name, what])),
  },
  tighten,
);
