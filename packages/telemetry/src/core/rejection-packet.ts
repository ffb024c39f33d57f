import type { TelemetryLevel, TelemetryPacket } from '@esper/leyline';
import { buildNoticePacket } from './notice-packet.js';

/** A command that its verifier refused. */
export interface RejectionFacts {
  /** The verifier's own word, for example `invalid_signature`. */
  readonly reason: string;
  /** Only of a command whose signature held; what an attacker wrote is not repeated. */
  readonly commandId?: string;
  readonly trainingRunId?: string;
  readonly timestampMs: number;
  /** The verifier's own judgement; else SV-10 decides by reason. */
  readonly level?: TelemetryLevel;
}

/** Refusals that say nothing about an attack: the sender or this machine is at fault. */
const ERRORS = new Set(['missing_command_id', 'issued_in_future', 'verifier_unavailable']);

/** SV-10: `command_rejected`, CRITICAL except for the reasons above, which are ERROR. */
export function buildRejectionPacket(facts: RejectionFacts): TelemetryPacket {
  const { reason, commandId } = facts;
  const level = facts.level ?? (ERRORS.has(reason) ? 'ERROR' : 'CRITICAL');
  const named = commandId !== undefined && reason !== 'verifier_unavailable';
  return buildNoticePacket({
    packetId: `tamiyo-command-rejected-${facts.timestampMs}${named ? `-${commandId}` : ''}`,
    timestampMs: facts.timestampMs,
    ...(facts.trainingRunId === undefined ? {} : { trainingRunId: facts.trainingRunId }),
    events: [
      { description: 'command_rejected', level, attributes: { reason, ...(named ? { command_id: commandId } : {}) } },
    ],
    indicators: { reason },
  });
}
