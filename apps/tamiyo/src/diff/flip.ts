import type { CommandType } from '@esper/leyline';
import { carefulnessOf } from '@esper/risk-engine';
import type { DecisionRecord } from '../records/record.js';
import type { Verdict } from './judge-again.js';

/** Less careful than it was, more, or as careful and something else. */
export type FlipDirection = 'looser' | 'tighter' | 'other';

/** A past decision that would come out differently. */
export interface Flip {
  readonly direction: FlipDirection;
  readonly decisionId: string;
  readonly trainingRunId: string;
  readonly packetId: string;
  readonly step: number;
  readonly was: { readonly type: CommandType; readonly reason: string };
  readonly would: { readonly type: CommandType; readonly reason: string };
  /** By how many degrees of severity; negative is looser. */
  readonly degrees: number;
}

/** What changes with another judgement; `undefined` when command type, target and reason stay as they are. */
export function flipOf(record: DecisionRecord, would: Verdict): Flip | undefined {
  const { command, deciding, decisionId, trainingRunId, packetId, packet } = record;
  if (sameCommand(command, would.command) && deciding === would.reason) return undefined;
  const degrees = carefulnessOf(would.command) - carefulnessOf(command);
  return {
    direction: degrees === 0 ? 'other' : degrees < 0 ? 'looser' : 'tighter',
    decisionId,
    trainingRunId,
    packetId,
    step: packet.globalStep,
    was: { type: command.commandType, reason: deciding },
    would: { type: would.command.commandType, reason: would.reason },
    degrees,
  };
}

const sameCommand = (one: DecisionRecord['command'], other: DecisionRecord['command']): boolean =>
  one.commandType === other.commandType &&
  one.targetSeedId === other.targetSeedId &&
  one.seedOperation?.blueprintId === other.seedOperation?.blueprintId &&
  one.seedOperation?.operation === other.seedOperation?.operation;
