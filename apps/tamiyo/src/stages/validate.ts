import { decodeMessage, type LeylineRefusal, type SystemStatePacket, validateMessage } from '@esper/leyline';
import { err, type Result } from '@esper/std';
import { DecisionError } from '../errors.js';
import { UnreadablePacket } from './unreadable-packet.js';

/** Bytes are decoded, values are checked: either way the result is a packet or a refusal that names path, expected, found. */
export function validatePacket(input: unknown, runId: string): SystemStatePacket {
  const packet = readPacket(input);
  if (packet.ok && packet.value.trainingRunId === runId) return packet.value;
  if (packet.ok) {
    throw new DecisionError(
      'PACKET_INVALID',
      `the packet is of run ${packet.value.trainingRunId}, it was sent for ${runId}`,
      { reason: 'packet_invalid' },
    );
  }
  const { code, path, expected, found } = packet.error;
  throw new DecisionError('PACKET_INVALID', `the packet is refused: ${path}: expected ${expected}, found ${found}`, {
    reason: 'packet_invalid',
    attributes: { path, refusal: code },
  });
}

function readPacket(input: unknown): Result<SystemStatePacket, LeylineRefusal> {
  if (input instanceof UnreadablePacket) return err(input.refusal);
  return input instanceof Uint8Array
    ? decodeMessage('SystemStatePacket', input)
    : validateMessage('SystemStatePacket', input);
}
