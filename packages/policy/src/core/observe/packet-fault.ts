import { SEED_STAGES, type SeedState, type SystemStatePacket } from '@esper/leyline';
import { isBlank } from './blank.js';

interface PacketFault {
  readonly path: string;
  readonly reason: string;
}

/**
 * The first field of a packet that carries its structure and is not sound. Measurements are not looked at here: a bad one
 * is evidence of trouble that the risk engine must see, and the network is shown as absent.
 */
export function packetFault(packet: SystemStatePacket): PacketFault | undefined {
  const counted = countFault('currentEpoch', packet.currentEpoch) ?? countFault('globalStep', packet.globalStep);
  if (counted !== undefined) return counted;
  const seen = new Set<string>();
  for (const [index, seed] of packet.seedStates.entries()) {
    const fault = seedFault(seed, seen);
    if (fault !== undefined) return { ...fault, path: `seedStates[${index}].${fault.path}` };
    if (!isBlank(seed.seedId)) seen.add(seed.seedId);
  }
  return undefined;
}

function seedFault(seed: SeedState, seen: ReadonlySet<string>): PacketFault | undefined {
  if (seen.has(seed.seedId)) return { path: 'seedId', reason: 'is given twice' };
  if (!Object.hasOwn(SEED_STAGES, seed.stage)) return { path: 'stage', reason: 'is no known stage' };
  return countFault('layerDepth', seed.layerDepth) ?? countFault('ageEpochs', seed.ageEpochs);
}

const countFault = (path: string, value: number | undefined): PacketFault | undefined =>
  value === undefined || (Number.isFinite(value) && value >= 0)
    ? undefined
    : { path, reason: 'is not a finite number of at least 0' };
