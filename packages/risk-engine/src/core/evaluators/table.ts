import { blueprintRisk } from './blueprint-risk.js';
import { conservativeMode } from './conservative-mode.js';
import { degradedInputs } from './degraded-inputs.js';
import type { Evaluator } from './evaluator.js';
import { isolationAndDevice } from './isolation-and-device.js';
import { latency } from './latency.js';
import { loss } from './loss.js';
import { multiSignal } from './multi-signal.js';
import { optimizerHints } from './optimizer-hints.js';
import { policyRisk } from './policy-risk.js';
import { rollback } from './rollback.js';
import { safetySheet } from './safety-sheet.js';
import { stabilisation } from './stabilisation.js';
import { timeouts } from './timeouts.js';
import { validation } from './validation.js';

/** All evaluators, in the order of their events. */
export const EVALUATORS: readonly Evaluator[] = Object.freeze([
  policyRisk,
  conservativeMode,
  timeouts,
  blueprintRisk,
  safetySheet,
  loss,
  latency,
  isolationAndDevice,
  optimizerHints,
  degradedInputs,
  stabilisation,
  multiSignal,
  validation,
  rollback,
]);
