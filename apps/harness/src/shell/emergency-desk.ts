import { countEvent } from '../core/count-event.js';
import {
  afterHalt,
  afterStep,
  type EmergencyChange,
  type EmergencyState,
  NO_EMERGENCY,
  type StepHealth,
} from '../core/emergency.js';
import { type EmergencyCap, OPEN_CAP, throughCap } from '../core/emergency-cap.js';
import type { Tally } from '../core/tally.js';
import type { TrainerEvent } from '../core/trainer-event.js';
import type { ResolvedTrainerOptions } from '../options.js';
import type { TrainerPorts } from '../ports.js';

/** Tells the events of a run under their cap, and keeps how far its trouble has risen. */
export class EmergencyDesk {
  readonly #ports: Pick<TrainerPorts, 'clock' | 'onEvent'>;
  readonly #limits: ResolvedTrainerOptions['emergency'];
  #state: EmergencyState = NO_EMERGENCY;
  #cap: EmergencyCap = OPEN_CAP;

  constructor(ports: Pick<TrainerPorts, 'clock' | 'onEvent'>, limits: ResolvedTrainerOptions['emergency']) {
    this.#ports = ports;
    this.#limits = limits;
  }

  /** The worst emergency level so far, and the events that were counted and not told. */
  get standing(): { readonly level: number; readonly suppressed: number } {
    return { level: this.#state.level, suppressed: this.#cap.suppressedTotal };
  }

  /** Counts every event in `tally`, and tells those that the cap lets through. */
  tell(tally: Tally, events: readonly TrainerEvent[]): Tally {
    for (const event of events) {
      const at = { nowMs: this.#ports.clock.monoMs(), perMinuteMax: this.#limits.perMinuteMax };
      const { cap, told } = throughCap(this.#cap, event, at);
      this.#cap = cap;
      if (told !== undefined) this.#ports.onEvent(told);
    }
    return events.reduce(countEvent, tally);
  }

  /** Folds in one finished step, or what has stopped the run in it. */
  escalate(at: StepHealth, stopped: string | undefined): EmergencyChange {
    const change =
      stopped === undefined ? afterStep(this.#state, at, this.#limits) : afterHalt(this.#state, at.step, stopped);
    this.#state = change.state;
    return change;
  }
}
