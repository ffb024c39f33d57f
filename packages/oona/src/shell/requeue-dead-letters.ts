import { BUS_STREAMS, type Bus, type BusStream, type Delivery, type Timers } from '../ports.js';

/** How much to requeue. */
export interface RequeueOptions {
  /** Stop after so many. */
  readonly countMax: number;
  /** Stop when nothing came for so long. */
  readonly idleMs: number;
}

export interface RequeueReport {
  readonly requeued: number;
  /** Letters that their stream did not take, or that name no stream; they stay dead letters. */
  readonly refused: number;
}

const GROUP = 'requeue';

/**
 * Publishes dead letters on the stream they came from, oldest first, each under a new id (`<id>:again`): the old one is known there
 * and would be taken for a duplicate. A letter leaves the dead-letter stream when its stream has taken it durably.
 */
export async function requeueDeadLetters(bus: Bus, options: RequeueOptions, timers: Timers): Promise<RequeueReport> {
  const report = { requeued: 0, refused: 0 };
  let cancelIdle: () => void = () => undefined;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const restartIdle = (): void => {
    cancelIdle();
    cancelIdle = timers.after(options.idleMs, finish);
  };
  restartIdle();
  const subscription = await bus.subscribe('oona.deadletter', GROUP, async (delivery) => {
    if (report.requeued + report.refused >= options.countMax) return leave(finish);
    restartIdle();
    const isTaken = await republish(bus, delivery);
    if (isTaken) report.requeued += 1;
    else report.refused += 1;
    if (report.requeued + report.refused >= options.countMax) finish();
    if (!isTaken) return leave(finish);
  });
  await finished;
  cancelIdle();
  await subscription.close();
  return report;
}

/** Rejecting keeps the letter where it is. */
function leave(finish: () => void): never {
  finish();
  throw new Error('left on the dead-letter stream');
}

async function republish(bus: Bus, { envelope }: Delivery): Promise<boolean> {
  const { origin_stream: origin, group: _group, attempts: _attempts, ...attributes } = envelope.attributes;
  if (!isStream(origin)) return false;
  const messageId = `${envelope.messageId.slice(0, 250)}:again`;
  const result = await bus.publish(origin, { ...envelope, messageId, attributes });
  return result.ok;
}

const isStream = (name: string | undefined): name is BusStream => (BUS_STREAMS as readonly unknown[]).includes(name);
