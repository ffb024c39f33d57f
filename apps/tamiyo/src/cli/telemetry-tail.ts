import { randomUUID } from 'node:crypto';
import { decodeMessage } from '@esper/leyline';
import type { Delivery } from '@esper/oona';
import { EXIT, type Output } from './output.js';
import { becomesTrue, streamsNamed, type TelemetryTarget } from './telemetry-streams.js';
import { wholeNumber } from './whole-number.js';

/** Prints packets as they come. Reads in a group of its own, which is gone afterwards, so nobody misses anything. */
export async function tailStreams(
  { bus, output }: TelemetryTarget,
  options: { readonly stream: string; readonly count: string; readonly for: string },
): Promise<number> {
  const streams = streamsNamed('--stream', options.stream);
  const countMax = wholeNumber('--count', options.count, { least: 1, most: 1_000_000 });
  const seconds = wholeNumber('--for', options.for, { least: 1, most: 86_400 });
  const group = `tail-${randomUUID()}`;
  let printed = 0;
  const subscriptions: { close(): Promise<void> }[] = [];
  try {
    for (const stream of streams) {
      const show = async (delivery: Delivery): Promise<void> => {
        if (printed >= countMax) return;
        printed += 1;
        printDelivery(output, delivery);
      };
      subscriptions.push(await bus.subscribe(stream, group, show));
    }
    await becomesTrue(() => printed >= countMax, seconds * 1000);
  } finally {
    await Promise.all(subscriptions.map((subscription) => subscription.close()));
    // A group that stayed would hold back what it has not read.
    await Promise.all(streams.map((stream) => bus.dropGroup(stream, group)));
  }
  output.note(`${printed} packets`);
  return EXIT.ok;
}

function printDelivery(output: Output, { stream, envelope }: Delivery): void {
  const decoded = envelope.messageType === 'TELEMETRY' ? decodeMessage('TelemetryPacket', envelope.payload) : undefined;
  if (decoded?.ok !== true) {
    output.object({ stream, messageId: envelope.messageId, messageType: envelope.messageType, readable: false });
    output.line(`${stream} ${envelope.messageType} ${envelope.messageId}: cannot be read`);
    return;
  }
  const packet = decoded.value;
  const { packetId, priority, level, health, trainingRunId, timestampMs } = packet;
  const events = packet.events.map(({ description }) => description);
  output.object({ stream, packetId, priority, level, summary: health.summary, events, trainingRunId, timestampMs });
  const when = new Date(timestampMs).toISOString();
  output.line(`${when} ${stream} ${priority} ${health.status} ${health.summary} ${packetId} [${events.join(' ')}]`);
}
