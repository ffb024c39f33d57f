import type { AdaptationCommand, CommandDraft, CommandIdentity } from '@esper/leyline';
import type { TrustedKey } from './key-ring.js';
import type { RefusalReason } from './refusal.js';

/** Draft and identity together, when the key may issue that type of command. The identity wins over the payload. */
export function buildCommand(
  draft: CommandDraft,
  identity: CommandIdentity,
  key: TrustedKey,
): AdaptationCommand | RefusalReason {
  const mayIssue = key.commandTypes === undefined || key.commandTypes.includes(draft.commandType);
  return mayIssue ? Object.freeze({ ...draft, ...identity }) : 'command_not_allowed';
}
