import { decodeMessage, type LeylineRefusal, type SystemStatePacket, validateMessage } from '@esper/leyline';
import type { Result } from '@esper/std';
import { DecisionError } from '../errors.js';
import type { Validated } from './stages.js';

/** Bytes are decoded, values are checked: either way the result is a packet or a refusal that names path, expected, found. */
export function validatePacket(input: unknown, runId: string): Validated {
  const packet: Result<SystemStatePacket, LeylineRefusal> =
    input instanceof Uint8Array
      ? decodeMessage('SystemStatePacket', input)
      : validateMessage('SystemStatePacket', input);
  if (packet.ok && packet.value.trainingRunId === runId) return { packet: packet.value };
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
