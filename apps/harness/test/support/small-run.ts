import { createHash } from 'node:crypto';
import { type AdaptationCommand, type CommandDraft, encodePlain, type SystemStatePacket } from '@esper/leyline';
import { err, ok } from '@esper/std';
import { FakeClock } from '@esper/testkit';
import { loadNames } from '../../src/adapters/names-file.js';
import { type Fault, parseFault } from '../../src/core/fault-schedule.js';
import type { TrainerEvent } from '../../src/core/trainer-event.js';
import type { TrainerOptions } from '../../src/options.js';
import type { CommandGate, Decision, TrainerPorts } from '../../src/ports.js';
import { createTrainer, type Trainer } from '../../src/shell/trainer.js';
import { command } from './commands.js';

/** A run that learns for real, small enough for many tests. */
export const SMALL = {
  trainingRunId: 'run-test',
  plannedSteps: 60,
  width: 12,
  batchSize: 32,
  featureCount: 64,
  trainingSamples: 512,
  validationSamples: 100,
  validationSlice: 50,
  baseLearningRate: 0.05,
} as const satisfies TrainerOptions;

export const names = loadNames();

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Reads faults; throws for a misspelled one. */
export function faults(...texts: readonly string[]): Fault[] {
  return texts.map((text) => {
    const parsed = parseFault(text);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  });
}

/**
 * An honest stand-in for sealing and verification: bytes carry a number, the gate knows which numbers it gave out, lets
 * each through once, in order, and only unaltered.
 */
export class FakeSealer {
  readonly #sealed: { readonly digest: string; readonly command: AdaptationCommand }[] = [];
  readonly #seen = new Set<number>();

  seal(from: CommandDraft, given: Partial<AdaptationCommand> = {}): Uint8Array {
    const bytes = encodePlain({ magic: 'fake', signature: new Uint8Array(40), number: this.#sealed.length });
    this.#sealed.push({ digest: sha256(bytes), command: command(from, given) });
    return bytes;
  }

  readonly gate: CommandGate = async (bytes) => {
    const number = this.#sealed.findIndex(({ digest }) => digest === sha256(bytes));
    if (number < 0) return err({ reason: 'invalid_signature' });
    if (this.#seen.has(number)) return err({ reason: 'nonce_replayed' });
    if (number < Math.max(...this.#seen)) return err({ reason: 'sequence_not_rising' });
    this.#seen.add(number);
    return ok((this.#sealed[number] as { command: AdaptationCommand }).command);
  };
}

/** Answers packets by step; steps without an entry get PAUSE-free silence: an OPTIMIZER that changes nothing. */
export type Script = Readonly<Record<number, Decision | CommandDraft | (() => Promise<Decision>)>>;

export interface SmallRun {
  readonly trainer: Trainer;
  readonly events: TrainerEvent[];
  readonly packets: SystemStatePacket[];
  readonly clock: FakeClock;
  readonly sealer: FakeSealer;
  steps(count: number): Promise<void>;
  named(name: TrainerEvent['name']): readonly TrainerEvent[];
}

export interface RunSetup {
  readonly options?: Partial<TrainerOptions>;
  readonly script?: Script;
  readonly ports?: Partial<TrainerPorts>;
  readonly uncontrolled?: boolean;
}

const KEEP: CommandDraft = { version: 1, commandType: 'OPTIMIZER', issuedBy: 'tamiyo', annotations: {} };

async function answer(sealer: FakeSealer, entry: Script[number] | undefined): Promise<Decision> {
  if (typeof entry === 'function') return entry();
  if (entry !== undefined && 'kind' in entry) return entry;
  return { kind: 'command', bytes: sealer.seal(entry ?? KEEP) };
}

export function smallRun({ options = {}, script = {}, ports = {}, uncontrolled = false }: RunSetup = {}): SmallRun {
  const clock = new FakeClock();
  const sealer = new FakeSealer();
  const events: TrainerEvent[] = [];
  const packets: SystemStatePacket[] = [];
  const decide: TrainerPorts['decide'] = (packet) => {
    packets.push(packet);
    return answer(sealer, script[packet.globalStep]);
  };
  const trainer = createTrainer(
    { ...SMALL, ...options },
    {
      clock,
      startTimer: (ms, fire) => {
        const timer = setTimeout(fire, ms);
        return () => clearTimeout(timer);
      },
      digest: sha256,
      gate: sealer.gate,
      sampleHardware: () => ({ hardware: { deviceType: 'cpu' }, cpuUtilPercent: 12 }),
      onEvent: (event) => events.push(event),
      ...(uncontrolled ? {} : { decide }),
      ...ports,
    },
    names,
  );
  return {
    trainer,
    events,
    packets,
    clock,
    sealer,
    steps: async (count) => {
      for (let step = 0; step < count; step += 1) await trainer.step();
    },
    named: (name) => events.filter((event) => event.name === name),
  };
}
