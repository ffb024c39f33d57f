import type { CalibrationLimits } from '../config.js';

/** Bands of predicted risk, each a tenth wide. */
const BANDS = 10;

/** What was predicted and what came, as counts per band. Plain data of constant size. */
export interface CalibrationState {
  /** The prediction whose outcome the next packet tells; `null` when there is none. */
  readonly pending: number | null;
  /** Sum of the counts. */
  readonly total: number;
  readonly counts: readonly number[];
  readonly bad: readonly number[];
}

export const INITIAL_CALIBRATION_STATE: CalibrationState = Object.freeze({
  pending: null,
  total: 0,
  counts: Object.freeze(Array.from({ length: BANDS }, () => 0)),
  bad: Object.freeze(Array.from({ length: BANDS }, () => 0)),
});

const bandOf = (risk: number): number => Math.min(BANDS - 1, Math.max(0, Math.floor(risk * BANDS)));

const halved = (numbers: readonly number[]): readonly number[] => numbers.map((value) => value / 2);

function raised(numbers: readonly number[], index: number): readonly number[] {
  const copy = numbers.slice();
  copy[index] = (copy[index] ?? 0) + 1;
  return copy;
}

/**
 * One decision: what became of the last prediction (`bad` when the loss then rose beyond the warning threshold), and what
 * is predicted for the next. A prediction that is no number is not remembered.
 */
export function calibrate(
  state: CalibrationState,
  decision: { readonly bad: boolean; readonly risk: number | undefined },
  limits: CalibrationLimits,
): CalibrationState {
  const pending = decision.risk ?? null;
  if (state.pending === null) return pending === null ? state : { ...state, pending };
  const band = bandOf(state.pending);
  const counts = raised(state.counts, band);
  const bad = decision.bad ? raised(state.bad, band) : state.bad;
  const total = state.total + 1;
  if (total < limits.windowDecisions) return { pending, total, counts, bad };
  return { pending, total: total / 2, counts: halved(counts), bad: halved(bad) };
}

/** How well predicted risk and outcomes agree. */
export interface CalibrationReport {
  readonly samples: number;
  /** Mean distance between predicted risk (middle of the band) and observed share of bad outcomes, weighted by counts. */
  readonly error: number;
  /** Bad outcomes that had been predicted below 0.5, over all bad outcomes; 0 when there was none. */
  readonly falseNegativeRatio: number;
  /** `too_few` below the sample minimum, otherwise whether the error is within its limit. */
  readonly verdict: 'too_few' | 'calibrated' | 'miscalibrated';
}

/** Sums up the calibration record (G-11). */
export function reportCalibration(state: CalibrationState, limits: CalibrationLimits): CalibrationReport {
  const samples = state.total;
  const badTotal = state.bad.reduce((sum, value) => sum + value, 0);
  const missed = state.bad.slice(0, BANDS / 2).reduce((sum, value) => sum + value, 0);
  const weighted = state.counts.reduce((sum, count, band) => {
    const observed = count === 0 ? 0 : (state.bad[band] ?? 0) / count;
    return sum + count * Math.abs((band + 0.5) / BANDS - observed);
  }, 0);
  const error = samples === 0 ? 0 : weighted / samples;
  const known = error <= limits.errorMax ? 'calibrated' : 'miscalibrated';
  return {
    samples,
    error,
    falseNegativeRatio: badTotal === 0 ? 0 : missed / badTotal,
    verdict: samples < limits.samplesMin ? 'too_few' : known,
  };
}
