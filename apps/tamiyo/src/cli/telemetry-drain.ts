import { EXIT } from './output.js';
import { becomesTrue, streamsNamed, type TelemetryStreamName, type TelemetryTarget } from './telemetry-streams.js';
import { wholeNumber } from './whole-number.js';

/** Group that reads a stream which has none. */
const OWN_GROUP = 'drain';

interface StreamLength {
  readonly stream: TelemetryStreamName;
  readonly entries: number;
  readonly unacknowledged: Readonly<Record<string, number>>;
}

/** CLI-07: says what waits, and unless it is a dry run acknowledges it for every group. */
export async function drainStreams(
  target: TelemetryTarget,
  options: { readonly streams: string; readonly dryRun?: boolean; readonly for: string },
): Promise<number> {
  const streams = streamsNamed('--streams', options.streams);
  const seconds = wholeNumber('--for', options.for, { least: 1, most: 86_400 });
  const before = streams.map((stream) => lengthOf(target, stream));
  for (const length of before) target.output.line(describe(length));
  if (options.dryRun === true) {
    target.output.object({ dryRun: true, streams: before });
    return EXIT.ok;
  }
  let drained = 0;
  let isDone = true;
  for (const length of before) {
    const outcome = await drainStream(target, length, seconds * 1000);
    drained += outcome.drained;
    isDone &&= outcome.isDone;
  }
  const after = streams.map((stream) => lengthOf(target, stream));
  target.output.object({ dryRun: false, drained, complete: isDone, streams: after });
  target.output.line(`${drained} acknowledged${isDone ? '' : '; somebody else still holds entries'}`);
  return isDone ? EXIT.ok : EXIT.timeout;
}

function lengthOf({ bus }: TelemetryTarget, stream: TelemetryStreamName): StreamLength {
  const { entries, unacknowledged } = bus.depth(stream);
  return { stream, entries, unacknowledged };
}

async function drainStream(
  { bus }: TelemetryTarget,
  { stream, entries, unacknowledged }: StreamLength,
  withinMs: number,
): Promise<{ readonly drained: number; readonly isDone: boolean }> {
  const known = Object.keys(unacknowledged);
  const groups = known.length > 0 ? known : [OWN_GROUP];
  let drained = 0;
  for (const group of groups) {
    const subscription = await bus.subscribe(stream, group, async () => {
      drained += 1;
    });
    const waiting = (): number => bus.depth(stream).unacknowledged[group] ?? (known.length > 0 ? 0 : entries - drained);
    const isDone = await becomesTrue(() => waiting() <= 0, withinMs);
    await subscription.close();
    if (group === OWN_GROUP && known.length === 0) await bus.dropGroup(stream, group);
    if (!isDone) return { drained, isDone };
  }
  return { drained, isDone: true };
}

const describe = ({ stream, entries, unacknowledged }: StreamLength): string => {
  const groups = Object.entries(unacknowledged).map(([group, count]) => `${group} ${count}`);
  return `${stream.padEnd(16)} ${entries} entries; not acknowledged: ${groups.length === 0 ? 'no group' : groups.join(', ')}`;
};
