import type { Figure } from './figure.js';
import type { Kpis } from './kpi-table.js';
import type { Recording } from './recording.js';

/** Something a scenario promises, and how it stood. */
export interface Assertion {
  readonly name: string;
  readonly held: boolean;
  /** What was seen, in words and numbers. */
  readonly seen: string;
}

/** What a scenario found. */
export interface ScenarioOutcome {
  readonly assertions: readonly Assertion[];
  readonly kpis: Kpis;
  /** One per training run; many of them share one report only by their first. */
  readonly recordings: readonly Recording[];
  /** Keys of the scenario's own, printed with `--json`. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Drawings of the scenario's own, for its page. */
  readonly figures?: readonly Figure[];
}

/** An assertion from a condition and what was seen. */
export const assertion = (name: string, held: boolean, seen: string | number): Assertion => ({
  name,
  held,
  seen: String(seen),
});
