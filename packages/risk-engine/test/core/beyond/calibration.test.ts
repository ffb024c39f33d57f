import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { calibrate, INITIAL_CALIBRATION_STATE } from '../../../src/core/beyond/calibration.js';
import {
  assess,
  type CalibrationState,
  DEFAULT_RISK_CONFIG as CONFIG,
  initialRiskState,
  reportCalibration,
} from '../../../src/index.js';
import { calmInput, calmPacket, momentAt } from '../../../src/testing.js';

const limits = CONFIG.calibration;
const run = (count: number, outcome: (risk: number, random: SeededRandom) => boolean): CalibrationState => {
  const random = new SeededRandom(3);
  let state = INITIAL_CALIBRATION_STATE;
  for (let n = 0; n < count; n += 1) {
    const bad = state.pending !== null && outcome(state.pending, random);
    state = calibrate(state, { bad, risk: random.fraction() }, limits);
  }
  return state;
};

describe('the calibration record', () => {
  it('G-11: finds a policy calibrated whose predictions come true as often as they say', () => {
    const report = reportCalibration(
      run(900, (risk, random) => random.chance(risk)),
      limits,
    );
    expect(report).toMatchObject({ samples: 899, verdict: 'calibrated' });
    expect(report.error).toBeLessThan(0.1);
  });

  it('PF-22: finds one miscalibrated that never warns, and counts what it missed', () => {
    const report = reportCalibration(
      run(900, (risk) => risk < 0.5),
      limits,
    );
    expect(report).toMatchObject({ verdict: 'miscalibrated', falseNegativeRatio: 1 });
  });

  it('claims nothing below the sample minimum', () => {
    expect(
      reportCalibration(
        run(100, () => true),
        limits,
      ),
    ).toMatchObject({ samples: 99, verdict: 'too_few' });
    expect(reportCalibration(INITIAL_CALIBRATION_STATE, limits)).toEqual({
      samples: 0,
      error: 0,
      falseNegativeRatio: 0,
      verdict: 'too_few',
    });
  });

  it('is of constant size and forgets by halves', () => {
    const state = run(20_000, (risk, random) => random.chance(risk));
    expect(state.counts).toHaveLength(10);
    expect(state.total).toBeLessThan(limits.windowDecisions);
    expect(state.counts.reduce((sum, value) => sum + value, 0)).toBeCloseTo(state.total, 6);
    expect(state.bad.every((value, band) => value <= (state.counts[band] ?? 0))).toBe(true);
  });

  it('is fed by the decisions themselves', () => {
    const step = (
      from: ReturnType<typeof initialRiskState>,
      validationLoss: number,
      riskScore: number | undefined,
      ms: number,
    ) =>
      assess(
        from,
        calmInput({ packet: calmPacket({ validationLoss }), policy: { riskScore, version: 'p' }, at: momentAt(ms) }),
        CONFIG,
      ).state;
    const first = step(initialRiskState(CONFIG), 1, 0.72, 0);
    expect(first.calibration).toMatchObject({ pending: 0.72, total: 0 });
    const second = step(first, 1.1, 1, 1);
    expect(second.calibration).toMatchObject({ pending: 1, total: 1 });
    expect([second.calibration.counts[7], second.calibration.bad[7]]).toEqual([1, 1]);
    const third = step(second, 1.1, undefined, 2);
    expect([third.calibration.counts[9], third.calibration.bad[9], third.calibration.pending]).toEqual([1, 0, null]);
  });

  it('sums up by hand: gap to the middle of the band weighted by counts, and what was missed below one half', () => {
    const bands = (pairs: Record<number, number>) => Array.from({ length: 10 }, (_none, band) => pairs[band] ?? 0);
    const state = {
      pending: null,
      total: 100,
      counts: bands({ 2: 50, 5: 30, 9: 20 }),
      bad: bands({ 2: 6, 5: 15, 9: 20 }),
    };
    const report = reportCalibration(state, limits);
    // Bands 2, 5 and 9 predict 0.25, 0.55 and 0.95 and saw 0.12, 0.5 and 1.
    expect(report.error).toBeCloseTo((50 * 0.13 + 30 * 0.05 + 20 * 0.05) / 100, 12);
    expect(report).toMatchObject({ samples: 100, falseNegativeRatio: 6 / 41, verdict: 'calibrated' });
    expect(reportCalibration(state, { ...limits, errorMax: report.error }).verdict).toBe('calibrated');
    expect(reportCalibration(state, { ...limits, errorMax: report.error / 2 }).verdict).toBe('miscalibrated');
    expect(reportCalibration(state, { ...limits, samplesMin: 101 }).verdict).toBe('too_few');
  });

  it('halves when the window is full, and waits unchanged for the first prediction', () => {
    const full = { ...INITIAL_CALIBRATION_STATE, pending: 0.5, total: 3, counts: [3, 0, 0, 0, 0, 0, 0, 0, 0, 0] };
    expect(calibrate(full, { bad: false, risk: 0.5 }, { ...limits, windowDecisions: 4 }).total).toBe(2);
    expect(calibrate(full, { bad: false, risk: 0.5 }, { ...limits, windowDecisions: 5 }).total).toBe(4);
    const none = { bad: true, risk: undefined };
    expect(calibrate(INITIAL_CALIBRATION_STATE, none, limits)).toBe(INITIAL_CALIBRATION_STATE);
  });
});
