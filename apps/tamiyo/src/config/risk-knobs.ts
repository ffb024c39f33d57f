import { z } from 'zod';
import { knob, ms, ratio, whole } from './knob.js';

const HOUR_MS = 3_600_000;

/** What the risk engine goes by: thresholds, conservative mode, breakers. */
export const RISK_KNOBS = {
  'risk.conservativeMode': knob('TAMIYO_CONSERVATIVE_MODE', z.boolean(), {
    default: false,
    changes: 'Starts every run in conservative mode until an operator clears it.',
  }),
  'risk.lossSpikeMax': knob('TAMIYO_MAX_LOSS_SPIKE', z.number().positive().max(1e6), {
    default: 0.15,
    changes: 'A rise of the validation loss above this pauses.',
  }),
  'risk.hookLatencyMsMax': knob('TAMIYO_HOOK_BUDGET_MS', ms(HOUR_MS), {
    default: 50,
    changes: 'A hook latency above this pauses, in milliseconds.',
  }),
  'risk.stepLatencyMsMax': knob('TAMIYO_STEP_LATENCY_MAX_MS', ms(HOUR_MS), {
    default: 120,
    changes: 'A step latency above this pauses, in milliseconds.',
  }),
  'risk.applyMsMax': knob('TAMIYO_APPLY_SLOW_MS', ms(HOUR_MS), {
    default: 30,
    changes: 'Applying a command slower than this downgrades a SEED, in milliseconds.',
  }),
  'risk.finalizeMsMax': knob('TAMIYO_FINALIZE_SLOW_MS', ms(HOUR_MS), {
    default: 30,
    changes: 'Finalizing a step slower than this downgrades a SEED, in milliseconds.',
  }),
  'risk.rollbackDirectivesMax': knob('TAMIYO_ROLLBACK_DIRECTIVES_MAX', whole(0, 1_000_000), {
    default: 3,
    changes: 'Rollbacks asked for in one run; beyond, critical risk pauses instead.',
  }),
  'risk.rollbackRecentDecisions': knob('TAMIYO_ROLLBACK_RECENT_DECISIONS', whole(0, 1_000_000), {
    default: 20,
    changes: 'Critical risk within this many decisions after a graft asks for a ROLLBACK, where that is enforced.',
  }),
  'risk.coverageWarnMin': knob('TAMIYO_COVERAGE_WARN_MIN', ratio(), {
    default: 0.3,
    changes: 'Coverage of the inputs below this is a warning.',
  }),
  'risk.coverageCriticalMax': knob('TAMIYO_COVERAGE_CRITICAL_MAX', ratio(), {
    default: 0.1,
    changes: 'Coverage of the inputs up to this pauses; not above coverageWarnMin.',
  }),
  'risk.breakerFailuresMax': knob('TAMIYO_BREAKER_FAILURES_MAX', whole(1, 1_000_000), {
    default: 3,
    changes: 'Failures after which a breaker opens.',
  }),
  'risk.breakerCooldownMs': knob('TAMIYO_BREAKER_COOLDOWN_MS', ms(HOUR_MS), {
    default: 100,
    changes: 'How long an open breaker rests before it lets probes through, in milliseconds.',
  }),
  'risk.sheetSignatureRequired': knob('URABRASK_SIGNING_ENABLED', z.boolean(), {
    default: false,
    changes: 'A safety sheet without a valid signature holds a SEED.',
  }),
} as const;
