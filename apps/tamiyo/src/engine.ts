import { err, ok, type Result } from '@esper/std';
import { decide } from './decide.js';
import { ArrowRunner } from './decision/arrows.js';
import { DecisionDeadline } from './decision/deadline.js';
import { ReadMoments } from './decision/moments.js';
import { ReceivedPacket } from './decision/received-packet.js';
import { asDecisionError, DecisionError, TamiyoError, type TamiyoErrorCode } from './errors.js';
import type { DecideOptions, RunView } from './host/decision-host.js';
import type { OperatorAction } from './host/operator-action.js';
import { carryOut, writeDown } from './host/run-orders.js';
import { holdInForce } from './runs/run-hold.js';
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

type Outcome = Result<Delivered, DecisionError>;

/** Answers packets: one at a time per run, in order, each within the decision deadline counted from its arrival. */
export class DecisionEngine {
  readonly #parts: DecisionParts;
  readonly #options: EngineOptions;
  readonly #lanes: RunLanes;

  constructor(parts: DecisionParts, options: EngineOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#lanes = new RunLanes(options);
  }

  /**
   * One decision for one packet, given as a value or as the bytes of the message. Resolves with the sealed command, durable
   * in the log, or with a typed error; it does not reject. The same packet again gets the same bytes.
   */
  async decide(trainingRunId: string, input: unknown, options: DecideOptions = {}): Promise<Outcome> {
    const { decisionDeadlineMs } = this.#options;
    const deadlineMs = Math.min(decisionDeadlineMs, options.deadlineMs ?? decisionDeadlineMs);
    const deadline = new DecisionDeadline(deadlineMs, { ...this.#parts, signal: options.signal });
    try {
      const received = new ReceivedPacket(trainingRunId, input);
      const outcome = await this.#lanes.enter(trainingRunId, () => this.#inLane(received, deadline));
      if (outcome.ok || typeof outcome.error !== 'string') return outcome as Outcome;
      return this.#turnAway(laneError(outcome.error, trainingRunId), trainingRunId);
    } catch (cause) {
      // The last resort: even the failure boundary broke. Nothing was issued, and somebody is told.
      return this.#turnAway(asDecisionError(cause), trainingRunId);
    }
  }

  /** Carries out an operator's order in the run's lane. Ok means: durable, and in force for the next packet. */
  async operate(action: OperatorAction): Promise<Result<RunView, TamiyoError>> {
    const { trainingRunId } = action;
    const outcome = await this.#lanes.enter(trainingRunId, () => carryOut(action, this.#parts), { always: true });
    if (outcome.ok) return ok({ trainingRunId, state: outcome.value, pending: this.#lanes.pendingOf(trainingRunId) });
    if (typeof outcome.error !== 'string') return err(outcome.error);
    return err(new TamiyoError(LANE_CODES[outcome.error], `run ${trainingRunId}: ${words(outcome.error)}`));
  }

  /** Writes a run's state down again, in its lane. Rejects when the log does not take it. */
  async checkpoint(trainingRunId: string): Promise<void> {
    const outcome = await this.#lanes.enter<void, unknown>(
      trainingRunId,
      () => writeDown(trainingRunId, this.#parts).then(ok, err),
      { always: true },
    );
    if (!outcome.ok) throw outcome.error;
  }

  /** A run's state now; `undefined` for a run nobody has reported on. */
  run(trainingRunId: string): RunView | undefined {
    const { runs } = this.#parts;
    if (!runs.has(trainingRunId)) return undefined;
    return { trainingRunId, state: runs.get(trainingRunId), pending: this.#lanes.pendingOf(trainingRunId) };
  }

  /** Refuses new packets, and resolves when those under way are answered. */
  async close(): Promise<void> {
    await this.#lanes.close();
  }

  async #inLane(received: ReceivedPacket, deadline: DecisionDeadline): Promise<Outcome> {
    const { trainingRunId } = received;
    const { runs, ownership } = this.#parts;
    if (!runs.mayKnow(trainingRunId)) return this.#turnAway(laneError('too_many_runs', trainingRunId), trainingRunId);
    const entered = await this.#entered(received, deadline);
    if (entered !== undefined) return entered.ok ? entered : this.#turnAway(entered.error, trainingRunId);
    const held = this.#holdOn(trainingRunId);
    if (held !== undefined) {
      ownership.leave(trainingRunId);
      return this.#turnAway(held, trainingRunId);
    }
    const earlier = await this.#earlier(received, deadline);
    if (earlier !== undefined) return earlier.ok ? earlier : this.#turnAway(earlier.error, trainingRunId);
    return this.#parts.holdPolicy(() => {
      const { session, stages } = this.#begin(trainingRunId, deadline);
      return decide(received, session.arrows, stages).finally(() => session.leaveTurn?.());
    });
  }

  /** Makes sure that this host may decide for the run; gives the answer that any host gave before, or why it may not. */
  async #entered(
    { trainingRunId, packetId }: ReceivedPacket,
    deadline: DecisionDeadline,
  ): Promise<Outcome | undefined> {
    const { ownership } = this.#parts;
    try {
      const entering = ownership.enter(trainingRunId, packetId);
      const leave = (): void => ownership.leave(trainingRunId);
      const answer = await deadline.within('validate', entering, (late) => void late.then(leave, leave));
      return answer === undefined ? undefined : ok(answer);
    } catch (cause) {
      return err(asDecisionError(cause));
    }
  }

  /** An operator's hold, as the refusal that it is. */
  #holdOn(trainingRunId: string): DecisionError | undefined {
    const { runs, clock } = this.#parts;
    const hold = holdInForce(runs.get(trainingRunId).hold, clock.wallMs());
    if (hold === undefined) return undefined;
    const until = hold.untilMs === null ? 'until released' : `until ${new Date(hold.untilMs).toISOString()}`;
    return new DecisionError('RUN_HELD', `run ${trainingRunId} is held by ${hold.who} ${until}: ${hold.why}`, {
      reason: 'run_held',
      attributes: { who: hold.who, why: hold.why },
    });
  }

  async #earlier(received: ReceivedPacket, deadline: DecisionDeadline): Promise<Outcome | undefined> {
    const { packetId } = received;
    if (packetId === undefined) return undefined;
    try {
      const answer = await deadline.within('validate', this.#parts.answers.find(received.trainingRunId, packetId));
      return answer === undefined ? undefined : ok(answer);
    } catch (cause) {
      return err(asDecisionError(cause));
    }
  }

  #begin(trainingRunId: string, deadline: DecisionDeadline) {
    const { clock, ids, runs } = this.#parts;
    const arrows = new ArrowRunner(deadline, clock);
    const moments = new ReadMoments(clock);
    const begun = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
    const opened = runs.open(trainingRunId, begun);
    const session: DecisionSession = {
      decisionId: ids.decisionId(),
      arrows,
      atMs: begun.wallMs,
      about: { trainingRunId, packetId: '' },
      begin: {
        state: opened.before,
        isRecorded: runs.isRecorded(trainingRunId),
        ...(opened.state === opened.before ? {} : { openedAt: [begun.wallMs, begun.monoMs] as const }),
      },
      moments,
      state: opened.state,
      events: [...opened.events],
    };
    return { session, stages: createStages(session, this.#parts) };
  }

  #turnAway(error: DecisionError, trainingRunId: string): Outcome {
    this.#parts.reporter.refused(error, trainingRunId);
    return err(error);
  }
}

const words = (refusal: LaneRefusal): string => refusal.replaceAll('_', ' ');

const laneError = (refusal: LaneRefusal, trainingRunId: string): DecisionError =>
  new DecisionError(LANE_CODES[refusal], `run ${trainingRunId}: ${words(refusal)}`, { reason: refusal });
