import type { Delivered } from '../stages/stages.js';
import { comparison } from './explanation.js';

/** A decision in one line: what came of the proposal, who decided, what would have changed it. */
export function outcomeLine({
  command,
  proposed,
  assessment,
}: Pick<Delivered, 'command' | 'proposed' | 'assessment'>): string {
  const outcome =
    command.commandType === proposed.commandType
      ? `${command.commandType} as proposed`
      : `${command.commandType} instead of ${proposed.commandType}`;
  const { deciding, reason } = assessment;
  if (deciding === undefined) return `${outcome}: nobody objected`;
  const otherwise = typeof deciding.counterfactual === 'string' ? `; ${deciding.counterfactual}` : '';
  return `${outcome}: ${deciding.evaluator} found ${comparison(deciding)} (${reason})${otherwise}`;
}
