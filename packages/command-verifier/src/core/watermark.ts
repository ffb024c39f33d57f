import { elapsedMs, type MonoMs } from '@esper/std';

/** A command's place in its run, and its time of issue. */
export interface DatedPosition {
  readonly trainingRunId: string;
  readonly issuerEpoch: number;
  readonly sequence: number;
  readonly issuedAtMs: number;
}

/**
 * One step of the promise a journal keeps: every command accepted so far, and until the next step, was issued before
 * `issuedBeforeMs` (of any run), and those of this run have a sequence number below `sequenceBelow` and an epoch of at most
 * `issuerEpoch`.
 */
export interface WatermarkStep {
  readonly issuedBeforeMs: number;
  readonly trainingRunId: string;
  readonly issuerEpoch: number;
  readonly sequenceBelow: number;
}

/** How far ahead of a command a step goes: what a restart costs at most. */
export interface WatermarkLimits {
  /** Milliseconds of the issuer's clock. */
  readonly leadMs: number;
  readonly sequenceLeadMax: number;
  /** Runs remembered; beyond, the run that stepped longest ago is forgotten, and proves itself by time alone. */
  readonly runsMax: number;
}

/** The command that needs a step, and when it came by the consumer's monotonic clock. */
export interface StepCause {
  readonly command: DatedPosition;
  readonly at: MonoMs;
}

/** What is promised for one run. */
export interface RunBound {
  readonly issuerEpoch: number;
  readonly sequenceBelow: number;
}

interface SteppedBound extends RunBound {
  /** What caused the last step; `undefined` for a bound read back from a journal. */
  readonly cause: StepCause | undefined;
}

/** The promise as it stands: a fold of its steps. Both halves only rise. */
export class Watermark {
  readonly #limits: WatermarkLimits;
  readonly #runs = new Map<string, SteppedBound>();
  #issuedBeforeMs = 0;

  /** `steps`: what the journal held, oldest first. */
  constructor(limits: WatermarkLimits, steps: Iterable<WatermarkStep> = []) {
    this.#limits = limits;
    for (const step of steps) this.apply(step, undefined);
  }

  /** 0 when nothing was ever promised. */
  get issuedBeforeMs(): number {
    return this.#issuedBeforeMs;
  }

  /** What is promised for each run, longest unchanged first. */
  get runs(): Iterable<readonly [trainingRunId: string, bound: RunBound]> {
    return this.#runs;
  }

  /** True when a command may be accepted without another step. */
  covers(command: DatedPosition): boolean {
    const bound = this.#runs.get(command.trainingRunId);
    if (bound === undefined || command.issuedAtMs >= this.#issuedBeforeMs) return false;
    return command.issuerEpoch <= bound.issuerEpoch && command.sequence < bound.sequenceBelow;
  }

  /** The step that would cover the command of `cause`. */
  nextStep(cause: StepCause): WatermarkStep {
    const { command } = cause;
    const bound = this.#runs.get(command.trainingRunId);
    const lead = sequenceLead(cause, bound?.cause, this.#limits);
    return {
      trainingRunId: command.trainingRunId,
      issuedBeforeMs: Math.max(this.#issuedBeforeMs, command.issuedAtMs + this.#limits.leadMs),
      issuerEpoch: Math.max(bound?.issuerEpoch ?? 0, command.issuerEpoch),
      sequenceBelow: Math.max(bound?.sequenceBelow ?? 0, command.sequence + 1 + lead),
    };
  }

  /** Takes a step that the journal has stored. */
  apply(step: WatermarkStep, cause: StepCause | undefined): void {
    const bound = this.#runs.get(step.trainingRunId);
    this.#issuedBeforeMs = Math.max(this.#issuedBeforeMs, step.issuedBeforeMs);
    this.#runs.delete(step.trainingRunId);
    this.#runs.set(step.trainingRunId, {
      issuerEpoch: Math.max(bound?.issuerEpoch ?? 0, step.issuerEpoch),
      sequenceBelow: Math.max(bound?.sequenceBelow ?? 0, step.sequenceBelow),
      cause,
    });
    this.#forgetOldest();
  }

  /** The fewest steps that say the same; a journal may be rewritten with them. */
  toSteps(): readonly WatermarkStep[] {
    const issuedBeforeMs = this.#issuedBeforeMs;
    return [...this.#runs].map(([trainingRunId, { issuerEpoch, sequenceBelow }]) => ({
      issuedBeforeMs,
      trainingRunId,
      issuerEpoch,
      sequenceBelow,
    }));
  }

  #forgetOldest(): void {
    for (const oldest of this.#runs.keys()) {
      if (this.#runs.size <= this.#limits.runsMax) return;
      this.#runs.delete(oldest);
    }
  }
}

/**
 * How many sequence numbers to go ahead: as many as the run uses in a quarter of `leadMs` at its present pace, but at most as
 * many as it used since its last step, so that a burst does not make the lead long. A quarter, because a pace is a guess
 * and `leadMs` is a promise. The pace is the slower of two: by the issuer's dates, which commands that waited on the way
 * keep, and by our monotonic clock, which no step of a date makes short.
 */
function sequenceLead(cause: StepCause, last: StepCause | undefined, limits: WatermarkLimits): number {
  if (last === undefined) return 0;
  // Not above zero where sequence numbers need not rise: then the bound so far is the higher one.
  const used = cause.command.sequence - last.command.sequence;
  const tookMs = Math.max(cause.command.issuedAtMs - last.command.issuedAtMs, elapsedMs(last.at, cause.at));
  const paced = tookMs === 0 ? used : Math.floor((used * limits.leadMs) / (4 * tookMs));
  return Math.min(used, paced, limits.sequenceLeadMax);
}
