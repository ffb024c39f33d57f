import type { CommandDraft, CommandType } from '@esper/leyline';

/**
 * What a finding asks for, mildest first. This list is the one place where severity is written down; it is compared by
 * {@link severityOf} only.
 */
export const MITIGATIONS = ['none', 'downgrade', 'pause', 'rollback', 'emergency'] as const;
export type Mitigation = (typeof MITIGATIONS)[number];

/**
 * How careful a command is, on one scale with the mitigations: seed = pruning = breaker-close < downgrade to optimizer <
 * breaker-open < pause < rollback < emergency. Commands of type UNKNOWN have no rank: they are refused before.
 */
const RANKS = {
  grow: 0,
  optimizer: 1,
  breakerOpen: 2,
  pause: 3,
  rollback: 4,
  emergency: 5,
} as const;

const RANK_OF_MITIGATION = {
  none: RANKS.grow,
  downgrade: RANKS.optimizer,
  pause: RANKS.pause,
  rollback: RANKS.rollback,
  emergency: RANKS.emergency,
} as const satisfies Record<Mitigation, number>;

const RANK_OF_TYPE = {
  UNKNOWN: RANKS.grow,
  SEED: RANKS.grow,
  STRUCTURAL_PRUNING: RANKS.grow,
  CIRCUIT_BREAKER: RANKS.grow,
  OPTIMIZER: RANKS.optimizer,
  PAUSE: RANKS.pause,
  ROLLBACK: RANKS.rollback,
  EMERGENCY: RANKS.emergency,
} as const satisfies Record<CommandType, number>;

/** The rank of a mitigation, 0 (none) upwards. Comparable with {@link carefulnessOf}. */
export const severityOf = (mitigation: Mitigation): number => RANK_OF_MITIGATION[mitigation];

/** The graver of two mitigations. */
export const graver = (a: Mitigation, b: Mitigation): Mitigation => (severityOf(b) > severityOf(a) ? b : a);

/**
 * How careful a command is, 0 (lets the network grow) to 5 (halts). A breaker command counts as opening only when it
 * asks for OPEN; half-open and unset let calls through.
 */
export function carefulnessOf(draft: CommandDraft): number {
  if (draft.commandType === 'CIRCUIT_BREAKER' && draft.circuitBreaker?.desiredState === 'OPEN')
    return RANKS.breakerOpen;
  return RANK_OF_TYPE[draft.commandType];
}
