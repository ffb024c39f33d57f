/** Every event this package describes. The host sends them; both end the decision without a command. */
export const POLICY_EVENTS = {
  'dependency_guard.violation': {
    level: 'CRITICAL',
    means: 'A proposed command lacks something it depends on: a seed, a blueprint, its host layers, its run.',
  },
  blend_validation_failed: {
    level: 'CRITICAL',
    means: 'The blend of a proposed graft is not one the executing side could carry out as it is written.',
  },
} as const;
