import { join } from 'node:path';
import { type BusEnvelope, decodeMessage, encodeMessage, type MessageKind, type Messages } from '@esper/leyline';
import { observe } from '@esper/policy';
import { tempFolder } from '@esper/testkit';
import type { Host } from '../apps/tamiyo/src/index.ts';
import { type DrillFlags, type DrillOutcome, runDrill } from '../tools/drill/drill.ts';
import { observationInput, openAt, packetOf, spread } from './host-parts/open-host.ts';
import { BareFile } from './wal-parts/bare-file.ts';
import { median, round, timed } from './wal-parts/timing.ts';

/**
 * `pnpm bench messages`: the messages of real decisions (packet, command, telemetry, field report): how large they are on the wire, and
 * what encoding and checked decoding cost beside JSON of the same message, in turn. The graph builder; one emitted telemetry packet; and
 * one durable publish on the embedded bus beside a bare write + fdatasync of as many bytes.
 */
const DECISIONS = 40;
const REPEATS = 50;
const WARM_UP_CALLS = 2_000;
const EMITS = 200;
/** The budget of the graph builder, and of a publish (p95, ms). */
const BUILDER_MS_MAX = 2;
const PUBLISH_MS_MAX = 25;

interface Captured {
  readonly envelope: BusEnvelope;
  readonly samples: { readonly [Kind in MessageKind]?: Messages[Kind] };
}

/** Decides some packets and takes down what went over the bus meanwhile. */
async function capture(host: Host): Promise<Captured> {
  const seen: BusEnvelope[] = [];
  const streams = ['oona.telemetry', 'oona.normal'] as const;
  const subscriptions = await Promise.all(
    streams.map((stream) =>
      host.bus.subscribe(stream, 'bench', async ({ envelope }) => {
        seen.push(envelope);
      }),
    ),
  );
  const outcomes = [];
  for (let step = 1; step <= DECISIONS; step += 1) outcomes.push(await host.decide('run-1', packetOf(step)));
  const of = (type: BusEnvelope['messageType']) => seen.find(({ messageType }) => messageType === type);
  for (let turn = 0; turn < 500 && (of('TELEMETRY') === undefined || of('FIELD_REPORT') === undefined); turn += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  for (const subscription of subscriptions) await subscription.close();
  const command = outcomes.find((outcome) => outcome.ok);
  const [telemetry, report] = [of('TELEMETRY'), of('FIELD_REPORT')];
  if (command?.ok !== true || telemetry === undefined || report === undefined)
    throw new Error('the host gave no command, no telemetry or no report');
  return {
    envelope: telemetry,
    samples: {
      SystemStatePacket: packetOf(1),
      AdaptationCommand: { ...command.value.command, ...command.value.identity },
      TelemetryPacket: checked('TelemetryPacket', telemetry.payload),
      FieldReport: checked('FieldReport', report.payload),
    },
  };
}

function checked<Kind extends MessageKind>(kind: Kind, bytes: Uint8Array): Messages[Kind] {
  const decoded = decodeMessage(kind, bytes);
  if (!decoded.ok) throw new Error(`${kind}: ${decoded.error.code}`);
  return decoded.value;
}

/** Microseconds of one call: median and 95th percentile over many batches. */
function microseconds(budgetMs: number, work: () => unknown) {
  const taken: number[] = [];
  for (let call = 0; call < WARM_UP_CALLS; call += 1) work();
  const until = performance.now() + budgetMs;
  while (performance.now() < until) {
    const from = performance.now();
    for (let repeat = 0; repeat < REPEATS; repeat += 1) work();
    taken.push(((performance.now() - from) * 1000) / REPEATS);
  }
  const { p50, p95 } = spread(taken);
  return { p50Us: p50, p95Us: p95 };
}

function ofMessage<Kind extends MessageKind>(kind: Kind, message: Messages[Kind], budgetMs: number) {
  const bytes = encodeMessage(kind, message);
  const text = JSON.stringify(message, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
  const twin = JSON.parse(text) as unknown;
  const share = budgetMs / 4;
  const encode = microseconds(share, () => encodeMessage(kind, message));
  const json = microseconds(share, () => Buffer.from(JSON.stringify(twin)));
  const decode = microseconds(share, () => checked(kind, bytes));
  const parse = microseconds(share, () => JSON.parse(text) as unknown);
  return {
    bytes: bytes.length,
    jsonBytes: Buffer.byteLength(text),
    encode,
    decodeChecked: decode,
    encodeOverJson: round(encode.p50Us / json.p50Us),
    decodeOverJson: round(decode.p50Us / parse.p50Us),
  };
}

async function builderMs(host: Host, rounds: number) {
  const policy = host.policies.inForce();
  if (!policy.ok) throw new Error(policy.error);
  const input = await observationInput(host);
  const taken: number[] = [];
  for (let at = 0; at < rounds; at += 1) {
    const from = performance.now();
    if (!observe(input, policy.value.observeLimits).ok) throw new Error('the packet was refused');
    taken.push(performance.now() - from);
  }
  return spread(taken.slice(Math.floor(rounds / 4)));
}

/** A durable publish and a bare write + fdatasync of as many bytes, in turn. */
async function publishMs(host: Host, envelope: BusEnvelope, { bare, rounds }: { bare: BareFile; rounds: number }) {
  const [published, written]: [number[], number[]] = [[], []];
  for (let at = 0; at < rounds; at += 1) {
    const publish = () => host.bus.publish('oona.telemetry', { ...envelope, messageId: `bench-${at}` });
    const write = () => bare.append(envelope.payload);
    if (at % 2 === 0) {
      published.push(await timed(publish));
      written.push(await timed(write));
    } else {
      written.push(await timed(write));
      published.push(await timed(publish));
    }
  }
  return { ...spread(published), bareP50: spread(written).p50, overBare: round(median(published) / median(written)) };
}

/** Emits of one packet at a time, few enough that the lane keeps them all: what a decision pays. */
function emitted(host: Host, packet: Messages['TelemetryPacket']) {
  const taken: number[] = [];
  for (let at = 0; at < EMITS; at += 1) {
    const from = performance.now();
    host.telemetry.emit({ ...packet, packetId: `bench-${at}` });
    taken.push((performance.now() - from) * 1000);
  }
  return spread(taken.slice(EMITS / 4));
}

async function bench({ budgetMs, assert: judged }: DrillFlags): Promise<DrillOutcome> {
  const folder = await tempFolder();
  const host = await openAt(folder.path, 'durable');
  const bare = new BareFile(join(folder.path, 'bare'));
  try {
    const { envelope, samples } = await capture(host);
    const kinds = Object.keys(samples) as (keyof typeof samples)[];
    const share = budgetMs / (kinds.length + 2);
    const messages = Object.fromEntries(
      kinds.map((kind) => [kind, ofMessage(kind, samples[kind] as Messages[typeof kind], share)]),
    );
    const rounds = Math.max(40, Math.floor(share / 10));
    const graphBuilderMs = await builderMs(host, rounds * 2);
    const publish = await publishMs(host, envelope, { bare, rounds });
    const emitUs = emitted(host, checked('TelemetryPacket', envelope.payload));
    const failures = [
      ...(judged && !(graphBuilderMs.p95 < BUILDER_MS_MAX) ? [`graph builder p95 ${graphBuilderMs.p95} ms`] : []),
      ...(judged && !(publish.p95 < PUBLISH_MS_MAX) ? [`publish p95 ${publish.p95} ms`] : []),
    ];
    return { json: { messages, graphBuilderMs, publishMs: publish, emitUs }, failures };
  } finally {
    bare.close();
    await host.close();
    await folder.remove();
  }
}

await runDrill({ name: 'bench messages', defaultBudgetMs: 20_000 }, bench);
