import type { CommandDraft, RiskMetadata } from '@esper/leyline';
import type { RiskConfig } from '../config.js';
import type { Mitigation } from '../severity.js';
import { tightens, typeAfter } from './verdict.js';

type Payloads = Pick<CommandDraft, 'seedOperation' | 'optimizerAdjustment' | 'circuitBreaker' | 'rollback'>;

/** The one payload a changed command carries. A pause keeps what it had, for the record (RE-07). */
function payloadOf(
  draft: CommandDraft,
  change: { readonly mitigation: Mitigation; readonly reason: string },
  config: RiskConfig,
): Payloads {
  if (change.mitigation === 'downgrade') {
    return { optimizerAdjustment: { optimizerId: config.downgradeOptimizerId, hyperparameters: {} } };
  }
  if (change.mitigation === 'rollback') return { rollback: { tier: config.rollback.tier, reason: change.reason } };
  const { seedOperation, optimizerAdjustment, circuitBreaker, rollback } = draft;
  return {
    ...(seedOperation === undefined ? {} : { seedOperation }),
    ...(optimizerAdjustment === undefined ? {} : { optimizerAdjustment }),
    ...(circuitBreaker === undefined ? {} : { circuitBreaker }),
    ...(rollback === undefined ? {} : { rollback }),
  };
}

/** The draft with type and payload as the findings ask; the same object when they ask for nothing more careful. */
export function mitigate(
  draft: CommandDraft,
  change: { readonly mitigation: Mitigation; readonly reason: string },
  config: RiskConfig,
): CommandDraft {
  if (!tightens(draft, change.mitigation)) return draft;
  const { seedOperation: _s, optimizerAdjustment: _o, circuitBreaker: _c, rollback: _r, ...rest } = draft;
  return { ...rest, commandType: typeAfter(draft, change.mitigation), ...payloadOf(draft, change, config) };
}

/** The command with what only the risk engine may say about it. */
export const annotate = (
  command: CommandDraft,
  annotations: Readonly<Record<string, string>>,
  risk: RiskMetadata,
): CommandDraft => ({
  ...command,
  annotations,
  decision: command.decision === undefined ? { risk } : { ...command.decision, risk },
});
