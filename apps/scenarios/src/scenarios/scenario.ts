import type { Fault } from '@esper/harness';
import type { ScenarioOutcome } from '../core/outcome.js';

/** What a scenario is told on the command line. */
export interface ScenarioRequest {
  readonly seed: number;
  /** Training steps, or drills where the scenario counts those. */
  readonly steps: number;
  /** Faults of the command line, for `steady-train` and `control-value`: what the trainer is to suffer. */
  readonly faults: readonly Fault[];
  /** An empty folder that belongs to this run. */
  readonly dataDir: string;
  /** With `--continue`: what the scenario's last report in the same folder found of its own. */
  readonly earlier?: Readonly<Record<string, unknown>>;
  /** Takes away the handling of the scenario's own fault: the scenario must then fail. */
  readonly sabotaged: boolean;
  /** One line about what is happening. Silent with `--json`. */
  say(line: string): void;
  /** How far it is. */
  progress(done: number, total: number): void;
}

/** One scenario of the harness. */
export interface Scenario {
  readonly about: string;
  /** What `--sabotage unhandled` takes away. */
  readonly sabotage: string;
  /** Steps of the short form, which CI runs, and of the usual one. */
  readonly steps: { readonly short: number; readonly usual: number };
  run(request: ScenarioRequest): Promise<ScenarioOutcome>;
}
