import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learnedStateOf } from '../../src/core/restore.js';
import { EMPTY_TALLY } from '../../src/core/tally.js';
import { TRAINER_EVENTS, type TrainerEventName, trainerEvent } from '../../src/core/trainer-event.js';
import { HarnessError } from '../../src/errors.js';
import { FRAME_BYTES_MAX, FrameReader, frameOf } from '../../src/wire/frames.js';
import { decodeLearnedState, encodeLearnedState } from '../../src/wire/learned-state-codec.js';
import {
  decodeHostMessage,
  decodeTrainerMessage,
  encodeHostMessage,
  encodeTrainerMessage,
  type HostMessage,
  type TrainerMessage,
} from '../../src/wire/trainer-channel.js';
import { germinateDraft } from '../support/commands.js';
import { smallRun } from '../support/small-run.js';

describe('frames', () => {
  it('come back whole however the pipe cuts them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.nat(9)),
        (payloads, cuts) => {
          const stream = Buffer.concat(payloads.map(frameOf));
          const reader = new FrameReader();
          const got: Uint8Array[] = [];
          let at = 0;
          for (const cut of [...cuts, stream.length]) {
            got.push(...reader.push(stream.subarray(at, at + cut)));
            at += cut;
          }
          expect(got.map((bytes) => [...bytes])).toEqual(payloads.map((bytes) => [...bytes]));
          expect(reader.pendingBytes).toBe(0);
        },
      ),
    );
  });

  it('an announced length over the limit is refused before anything is held', () => {
    const header = new Uint8Array(4);
    new DataView(header.buffer).setUint32(0, FRAME_BYTES_MAX + 1);
    expect(() => new FrameReader().push(header)).toThrow(expect.objectContaining({ code: 'HARNESS_FRAME_TOO_LARGE' }));
    expect(() => frameOf(new Uint8Array(FRAME_BYTES_MAX + 1))).toThrow(HarnessError);
  });
});

describe('messages', () => {
  const trainerMessages: TrainerMessage[] = [
    {
      type: 'hello',
      protocol: 1,
      trainingRunId: 'run',
      plannedSteps: 9,
      stepsBefore: 0,
      languages: ['de', 'en'],
      trainingSamples: 10,
      validationSamples: 5,
      hostParameters: 77,
      shape: { inputs: 4, width: 3, classes: 2 },
    },
    {
      type: 'step',
      step: 3,
      loss: Number.NaN,
      accuracy: 0.5,
      validationLoss: Number.POSITIVE_INFINITY,
      validationAccuracy: 0.25,
      learningRate: 0.02,
      stepMs: 12.5,
      paused: true,
    },
    {
      type: 'summary',
      summary: {
        trainingRunId: 'run',
        steps: 9,
        finalLoss: 0.2,
        finalAccuracy: 0.9,
        halted: 'rollback_failed',
        tally: {
          ...EMPTY_TALLY,
          applied: { SEED: 2 },
          restores: [{ atStep: 9, toStep: 5, tier: 'fast', prepareMs: 1, commitMs: 2, confirmMs: 3 }],
        },
        metrics: { 'tolaria.emergency.level': 4, 'tolaria.rollback.restore_latency_ms': 6 },
      },
    },
    { type: 'failed', code: 'HARNESS_OPTION_INVALID', message: 'seed' },
    ...(Object.keys(TRAINER_EVENTS) as TrainerEventName[]).map((name) => ({
      type: 'event' as const,
      event: { ...trainerEvent(name, 4), attributes: { reason: 'x' } },
    })),
  ];

  it.each(trainerMessages.map((message) => [message.type, message] as const))('of a trainer: %s', (_, message) => {
    expect(decodeTrainerMessage(encodeTrainerMessage(message))).toEqual(message);
  });

  it('of a trainer: packet', async () => {
    const run = smallRun();
    await run.steps(2);
    const message = { type: 'packet', requestId: 7, packet: run.packets[1] as never } as const;
    expect(decodeTrainerMessage(encodeTrainerMessage(message))).toEqual(message);
  });

  const hostMessages: HostMessage[] = [
    {
      type: 'start',
      protocol: 1,
      options: {
        trainingRunId: 'r',
        faults: [{ kind: 'lr_spike', atStep: 3, steps: 2, value: 9 }],
        nonFiniteGradients: 'apply',
      },
      controlled: true,
      keys: [{ keyId: 'k1', algorithm: 'hmac-sha256', key: new Uint8Array(32).fill(7) }],
      consumer: 'kasmina',
      checkpointFolder: '/somewhere',
    },
    { type: 'decision', requestId: 1, bytes: Uint8Array.of(1, 2) },
    { type: 'failure', requestId: 2, code: 'timeout_inference' },
    { type: 'stop' },
  ];

  it.each(hostMessages.map((message) => [message.type, message] as const))('of a host: %s', (_, message) => {
    expect(decodeHostMessage(encodeHostMessage(message))).toEqual(message);
  });

  it('anything else is refused by a code, never by content', () => {
    const start = encodeHostMessage(hostMessages[0] as HostMessage);
    const attempts = [
      () => decodeTrainerMessage(Uint8Array.of(0xc1)),
      () => decodeTrainerMessage(start),
      () => decodeHostMessage(encodeTrainerMessage(trainerMessages[0] as TrainerMessage)),
      () => decodeHostMessage(start.subarray(0, start.length - 1)),
      () => decodeHostMessage(encodeHostMessage({ ...(hostMessages[0] as HostMessage), consumer: 7 } as never)),
    ];
    for (const attempt of attempts) {
      expect(attempt).toThrow(expect.objectContaining({ code: 'HARNESS_FRAME_MALFORMED' }));
      expect(attempt).not.toThrow(/7,7|BwcH/);
    }
  });

  it('each cut of a start message is refused, none crashes otherwise', () => {
    const start = encodeHostMessage(hostMessages[0] as HostMessage);
    for (let length = 0; length < start.length; length += 1) {
      expect(() => decodeHostMessage(start.slice(0, length))).toThrow(HarnessError);
    }
  });
});

describe('learned state', () => {
  it('comes back to the bit, grafts and all, and equal states have equal bytes', async () => {
    const run = smallRun({ script: { 2: germinateDraft() } });
    await run.steps(16);
    const learned = learnedStateOf(run.trainer.state);
    expect(learned.seeds.some(({ module }) => module !== undefined)).toBe(true);
    const bytes = encodeLearnedState(learned);
    expect(decodeLearnedState(bytes)).toEqual({ ok: true, value: learned });
    expect(encodeLearnedState(structuredClone(learned))).toEqual(bytes);
  });

  it('anything else is checkpoint_malformed', () => {
    const bytes = encodeLearnedState(learnedStateOf(smallRun().trainer.state));
    const malformed = { ok: false, error: 'checkpoint_malformed' };
    expect(decodeLearnedState(new Uint8Array(0))).toEqual(malformed);
    expect(decodeLearnedState(bytes.subarray(0, bytes.length - 3))).toEqual(malformed);
    expect(decodeLearnedState(Uint8Array.of(...bytes, 0))).toEqual(malformed);
  });
});
