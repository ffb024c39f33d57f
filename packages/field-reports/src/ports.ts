import type { FieldReport } from '@esper/leyline';

/** The log, as far as the life of reports needs it. */
export interface ReportJournal {
  /** Resolves when the note is durable. Rejecting leaves the report where it was; it is tried again. */
  append(note: Uint8Array): Promise<unknown>;
}

/** Whoever carries reports to their consumers. */
export interface ReportPublisher {
  /** True when the report has been taken. False and rejecting are both failures (D-03). */
  publish(report: FieldReport): Promise<boolean>;
}

/** A fraction in [0, 1), for jitter. */
export type RandomFraction = () => number;
