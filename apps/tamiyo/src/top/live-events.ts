import { assertNever } from '@esper/std';
import { z } from 'zod';
import type { HostEvent } from '../host/decision-host.js';
import { failureCountOf, type RunFacts, type TopEvent } from './top-event.js';

/** An event of a running host as something that happened. */
function eventOfHost(event: HostEvent): TopEvent {
  switch (event.type) {
    case 'decision': {
      const { atMs, trainingRunId, commandType, proposedType, reason, totalMs } = event;
      const isChanged = commandType !== proposedType;
      const text = isChanged ? `${proposedType} → ${commandType} (${reason})` : `${commandType} (${reason})`;
      return { kind: 'decision', atMs, trainingRunId, text, commandType, isChanged, totalMs };
    }
    case 'failure':
      return {
        kind: 'failure',
        atMs: event.atMs,
        trainingRunId: event.trainingRunId,
        text: `${event.code}: ${event.reason}`,
      };
    case 'transition':
      return { kind: 'note', atMs: event.atMs, trainingRunId: event.trainingRunId, text: event.event.description };
    case 'operator': {
      const { kind, order, trainingRunId } = event.action;
      return { kind: 'order', atMs: event.atMs, trainingRunId, text: `${kind} by ${order.who}: ${order.why}` };
    }
    default:
      return assertNever(event, 'host event');
  }
}

/** As much of an event as is shown. The host may add more. */
const HOST_EVENT = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('decision'),
    atMs: z.number(),
    trainingRunId: z.string(),
    commandType: z.string(),
    proposedType: z.string(),
    reason: z.string(),
    totalMs: z.number(),
  }),
  z.looseObject({
    type: z.literal('failure'),
    atMs: z.number(),
    trainingRunId: z.string(),
    code: z.string(),
    reason: z.string(),
  }),
  z.looseObject({
    type: z.literal('transition'),
    atMs: z.number(),
    trainingRunId: z.string(),
    event: z.looseObject({ description: z.string() }),
  }),
  z.looseObject({
    type: z.literal('operator'),
    atMs: z.number(),
    action: z.looseObject({
      kind: z.string(),
      trainingRunId: z.string(),
      order: z.looseObject({ who: z.string(), why: z.string() }),
    }),
  }),
]);

/** The events in one block of a server-sent stream; none for a heartbeat, a gap, or what another version sends. */
export function eventsOfBlock(block: string): readonly TopEvent[] {
  const data = block
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice('data: '.length))
    .join('\n');
  const parsed = HOST_EVENT.safeParse(data === '' ? undefined : JSON.parse(data));
  return parsed.success ? [eventOfHost(parsed.data as unknown as HostEvent)] : [];
}

const RUN_VIEW = z.looseObject({
  trainingRunId: z.string(),
  pending: z.number(),
  sequence: z.number(),
  decisions: z.number(),
  failuresInRow: z.number(),
  lastValidationLoss: z.number().nullable(),
  conservative: z.looseObject({ kind: z.string() }),
  breakers: z.record(z.string(), z.looseObject({ kind: z.string() })),
  hold: z.looseObject({}).nullable(),
});

/** A run as the host tells it. Throws for anything else. */
export function factsOfRun(body: unknown): RunFacts {
  const { conservative, breakers, hold, ...rest } = RUN_VIEW.parse(body);
  const { trainingRunId, pending, sequence, decisions, failuresInRow, lastValidationLoss } = rest;
  return {
    ...{ trainingRunId, pending, sequence, decisions, failuresInRow, lastValidationLoss },
    mode: conservative.kind === 'off' ? 'normal' : 'conservative',
    breakers: Object.fromEntries(
      Object.entries(breakers).map(([name, breaker]) => [
        name,
        { kind: breaker.kind, failures: failureCountOf(breaker) },
      ]),
    ),
    held: hold !== null,
  };
}

/** What waits, of a page of metrics: samples whose name says so, under a short name. */
export function queuesOf(metrics: string): Readonly<Record<string, number>> {
  const waiting: [string, number][] = [];
  for (const [, name = '', labels = '', value] of metrics.matchAll(/^(\w+)(?:\{([^}]*)\})? (\S+)$/gm)) {
    const title = QUEUES[name];
    if (title === undefined) continue;
    const lane = /"([^"]*)"/.exec(labels)?.[1];
    waiting.push([lane === undefined ? title : `${title}.${lane}`, Number(value)]);
  }
  return Object.fromEntries(waiting);
}

const QUEUES: Readonly<Record<string, string>> = {
  tamiyo_http_under_way: 'http',
  tamiyo_http_event_streams: 'streams',
  tamiyo_telemetry_queued: 'telemetry',
};
