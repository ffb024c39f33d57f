import { isCodedError } from '@esper/std';
import type { LabelledName } from '../core/dataset.js';
import { sizeOf } from '../core/tensors.js';
import { HarnessError } from '../errors.js';
import type { TrainerOptions } from '../options.js';
import type { CheckpointStore, CommandGate, Decision, TrainerPorts } from '../ports.js';
import {
  decodeHostMessage,
  encodeTrainerMessage,
  type HostMessage,
  type TrainerMessage,
} from '../wire/trainer-channel.js';
import { createTrainer, type StepReport, type Trainer } from './trainer.js';

type Start = Extract<HostMessage, { type: 'start' }>;

/** What a trainer's side of the channel works with. */
export interface SessionParts {
  readonly machine: Pick<TrainerPorts, 'clock' | 'startTimer' | 'digest' | 'sampleHardware'>;
  readonly names: () => readonly LabelledName[];
  readonly gate: (start: Start) => CommandGate;
  readonly checkpoints: (folder: string) => CheckpointStore;
  /** Sends one payload; resolves when more may be sent. */
  readonly send: (payload: Uint8Array) => Promise<void>;
}

/**
 * The trainer's side of the channel: waits for `start`, trains, asks, answers for what it did. One run per session.
 * Messages of the host are handed to {@link TrainerSession.receive}; `run` resolves with the code to exit with.
 */
export class TrainerSession {
  readonly #parts: SessionParts;
  readonly #waiting = new Map<number, (decision: Decision) => void>();
  #requestId = 0;
  #started: ((start: Start) => void) | undefined;
  #refused: ((cause: unknown) => void) | undefined;
  #stopped = false;
  /** The first message is `hello`; what happens while the run is prepared is told after it. */
  readonly #beforeHello: Extract<TrainerMessage, { type: 'event' }>['event'][] = [];
  #greeted = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Takes one payload from the host. A payload that is no message ends the session. */
  receive(payload: Uint8Array): void {
    try {
      this.#handle(decodeHostMessage(payload));
    } catch (cause) {
      this.#stopped = true;
      this.#refused?.(cause);
    }
  }

  /** The host is gone: the run ends with the step it is in. */
  close(): void {
    this.#stopped = true;
    this.#refused?.(new HarnessError('HARNESS_CHANNEL_CLOSED', 'the host closed the channel before the run started'));
    for (const answer of this.#waiting.values()) answer({ kind: 'failure', code: 'channel_closed' });
    this.#waiting.clear();
  }

  #handle(message: HostMessage): void {
    switch (message.type) {
      case 'start':
        this.#started?.(message);
        break;
      case 'decision':
        this.#answer(message.requestId, { kind: 'command', bytes: message.bytes });
        break;
      case 'failure':
        this.#answer(message.requestId, { kind: 'failure', code: message.code });
        break;
      case 'stop':
        this.#stopped = true;
    }
  }

  /** An answer that comes after its time finds nobody waiting, and changes nothing. */
  #answer(requestId: number, decision: Decision): void {
    this.#waiting.get(requestId)?.(decision);
    this.#waiting.delete(requestId);
  }

  /** Runs one training run. Resolves with 0 when it came to its end, 1 when it failed; never rejects for the run itself. */
  async run(): Promise<0 | 1> {
    try {
      const start = await new Promise<Start>((resolve, reject) => {
        this.#started = resolve;
        this.#refused = reject;
      });
      const trainer = this.#trainer(start);
      await trainer.begin();
      await this.#send(helloOf(trainer));
      for (const event of this.#beforeHello.splice(0)) await this.#send({ type: 'event', event });
      this.#greeted = true;
      await this.#train(trainer);
      await this.#send({ type: 'summary', summary: trainer.summary() });
      return 0;
    } catch (cause) {
      await this.#send(failureOf(cause));
      return 1;
    }
  }

  async #train(trainer: Trainer): Promise<void> {
    while (!trainer.finished && !this.#stopped) {
      const report = await trainer.step();
      if (report !== undefined) await this.#send(stepMessage(report));
    }
  }

  #trainer(start: Start): Trainer {
    const { machine, names, gate, checkpoints } = this.#parts;
    const ports: TrainerPorts = {
      ...machine,
      gate: gate(start),
      ...(start.checkpointFolder === undefined ? {} : { checkpoints: checkpoints(start.checkpointFolder) }),
      ...(start.controlled ? { decide: (packet) => this.#ask(packet) } : {}),
      onEvent: ({ attributes, ...told }) => {
        const event = { ...told, attributes: { ...attributes } };
        if (!this.#greeted) {
          this.#beforeHello.push(event);
          return;
        }
        // A pipe that is gone is noticed by the next awaited send; an event must not fail the step it tells of.
        this.#send({ type: 'event', event }).catch(() => this.close());
      },
    };
    // Optional fields on the wire are absent, never `undefined`.
    return createTrainer(start.options as TrainerOptions, ports, names());
  }

  #ask(packet: Parameters<NonNullable<TrainerPorts['decide']>>[0]): Promise<Decision> {
    this.#requestId += 1;
    const requestId = this.#requestId;
    // Only the last request can still be answered in time.
    this.#waiting.clear();
    return new Promise((resolve, reject) => {
      this.#waiting.set(requestId, resolve);
      this.#send({ type: 'packet', requestId, packet }).catch(reject);
    });
  }

  #send(message: TrainerMessage): Promise<void> {
    return this.#parts.send(encodeTrainerMessage(message));
  }
}

function helloOf(trainer: Trainer): TrainerMessage {
  const { options, dataset, shape, state } = trainer;
  return {
    type: 'hello',
    protocol: 1,
    trainingRunId: options.trainingRunId,
    plannedSteps: options.plannedSteps,
    stepsBefore: state.step,
    languages: [...dataset.languages],
    trainingSamples: dataset.training.labels.length,
    validationSamples: dataset.validation.labels.length,
    hostParameters: sizeOf(state.host),
    shape,
  };
}

const stepMessage = ({ step, measures, timings, paused }: StepReport): TrainerMessage => ({
  type: 'step',
  step,
  loss: measures.loss,
  accuracy: measures.accuracy,
  validationLoss: measures.validationLoss,
  validationAccuracy: measures.validationAccuracy,
  learningRate: measures.learningRate,
  stepMs: timings.stepMs,
  paused,
});

function failureOf(cause: unknown): TrainerMessage {
  const code = isCodedError(cause) ? cause.code : 'HARNESS_TRAINER_FAILED';
  const message = cause instanceof Error ? cause.message : 'the trainer failed';
  return { type: 'failed', code, message: message.slice(0, 4000) };
}
