import type { Fault } from '../core/fault-schedule.js';

/** What a scenario is told on the command line. */
export interface ScenarioRequest {
  readonly seed: number;
  readonly steps: number;
  readonly faults: readonly Fault[];
  /** Tells a human how it goes, one line at a time. Silent with `--json`. */
  say(line: string): void;
}

/** What a scenario found. */
export interface ScenarioOutcome {
  /** Printed as the last line with `--json`. Keys are API. */
  readonly json: Readonly<Record<string, unknown>>;
  /** What was asserted and did not hold; empty when all is well. */
  readonly failures: readonly string[];
}

/** One scenario of the harness. */
export interface Scenario {
  readonly about: string;
  readonly defaultSteps: number;
  run(request: ScenarioRequest): Promise<ScenarioOutcome>;
}
