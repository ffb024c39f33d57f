import type { CommandType } from '@esper/leyline';
import { assess } from '../assess.js';
import type { RiskConfig } from '../config.js';
import type { RiskInput } from '../input.js';
import { carefulnessOf } from '../severity.js';
import type { RiskState } from '../state.js';

/** One decision as recorded: the state it was made in, and what was looked at. */
export interface DecidedRecord {
  readonly before: RiskState;
  readonly input: RiskInput;
}

/** One decision that would come out differently. */
export interface Flip {
  /** Place in the given list. */
  readonly index: number;
  readonly packetId: string;
  /** More careful than it was, or less, or as careful and another reason. */
  readonly direction: 'tighter' | 'looser' | 'reason';
  readonly was: { readonly type: CommandType; readonly reason: string };
  readonly would: { readonly type: CommandType; readonly reason: string };
}

/** The two configurations and whether the second carries its own state on. */
export interface WhatIf {
  readonly config: RiskConfig;
  readonly other: RiskConfig;
  /**
   * `recorded`: each decision is judged in the state it was made in. `own`: the other configuration starts from the first
   * recorded state and then lives with what it decided, conservative mode included.
   */
  readonly carry: 'recorded' | 'own';
}

function directionOf(was: number, would: number): Flip['direction'] {
  if (would > was) return 'tighter';
  return would < was ? 'looser' : 'reason';
}

/**
 * Which of the recorded decisions another configuration would have made differently. Neither the records nor the run are
 * touched; only outcomes of the risk engine are compared, never what training would have made of them.
 */
export function whatIf(records: readonly DecidedRecord[], { config, other, carry }: WhatIf): readonly Flip[] {
  const flips: Flip[] = [];
  let own: RiskState | undefined;
  for (const [index, { before, input }] of records.entries()) {
    const was = assess(before, input, config);
    const would = assess(carry === 'own' ? (own ?? before) : before, input, other);
    own = would.state;
    if (was.command.commandType === would.command.commandType && was.reason === would.reason) continue;
    flips.push({
      index,
      packetId: input.packet.packetId,
      direction: directionOf(carefulnessOf(was.command), carefulnessOf(would.command)),
      was: { type: was.command.commandType, reason: was.reason },
      would: { type: would.command.commandType, reason: would.reason },
    });
  }
  return flips;
}
