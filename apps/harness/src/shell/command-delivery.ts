import type { AdaptationCommand } from '@esper/leyline';
import { elapsedMs, type MonoMs } from '@esper/std';
import { gradeOf, lateness } from '../core/emergency-grades.js';
import { executeCommand, type RunFacts } from '../core/execute-command.js';
import type { Fault } from '../core/fault-schedule.js';
import { addRestore, count, type Tally } from '../core/tally.js';
import { type Delivery, type TamperMemory, tamper } from '../core/tamper.js';
import { type TrainerEvent, trainerEvent } from '../core/trainer-event.js';
import type { TrainerState } from '../core/trainer-state.js';
import type { TrainerPorts } from '../ports.js';
import { halted, type RollbackKeeper } from './rollback.js';

/** A run after bytes were delivered to it. */
export interface Delivered {
  readonly state: TrainerState;
  readonly tally: Tally;
  readonly events: readonly TrainerEvent[];
  /** True when a restore replaced the learned state. */
  readonly restored: boolean;
}

type Progress = Pick<Delivered, 'state' | 'tally'>;

/** Takes delivered bytes through verification and execution. Bytes that are refused change nothing. */
export class CommandDelivery {
  readonly #ports: TrainerPorts;
  readonly #keeper: RollbackKeeper;
  readonly #facts: RunFacts;
  #memory: TamperMemory = { held: [] };

  constructor(ports: TrainerPorts, keeper: RollbackKeeper, facts: RunFacts) {
    this.#ports = ports;
    this.#keeper = keeper;
    this.#facts = facts;
  }

  /** Executes what arrives of `bytes` under the faults of the step: usually those bytes, once. */
  async deliver(before: Progress, bytes: Uint8Array, faults: readonly Fault[]): Promise<Delivered> {
    const arrivedAt = this.#ports.clock.monoMs();
    const arriving: Delivery = tamper(bytes, faults, this.#memory);
    this.#memory = arriving.memory;
    let current: Delivered = { ...before, events: [], restored: false };
    for (const kind of arriving.done) {
      const event = trainerEvent('tolaria.fault_injected', before.state.step, { kind });
      current = { ...current, tally: count(current.tally, 'faults', kind), events: [...current.events, event] };
    }
    for (const delivery of arriving.deliveries) {
      const next = await this.#one(current, delivery, arrivedAt);
      current = { ...next, events: [...current.events, ...next.events], restored: current.restored || next.restored };
    }
    return current;
  }

  async #one({ state, tally }: Progress, bytes: Uint8Array, arrivedAt: MonoMs): Promise<Delivered> {
    const verdict = await this.#verify(bytes);
    if (typeof verdict === 'string') {
      const event = trainerEvent('kasmina.command_rejected', state.step, { reason: verdict });
      return { state, tally: count(tally, 'rejected', verdict), events: [event], restored: false };
    }
    const heldMs = elapsedMs(arrivedAt, this.#ports.clock.monoMs());
    const execution = executeCommand(state, { command: verdict, heldMs }, this.#facts);
    const counted =
      execution.refused === undefined
        ? count(tally, 'applied', verdict.commandType)
        : count(tally, 'refused', execution.refused);
    const after = await this.#effect({ state: execution.state, tally: counted }, execution.effect);
    const done = { ...after, events: [...execution.events, ...after.events] };
    return execution.refused === undefined ? this.#graded(done, verdict, arrivedAt) : done;
  }

  /** An intervention counts by its grade, and is told when it was in place too late. */
  #graded(done: Delivered, command: AdaptationCommand, arrivedAt: MonoMs): Delivered {
    const grade = gradeOf(command);
    if (grade === undefined) return done;
    const late = lateness(grade, elapsedMs(arrivedAt, this.#ports.clock.monoMs()), done.state.step);
    return { ...done, tally: count(done.tally, 'emergencies', grade), events: [...done.events, ...late] };
  }

  /** The command, or the reason it was refused for. A gate that fails lets nothing through. */
  async #verify(bytes: Uint8Array): Promise<AdaptationCommand | string> {
    try {
      const verdict = await this.#ports.gate(bytes);
      return verdict.ok ? verdict.value : verdict.error.reason;
    } catch {
      return 'gate_failed';
    }
  }

  async #effect({ state, tally }: Progress, effect: ReturnType<typeof executeCommand>['effect']): Promise<Delivered> {
    if (effect === 'none') return { state, tally, events: [], restored: false };
    if (effect === 'halt') return { ...halted(state, 'emergency_command'), tally, restored: false };
    const outcome = await this.#keeper.restore(state, effect === 'rollback_fast' ? 'fast' : 'full');
    const { record } = outcome;
    return {
      state: outcome.state,
      events: outcome.events,
      tally: record === undefined ? tally : addRestore(tally, record),
      restored: record !== undefined,
    };
  }
}
