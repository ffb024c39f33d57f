import { compareCase, type VectorOutcome } from './compare.js';
import type { Rules } from './deviation-table.js';
import { runNaive } from './naive-model.js';
import { runProduct } from './product-run.js';
import {
  type Outcome,
  type Scenario,
  scenarioOf,
  type VectorCommand,
  type VectorEvent,
  type VectorInput,
} from './vector-line.js';

/** A folder of a vector collection, read by path below it. */
export interface VectorFolder {
  /** Names of the folders directly below. */
  readonly folders: readonly string[];
  /** The bytes of a file, or `undefined` when there is none of that path. */
  read(path: string): Uint8Array | undefined;
}

interface GoldenEvent {
  readonly description: string;
  readonly level: number;
  readonly attributes: Readonly<Record<string, string>>;
}

function readJson(folder: VectorFolder, path: string): unknown {
  const bytes = folder.read(path);
  if (bytes === undefined) throw new RangeError(`the golden scenario has no ${path}`);
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
}

const PAYLOADS = {
  seedOperation: 'seed_operation',
  optimizerAdjustment: 'optimizer_adjustment',
  circuitBreaker: 'circuit_breaker',
} as const;

function payloadOf(command: VectorCommand): string | null {
  const key = (Object.keys(PAYLOADS) as (keyof typeof PAYLOADS)[]).find((name) => command[name] !== undefined);
  return key === undefined ? null : PAYLOADS[key];
}

/** The fixtures leave out how long the mode lasted and what it was called before. */
const shortened = ([description, level, attributes]: VectorEvent): VectorEvent => {
  const { previous_reason: _previous, duration_s: _duration, ...kept } = attributes;
  return [description, level, description === 'conservative_exited' ? kept : attributes];
};

/** What the fixture records; what it does not record is taken from the model, so that it compares as equal. */
function recordedOutcome(folder: VectorFolder, name: string, model: Outcome): Outcome {
  const after = readJson(folder, `${name}/command_after.json`) as VectorCommand;
  const events = readJson(folder, `${name}/events.json`) as readonly GoldenEvent[];
  const metadata = readJson(folder, `${name}/metadata.json`) as { readonly conservative_mode_after: boolean };
  return {
    ...model,
    type: after.commandType ?? 'COMMAND_UNKNOWN',
    payload: payloadOf(after),
    optimizerId: after.optimizerAdjustment === undefined ? null : (after.optimizerAdjustment.optimizerId ?? ''),
    hyperparameters: after.optimizerAdjustment?.hyperparameters ?? {},
    annotations: after.annotations ?? {},
    events: events.map(({ description, level, attributes }) => [description, level, attributes]),
    mode: { ...model.mode, on: metadata.conservative_mode_after },
  };
}

function scenarioIn(folder: VectorFolder, name: string): Scenario {
  const metadata = readJson(folder, `${name}/metadata.json`) as {
    readonly timed_out: boolean;
    readonly blueprint_timeout: boolean;
  };
  const loss = readJson(folder, `${name}/loss_delta.json`) as { readonly loss_delta: number };
  return scenarioOf({
    command: readJson(folder, `${name}/command_before.json`) as VectorCommand,
    metrics: readJson(folder, `${name}/training_metrics.json`) as Readonly<Record<string, number>>,
    blueprint_info: readJson(folder, `${name}/blueprint_info.json`) as VectorInput['blueprint_info'] & object,
    loss_delta: loss.loss_delta,
    timed_out: metadata.timed_out,
    blueprint_timeout: metadata.blueprint_timeout,
  });
}

function runScenario(folder: VectorFolder, name: string): VectorOutcome {
  const scenario = scenarioIn(folder, name);
  const expected = (rules: Rules): Outcome => {
    const { outcome } = runNaive(scenario, rules);
    return { ...outcome, events: outcome.events.map(shortened) };
  };
  const outcome = compareCase({
    recorded: recordedOutcome(folder, name, expected(new Set())),
    expected,
    actual: runProduct(scenario, { kind: 'delta' }),
  });
  return outcome.kind === 'unexplained' ? { ...outcome, detail: `${name}: ${outcome.detail}` } : outcome;
}

/** The `golden` folder: the prototype's own fixtures, one folder per scenario (RE-11). */
export const runGolden = (folder: VectorFolder): readonly VectorOutcome[] =>
  folder.folders.map((name) => runScenario(folder, name));
