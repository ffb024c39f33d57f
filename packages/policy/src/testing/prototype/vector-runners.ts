import type { DecisionCase } from './decision-case.js';
import { DECISION_DEVIATIONS } from './decision-deviations.js';
import { runDecisionCase } from './decision-runner.js';
import type { GraphBuilderCase } from './graph-builder-case.js';
import { runGraphBuilderCase } from './graph-builder-runner.js';
import { GRAPH_DEVIATIONS } from './graph-deviations.js';
import type { LineOutcome } from './line-outcome.js';

/** Compares one parsed line of a recorded file of that name with what this package makes of it. */
export const vectorRunners = {
  'graph-builder-cases': (line: unknown): LineOutcome => runGraphBuilderCase(line as GraphBuilderCase),
  'decision-cases': (line: unknown): LineOutcome => runDecisionCase(line as DecisionCase),
} as const;

/** Every deviation the runners may name, and the reason for it. */
export const deviations: Readonly<Record<string, string>> = { ...GRAPH_DEVIATIONS, ...DECISION_DEVIATIONS };
