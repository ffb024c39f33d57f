import { z } from 'zod';
import { knob, ms, whole } from './knob.js';

/** How a new policy comes into force. */
export const POLICY_KNOBS = {
  'policy.updateAgeSecMax': knob('TAMIYO_UPDATE_FRESHNESS_SEC', whole(0, 315_360_000), {
    default: 0,
    changes: 'Oldest a policy bundle may be when it is staged, in seconds; 0 is no limit.',
  }),
  'policy.latencyMsMax': knob('TAMIYO_POLICY_LATENCY_MAX_MS', ms(60_000), {
    default: 45,
    changes: 'A new policy whose inference is slower than this at p95 is refused, in milliseconds.',
  }),
  'policy.shadowDecisions': knob('TAMIYO_POLICY_SHADOW_DECISIONS', whole(0, 100_000), {
    default: 20,
    changes: 'Live decisions that a new policy makes in shadow before it may be swapped in; 0 swaps without.',
  }),
  'policy.shadowMs': knob('TAMIYO_POLICY_SHADOW_MS', ms(86_400_000), {
    default: 60_000,
    changes: 'How long a new policy waits in shadow for those decisions, in milliseconds; then it is refused.',
  }),
  'policy.healthDecisions': knob('TAMIYO_POLICY_HEALTH_DECISIONS', whole(0, 100_000), {
    default: 20,
    changes: 'Decisions after a swap that the health gate looks at.',
  }),
  'policy.healthMs': knob('TAMIYO_POLICY_HEALTH_MS', ms(86_400_000), {
    default: 5_000,
    changes:
      'Longest that the health gate waits for those decisions, in milliseconds; it then judges by those that came.',
  }),
  'policy.fromBus': knob('TAMIYO_POLICY_FROM_BUS', z.boolean(), {
    default: true,
    changes: 'Takes policy updates from the stream oona.policy. Off, they come from the command line alone.',
  }),
} as const;
