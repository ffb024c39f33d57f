import { err, ok, type Result } from '@esper/std';
import { decide } from './decide.js';
import type { AnswerMemory } from './decision/answer-memory.js';
import { ArrowRunner } from './decision/arrows.js';
import { DecisionDeadline } from './decision/deadline.js';
import { DecisionError, type TamiyoErrorCode } from './errors.js';
import { type LaneRefusal, type RunLaneLimits, RunLanes } from './runs/run-lanes.js';
import { createStages } from './stages/create-stages.js';
import type { DecisionParts, DecisionSession } from './stages/parts.js';
import type { Delivered } from './stages/stages.js';

export interface EngineOptions extends RunLaneLimits {
  readonly decisionDeadlineMs: number;
}

const LANE_CODES: Readonly<Record<LaneRefusal, TamiyoErrorCode>> = {
  run_queue_full: 'RUN_QUEUE_FULL',
  too_many_runs: 'TOO_MANY_RUNS',
  shutting_down: 'SHUTTING_DOWN',
};

/** Answers packets: one at a time per run, in order, each within the decision deadline counted from its arrival. */
export class DecisionEngine {
  readonly #parts: DecisionParts;
  readonly #options: EngineOptions;
  readonly #lanes: RunLanes;
  readonly #answers: AnswerMemory;

  constructor(parts: DecisionParts, options: EngineOptions, answers: AnswerMemory) {
    this.#parts = parts;
    this.#options = options;
    this.#lanes = new RunLanes(options);
    this.#answers = answers;
  }

  /**
   * One decision for one packet, given as a value or as the bytes of the message. Resolves with the sealed command, durable
   * in the log, or with a typed error; it does not reject. The same packet again gets the same bytes.
   */
  async decide(trainingRunId: string, input: unknown): Promise<Result<Delivered, DecisionError>> {
    const deadline = new DecisionDeadline(this.#options.decisionDeadlineMs, this.#parts);
    const outcome = await this.#lanes.enter(trainingRunId, () => this.#inLane(trainingRunId, input, deadline));
    if (outcome.ok || typeof outcome.error !== 'string') return outcome as Result<Delivered, DecisionError>;
    return err(
      new DecisionError(LANE_CODES[outcome.error], `run ${trainingRunId}: ${outcome.error.replaceAll('_', ' ')}`),
    );
  }

  /** Refuses new packets, and resolves when those under way are answered. */
  async close(): Promise<void> {
    await this.#lanes.close();
  }

  async #inLane(
    trainingRunId: string,
    input: unknown,
    deadline: DecisionDeadline,
  ): Promise<Result<Delivered, DecisionError>> {
    const earlier = this.#answers.find(trainingRunId, input);
    if (earlier !== undefined) return ok({ ...earlier, repeated: true });
    const arrows = new ArrowRunner(deadline, this.#parts.clock);
    const session: DecisionSession = {
      decisionId: this.#parts.ids.decisionId(),
      arrows,
      atMs: this.#parts.clock.wallMs(),
      about: { trainingRunId, packetId: '' },
      state: this.#parts.runs.get(trainingRunId),
      events: [],
    };
    const outcome = await decide(input, arrows, createStages(session, this.#parts));
    if (outcome.ok) this.#answers.keep(session.about, outcome.value);
    return outcome;
  }
}
