import type { Scenario } from './scenario.js';
import { steadyTrain } from './steady-train.js';

/** Every scenario of `pnpm harness`, by name. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'steady-train': steadyTrain,
};
