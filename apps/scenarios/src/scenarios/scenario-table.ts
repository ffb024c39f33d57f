import { busOutage, diskFull, inferenceTimeout, metadataTimeout } from './broken-dependencies.js';
import { chaos } from './chaos.js';
import { controlValue } from './control-value.js';
import { dependencyDrill } from './dependency-drill.js';
import { emergencyStorm } from './emergency-storm.js';
import { manyRuns } from './many-runs.js';
import { operatorOverride } from './operator-override.js';
import { policySwap } from './policy-swap.js';
import { rollback } from './rollback.js';
import type { Scenario } from './scenario.js';
import { steadyTrain } from './steady-train.js';

/** Every scenario by the name it is run under. */
export const SCENARIOS = {
  'steady-train': steadyTrain,
  rollback,
  'inference-timeout': inferenceTimeout,
  'metadata-timeout': metadataTimeout,
  'dependency-drill': dependencyDrill,
  'bus-outage': busOutage,
  'disk-full': diskFull,
  'emergency-storm': emergencyStorm,
  'policy-swap': policySwap,
  'operator-override': operatorOverride,
  'many-runs': manyRuns,
  chaos,
  'control-value': controlValue,
} as const satisfies Readonly<Record<string, Scenario>>;
