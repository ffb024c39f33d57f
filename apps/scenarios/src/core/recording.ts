/** One trained step. Losses may be NaN or infinite: that is then the truth. */
export interface StepPoint {
  readonly step: number;
  readonly loss: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly stepMs: number;
  readonly paused: boolean;
}

/** A signal of a decision beside its threshold. */
export interface SignalPoint {
  readonly signal: string;
  readonly value: number;
  readonly threshold: number;
  /** How near it is to tripping: 1 at the threshold, more beyond, whichever side is the bad one. */
  readonly ratio: number;
  /** Whether the risk engine let it pass. */
  readonly passed: boolean;
}

/** One delivered command. */
export interface DecisionPoint {
  readonly step: number;
  readonly proposed: string;
  readonly command: string;
  readonly reason: string;
  readonly conservative: boolean;
  readonly totalMs: number;
  readonly inferenceMs: number;
  /** Milliseconds by arrow. */
  readonly arrows: Readonly<Record<string, number>>;
  readonly signals: readonly SignalPoint[];
  readonly breakersOpen: readonly string[];
}

/** One decision that failed. */
export interface FailurePoint {
  readonly step: number;
  readonly code: string;
  readonly waitedMs: number;
  readonly breakersOpen: readonly string[];
}

/** Something worth a mark in a plot. */
export interface MarkPoint {
  readonly step: number;
  readonly name: string;
  readonly detail: string;
}

/** The host at one moment. */
export interface HostSample {
  /** Since the run began. */
  readonly seconds: number;
  readonly rssBytes: number;
  readonly eventLoopDelayMs: number;
  readonly telemetryQueued: number;
  readonly pending: number;
}

/** Everything a run showed, in the order it was seen. */
export interface Recording {
  readonly trainingRunId: string;
  readonly steps: readonly StepPoint[];
  readonly decisions: readonly DecisionPoint[];
  readonly failures: readonly FailurePoint[];
  readonly marks: readonly MarkPoint[];
  readonly samples: readonly HostSample[];
}

/** Points a series keeps; a longer run is thinned evenly. */
const POINTS_MAX = 4_000;

/** `points` thinned evenly to what a plot can show; the last one stays. */
export function thinned<T>(points: readonly T[], most = POINTS_MAX): readonly T[] {
  if (points.length <= most) return points;
  const every = Math.ceil(points.length / most);
  return points.filter((_, at) => at % every === 0 || at === points.length - 1);
}
