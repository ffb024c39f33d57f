import { createReplayGuard, createVerifier } from '@esper/command-verifier';
import { type BusEnvelope, encodeMessage, type SystemStatePacket } from '@esper/leyline';
import { type Bus, openEmbeddedBus } from '@esper/oona';
import { systemTimers } from '@esper/oona/node';
import { MemoryJournal } from '@esper/oona/testing';
import { err } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { buildPacket, settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { DECISION_GROUP, openBusDecisions } from '../../src/bus/bus-decisions.js';
import { KNOBS } from '../../src/config/knobs.js';
import { DecisionError } from '../../src/errors.js';
import { FakeHost } from '../support/fake-host.js';
import { httpKeyRing } from '../support/test-keys.js';

const request = (packet: SystemStatePacket, attributes: Readonly<Record<string, string>> = {}): BusEnvelope => ({
  version: 1,
  messageType: 'SYSTEM_STATE',
  messageId: packet.packetId,
  priority: 'NORMAL',
  sentAtMs: systemClock.wallMs(),
  payload: encodeMessage('SystemStatePacket', packet),
  attributes: { training_run_id: packet.trainingRunId, ...attributes },
});

/** A bus with a consumer that keeps every command, and a host behind it. */
async function fixture() {
  const bus: Bus = await openEmbeddedBus({ journal: new MemoryJournal(), timers: systemTimers }, { retryDelayMs: 1 });
  const commands: BusEnvelope[] = [];
  await bus.subscribe('oona.normal', 'kasmina', async ({ envelope }) => {
    if (envelope.messageType === 'ADAPTATION_COMMAND') commands.push(envelope);
  });
  const host = new FakeHost();
  const close = await openBusDecisions({ bus, host, clock: systemClock, timers: systemTimers });
  const idle = async (): Promise<void> => {
    while (Object.values(bus.depth('oona.normal').unacknowledged).some((count) => count > 0)) await settle();
  };
  return { bus, host, commands, close, idle };
}

describe('decisions over the bus', () => {
  it('DP-18: they are off unless somebody asks for them', () => {
    expect(KNOBS['bus.decisions'].default).toBe(false);
  });

  it('DP-18: a packet gets the same sealed command as over the step API, with its run and what it answers', async () => {
    const { bus, host, commands, close, idle } = await fixture();
    const gate = createVerifier({
      keyRing: httpKeyRing(),
      clock: systemClock,
      replay: createReplayGuard({ clock: systemClock }),
      audience: { trainingRunId: 'run-1', consumer: 'kasmina' },
    });
    await bus.publish('oona.normal', request(buildPacket({ packetId: 'p-1' })));
    await idle();
    expect(commands).toHaveLength(1);
    expect(commands[0]?.attributes).toMatchObject({ training_run_id: 'run-1', in_reply_to: 'p-1' });
    expect((await gate.verify(commands[0]?.payload ?? new Uint8Array())).ok).toBe(true);
    expect(host.asked[0]?.trainingRunId).toBe('run-1');
    await close();
    await bus.close();
  });

  it('a packet that is delivered again after its command went out adds nothing to the bus', async () => {
    const { bus, host, commands, close, idle } = await fixture();
    const first = await host.decide('run-1', buildPacket());
    host.decide = async () => first;
    await bus.publish('oona.normal', request(buildPacket({ packetId: 'p-1' })));
    await bus.publish('oona.normal', { ...request(buildPacket({ packetId: 'p-1' })), messageId: 'p-1-again' });
    await idle();
    expect(commands).toHaveLength(1);
    expect(bus.counters().duplicates).toBe(1);
    await close();
    await bus.close();
  });

  it('a failure sends no command, and is not asked again; a host that stops leaves the packet to the next one', async () => {
    const { bus, host, commands, close, idle } = await fixture();
    host.failing = new DecisionError('TIMEOUT_INFERENCE', 'late');
    await bus.publish('oona.normal', request(buildPacket({ packetId: 'p-1' })));
    await idle();
    expect(host.asked).toHaveLength(1);
    host.failing = new DecisionError('SHUTTING_DOWN', 'stopping');
    await bus.publish('oona.normal', request(buildPacket({ packetId: 'p-2' })));
    while (host.asked.length < 3) await settle();
    host.failing = undefined;
    await idle();
    expect(commands.map(({ attributes }) => attributes['in_reply_to'])).toEqual(['p-2']);
    await close();
    await bus.close();
  });

  it('what is no packet, and what came too late for its sender, is decided by nobody', async () => {
    const { bus, host, commands, close, idle } = await fixture();
    await bus.publish('oona.normal', { ...request(buildPacket()), messageId: 'r', messageType: 'FIELD_REPORT' });
    await bus.publish('oona.normal', {
      ...request(buildPacket(), { deadline_ms: '50' }),
      messageId: 'old',
      sentAtMs: 1,
    });
    await bus.publish('oona.normal', { ...request(buildPacket(), { deadline_ms: '60000' }), messageId: 'new' });
    await idle();
    expect(host.asked).toHaveLength(1);
    expect(host.asked[0]?.options?.deadlineMs).toBeLessThanOrEqual(60_000);
    expect(commands).toHaveLength(1);
    await close();
    expect(bus.depth('oona.normal').unacknowledged[DECISION_GROUP]).toBe(0);
    await bus.close();
  });

  it('a run that another host is deciding for is waited for, and costs the message no attempt', async () => {
    const { bus, host, commands, close, idle } = await fixture();
    const decide = host.decide.bind(host);
    let busy = true;
    host.decide = async (...asked) => {
      if (!busy) return decide(...asked);
      busy = false;
      return err(new DecisionError('RUN_ELSEWHERE', 'busy', { attributes: { left_ms: '5' } }));
    };
    await bus.publish('oona.normal', request(buildPacket({ packetId: 'p-1' })));
    await idle();
    expect(commands).toHaveLength(1);
    expect(bus.counters().retried).toBe(0);
    await close();
    await bus.close();
  });
});
