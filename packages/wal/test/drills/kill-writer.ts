import { systemClock } from '@esper/std/node';
import { SeededRandom } from '@esper/testkit';
import { openWal } from '../../src/index.ts';
import { nodeDisk, nodeRandom } from '../../src/node.ts';
import { payloadSum } from './payload-sum.ts';

/**
 * A writer that is killed. Tells its parent each acknowledgement after it happened, one line each:
 * `ready <last sequence>`, then `ack <sequence> <checksum of the payload>`.
 * Arguments: directory, seed, sabotage.
 */
const [directory = '', seed = '1', sabotage = ''] = process.argv.slice(2);
const random = new SeededRandom(Number(seed));
const options = { segmentBytesMax: 32 * 1024, reserveBytes: 0, recovery: 'tail' } as const;
const wal = await openWal({ disk: nodeDisk(), directory, clock: systemClock, random: nodeRandom, options });
process.stdout.write(`ready ${wal.recovery.lastSequence}\n`);

for (;;) {
  const group = Array.from({ length: random.int(1, 16) }, async () => {
    const payload = random.bytes(random.int(0, 600));
    const sum = payloadSum(payload);
    if (sabotage === 'acknowledge-early') process.stdout.write(`ack ${wal.stats().lastSequence + 1} ${sum}\n`);
    if (sabotage === 'acknowledge-unwritten' && random.chance(0.3)) {
      process.stdout.write(`ack ${wal.stats().lastSequence + 1} ${sum}\n`);
      return;
    }
    const written = sabotage === 'write-other-bytes' && random.chance(0.05) ? payload.slice(1) : payload;
    const { sequence } = await wal.append(written);
    if (sabotage !== 'acknowledge-early') process.stdout.write(`ack ${sequence} ${sum}\n`);
  });
  await Promise.all(group);
}
