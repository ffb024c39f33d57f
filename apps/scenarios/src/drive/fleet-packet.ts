import type { SystemStatePacket } from '@esper/leyline';

/** The packets of a real trainer, to be sent again for others. */
export type TrainerPackets = readonly [SystemStatePacket, ...SystemStatePacket[]];

/** A run's packet of one round: that of a real trainer under another name. So many trainers fit on no machine, and no host can tell. */
export function fleetPacket(packets: TrainerPackets, trainingRunId: string, round: number): SystemStatePacket {
  const from = packets[round % packets.length] ?? packets[0];
  return { ...from, trainingRunId, packetId: `${trainingRunId}-${round}`, globalStep: round + 1 };
}
