import type { FieldReport } from '@esper/leyline';
import {
  type Evaluation,
  endOf,
  type ObservationWindow,
  observe,
  openWindow,
  synthesise,
  synthesisId,
  type WindowEnd,
} from './window.js';

/** How many windows there may be, and for how long. See `FieldReportOptions`. */
export interface WindowLimits {
  readonly windowEpochs: number;
  readonly windowTtlMs: number;
  readonly windowsPerRunMax: number;
  readonly runsMax: number;
}

/** A window that was closed, and the report about it. */
export interface ClosedWindow {
  readonly end: WindowEnd;
  readonly report: FieldReport;
}

/**
 * All open windows, per run, oldest first. A fold over decisions: the same decisions give the same windows and reports, so
 * nothing about windows needs a file of its own. Cost per decision: the open windows of its run.
 */
export class WindowBook {
  readonly #limits: WindowLimits;
  /** Run → its windows. The run that was heard of last stands last. */
  readonly #runs = new Map<string, readonly ObservationWindow[]>();

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  get openCount(): number {
    let count = 0;
    for (const windows of this.#runs.values()) count += windows.length;
    return count;
  }

  /** Earliest issue time of an open window; `undefined` when none is open. */
  get oldestIssuedAtMs(): number | undefined {
    let oldest: number | undefined;
    for (const [first] of this.#runs.values()) {
      if (first !== undefined && (oldest === undefined || first.issuedAtMs < oldest)) oldest = first.issuedAtMs;
    }
    return oldest;
  }

  /** The open windows of a run, oldest first. */
  windowsOf(trainingRunId: string): readonly ObservationWindow[] {
    return this.#runs.get(trainingRunId) ?? [];
  }

  /**
   * One decision of a run: shows it to the run's open windows, closes those that end with it, and opens one for its own
   * report when it issued a command. Returns what was closed.
   */
  decided(seen: Evaluation, report: FieldReport): readonly ClosedWindow[] {
    if (this.#limits.windowEpochs === 1) return [];
    const closed: ClosedWindow[] = [];
    const kept: ObservationWindow[] = [];
    for (const window of this.windowsOf(seen.trainingRunId)) {
      const end = endOf(window, seen, this.#limits.windowTtlMs);
      if (end !== 'rolled_back') observe(window, seen);
      if (end === undefined) kept.push(window);
      else closed.push(close(window, end));
    }
    const known = kept.some(({ commandId }) => commandId === report.commandId);
    if (report.commandId !== undefined && !known) kept.push(openWindow(report, seen.epoch, this.#limits.windowEpochs));
    while (kept.length > this.#limits.windowsPerRunMax)
      closed.push(close(kept.shift() as ObservationWindow, 'displaced'));
    this.#runs.delete(seen.trainingRunId);
    if (kept.length > 0) this.#runs.set(seen.trainingRunId, kept);
    return [...closed, ...this.#displaceQuietRuns()];
  }

  #displaceQuietRuns(): readonly ClosedWindow[] {
    const closed: ClosedWindow[] = [];
    for (const [run, windows] of this.#runs) {
      if (this.#runs.size <= this.#limits.runsMax) break;
      this.#runs.delete(run);
      closed.push(...windows.map((window) => close(window, 'displaced')));
    }
    return closed;
  }

  /** Closes every window that has outlived its time, also of runs that no longer report. */
  expire(nowMs: number): readonly ClosedWindow[] {
    const closed: ClosedWindow[] = [];
    for (const [run, windows] of this.#runs) {
      const kept = windows.filter((window) => nowMs - window.issuedAtMs <= this.#limits.windowTtlMs);
      if (kept.length === windows.length) continue;
      closed.push(...windows.filter((window) => !kept.includes(window)).map((window) => close(window, 'expired')));
      if (kept.length === 0) this.#runs.delete(run);
      else this.#runs.set(run, kept);
    }
    return closed;
  }

  /** Forgets a window whose report is known to exist already. */
  forget(reportId: string, trainingRunId: string): void {
    const windows = this.#runs.get(trainingRunId);
    if (windows === undefined) return;
    const kept = windows.filter((window) => synthesisId(window) !== reportId);
    if (kept.length === 0) this.#runs.delete(trainingRunId);
    else this.#runs.set(trainingRunId, kept);
  }
}

const close = (window: ObservationWindow, end: WindowEnd): ClosedWindow => ({ end, report: synthesise(window, end) });
