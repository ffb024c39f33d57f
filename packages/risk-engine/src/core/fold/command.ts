import type { CommandDraft, RiskMetadata } from '@esper/leyline';
import type { RiskConfig } from '../config.js';
import type { Mitigation } from '../severity.js';
import { tightens, typeAfter } from './verdict.js';

/** What is to become of a proposal. */
export interface Change {
  readonly mitigation: Mitigation;
  readonly reason: string;
}

/** The proposal without any payload. */
function bare(draft: CommandDraft): CommandDraft {
  const {
    seedOperation: _seed,
    optimizerAdjustment: _optimizer,
    circuitBreaker: _breaker,
    rollback: _rollback,
    ...rest
  } = draft;
  return rest;
}

/** The proposal with the one payload its new type needs. A pause keeps what it had, for the record (RE-07). */
function withPayload(draft: CommandDraft, { mitigation, reason }: Change, config: RiskConfig): CommandDraft {
  if (mitigation === 'downgrade') {
    return { ...bare(draft), optimizerAdjustment: { optimizerId: config.downgradeOptimizerId, hyperparameters: {} } };
  }
  if (mitigation === 'rollback') return { ...bare(draft), rollback: { tier: config.rollback.tier, reason } };
  return draft;
}

/**
 * The final command: type and payload as the findings ask where that is more careful than what was proposed, and what
 * only the risk engine may say about it.
 */
export function finalCommand(
  draft: CommandDraft,
  change: Change,
  more: { readonly config: RiskConfig; readonly annotations: CommandDraft['annotations']; readonly risk: RiskMetadata },
): CommandDraft {
  const changed = tightens(draft, change.mitigation);
  return {
    ...(changed ? withPayload(draft, change, more.config) : draft),
    commandType: changed ? typeAfter(draft, change.mitigation) : draft.commandType,
    annotations: more.annotations,
    decision: draft.decision === undefined ? { risk: more.risk } : { ...draft.decision, risk: more.risk },
  };
}
