import { formatFixed } from '../core/format/python-number.js';
import type { DeviationId, Rules } from './deviation-table.js';
import type { Scenario, VectorBreaker, VectorEvent, VectorMode } from './vector-line.js';

/** What one finding of the naive model asks for; the fold of DEV-RE-01 and DEV-RE-07 works on these. */
export interface Act {
  readonly reason: string;
  readonly action: 'downgrade' | 'pause';
  readonly enters: boolean;
  readonly level: number;
  readonly standing: boolean;
}

/** Levels of events. */
export const INFO = 1;
export const WARNING = 2;
export const CRITICAL = 4;

/**
 * One run of the naive model: mutable, in the prototype's order, with each deliberate difference behind one question to
 * `our`. Written for likeness with the prototype, not for beauty; the product shares no code with it but the formatter.
 */
export class NaiveRun {
  readonly scenario: Scenario;
  readonly rules: Rules;
  type: string;
  payloadDropped = false;
  downgraded = false;
  reason: string | null;
  readonly annotations: Record<string, string>;
  readonly events: VectorEvent[] = [];
  readonly acts: Act[] = [];
  mode: VectorMode;
  inference: VectorBreaker;
  metadata: VectorBreaker;

  constructor(scenario: Scenario, rules: Rules) {
    this.scenario = scenario;
    this.rules = rules;
    this.type = scenario.type;
    this.annotations = { ...scenario.annotations };
    this.reason = this.annotations['risk_reason'] ?? null;
    this.mode = scenario.mode;
    this.inference = scenario.inference;
    this.metadata = scenario.metadata;
    if (this.our('DEV-RE-06')) this.#dropForeignAnnotations();
  }

  our(rule: DeviationId): boolean {
    return this.rules.has(rule);
  }

  #dropForeignAnnotations(): void {
    for (const key of Object.keys(this.annotations)) {
      if (/^(risk_reason|blueprint_(tier|stage|risk)|bsds_.*)$/.test(key)) delete this.annotations[key];
    }
    this.reason = null;
  }

  /** Is this a SEED: as proposed, or as earlier evaluators have left it? */
  get seed(): boolean {
    return (this.our('DEV-RE-02') ? this.scenario.type : this.type) === 'COMMAND_SEED';
  }

  get modeOn(): boolean {
    return this.our('DEV-RE-02') ? this.scenario.mode.mode : this.mode.mode;
  }

  /** True where a timeout switches a check off. */
  get silencedByTimeout(): boolean {
    return this.scenario.timedOut && !this.our('DEV-RE-03');
  }

  emit(description: string, level: number, attributes: Readonly<Record<string, string>>): void {
    this.events.push([description, level, attributes]);
  }

  /** Acts on the command: sequentially as the prototype does, and noted for the fold. */
  act(act: Act, manner: 'assign' | 'overwrite'): void {
    this.acts.push(act);
    if (manner === 'overwrite' || this.reason === null) this.reason = act.reason;
    if (act.action === 'pause') this.type = 'COMMAND_PAUSE';
    else this.#downgrade();
  }

  #downgrade(): void {
    this.type = 'COMMAND_OPTIMIZER';
    this.downgraded = true;
  }

  enter(reason: string): void {
    const { mode } = this;
    if (mode.mode) {
      const configured = !mode.enabled && !this.our('DEV-RE-19');
      this.mode = { ...mode, enabled: true, last_reason: configured ? mode.last_reason : reason };
      return;
    }
    this.mode = { mode: true, enabled: true, last_reason: reason, last_enter_s: this.scenario.nowS };
    this.emit('conservative_entered', WARNING, { reason });
  }

  /** DEV-RE-05: announces a value that is no evidence; its worst consequence is the caller's. */
  unknown(signal: string, given: number | string, problem = problemOf(given)): void {
    this.emit('signal_unknown', WARNING, { signal, problem, given: String(given).slice(0, 64) });
  }

  fixed(value: number, digits: number): string {
    return formatFixed(value, digits);
  }
}

/** How a value fails to be evidence. */
function problemOf(given: number | string): string {
  if (typeof given === 'string') return 'text';
  return Number.isNaN(given) ? 'nan' : 'infinite';
}
