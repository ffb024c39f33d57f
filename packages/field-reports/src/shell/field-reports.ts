import type { FieldReport, TelemetryEvent } from '@esper/leyline';
import type { MonoClock, WallClock } from '@esper/std';
import {
  afterFailure,
  afterSilence,
  afterTaken,
  type Delivery,
  type DeliveryStep,
  isDue,
  newDelivery,
  type Settlement,
} from '../core/delivery.js';
import { eventOf, type FieldReportEventName } from '../core/events.js';
import type { FieldReportStats } from '../core/metrics.js';
import type { Evaluation } from '../core/window.js';
import { type ClosedWindow, WindowBook } from '../core/window-book.js';
import { FieldReportError } from '../errors.js';
import { type FieldReportOptions, type ResolvedFieldReportOptions, resolveFieldReportOptions } from '../options.js';
import type { RandomFraction, ReportJournal, ReportPublisher } from '../ports.js';
import { decodeNote, type ReportNote } from '../wire/note-codec.js';
import { DispatchTimes } from './dispatch-times.js';
import { NoteKeeper } from './note-keeper.js';
import { PublishPacing } from './publish-pacing.js';
import { publishRound } from './publish-round.js';
import { newTotals, SETTLEMENT_TOTALS } from './totals.js';

/** What the life of reports needs from the outside. */
export interface FieldReportsSetup {
  readonly journal: ReportJournal;
  readonly publisher: ReportPublisher;
  readonly clock: WallClock & MonoClock;
  readonly random: RandomFraction;
  /** Told of each event. What it throws changes nothing and is counted. */
  readonly observe?: (event: TelemetryEvent) => void;
  readonly options?: FieldReportOptions;
}

/** What one flush did. */
export interface FlushReport {
  /** True when nothing is left to publish, acknowledge or record. */
  readonly complete: boolean;
  /** True when reports were due beyond the limit of one flush, and the bus was not given a rest: flush again at once. */
  readonly more: boolean;
  readonly published: number;
  readonly failed: number;
  readonly dropped: number;
  /** Reports that are not due yet, or over the limit of one flush, or wait for their consumer. */
  readonly pending: number;
}

/**
 * The life of field reports: observed, synthesised, published, acknowledged or given up. All of it is a fold over the log:
 * feed the log once with `restoreDecision` and `restoreNote`, call `restored`, then go on with `decided`.
 */
export class FieldReports {
  readonly #setup: FieldReportsSetup;
  readonly #options: ResolvedFieldReportOptions;
  readonly #windows: WindowBook;
  readonly #notes: NoteKeeper;
  readonly #totals = newTotals();
  /** Report id → what is left to do, in the order in which they became known. */
  readonly #pending = new Map<string, Delivery>();
  /** Synthesised while restoring, and not (yet) found in the log. */
  readonly #unfound = new Map<string, FieldReport>();
  readonly #times = new DispatchTimes();
  readonly #pacing: PublishPacing;
  #restoring = true;
  #flushing: Promise<FlushReport> | undefined;

  constructor(setup: FieldReportsSetup) {
    this.#setup = setup;
    this.#options = resolveFieldReportOptions(setup.options);
    this.#windows = new WindowBook(this.#options);
    this.#pacing = new PublishPacing(setup.clock, this.#options, () => {
      this.#totals.publishPausesTotal += 1;
      this.#tell('field_report_publishing_paused', { pause_ms: String(this.#options.publishPauseMs) });
    });
    this.#notes = new NoteKeeper(setup.journal, (error) => {
      this.#totals.noteFailuresTotal += 1;
      this.#tell('field_report_note_failed', { error: error instanceof Error ? error.name : 'unknown' });
    });
  }

  /** One decision or failure record of the log, in log order. `seen` is absent when no packet was evaluated. */
  restoreDecision(report: FieldReport, seen?: Evaluation): void {
    this.#add(report);
    if (seen === undefined) return;
    for (const { report: made } of this.#windows.decided(seen, report)) this.#unfound.set(made.reportId, made);
  }

  /** One note of the log, in log order. A note that cannot be read is counted and told; nothing is lost by it. */
  restoreNote(bytes: Uint8Array): void {
    const note = decodeNote(bytes);
    if (note.ok) {
      this.#restore(note.value);
      return;
    }
    this.#totals.damagedNotesTotal += 1;
    this.#tell('field_report_note_damaged', { reason: note.error });
  }

  #restore(note: ReportNote): void {
    switch (note.kind) {
      case 'synthesised':
        this.#unfound.delete(note.report.reportId);
        this.#windows.forget(note.report.reportId, note.report.trainingRunId);
        this.#add(note.report);
        return;
      case 'attempt': {
        const delivery = this.#pending.get(note.reportId);
        const { failures, nextAttemptAtMs } = note;
        if (delivery !== undefined) this.#pending.set(note.reportId, { ...delivery, failures, nextAttemptAtMs });
        return;
      }
      case 'settled':
        this.#forget(note.reportId);
        return;
    }
  }

  /** Ends restoring: reports that a crash kept from being noted are noted now. Resolves when they are durable. */
  async restored(): Promise<void> {
    this.#restoring = false;
    const unfound = [...this.#unfound.values()];
    this.#unfound.clear();
    this.#synthesised(unfound.map((report) => ({ end: 'complete', report })));
    this.#boundPending();
    await this.#notes.settled();
  }

  /**
   * One decision, after its record (which carries `report`) is durable. Returns at once; whatever follows from it is noted
   * behind the caller's back, and kept until it is durable. Throws `FIELD_REPORT_NOT_RESTORED` before `restored`.
   */
  decided(report: FieldReport, seen?: Evaluation): void {
    if (this.#restoring) throw new FieldReportError('FIELD_REPORT_NOT_RESTORED', 'the log has not been restored yet');
    this.#add(report);
    if (seen !== undefined) this.#synthesised(this.#windows.decided(seen, report));
    this.#boundPending();
  }

  #add(report: FieldReport): void {
    if (this.#pending.has(report.reportId)) {
      if (this.#restoring) return;
      this.#totals.duplicatesTotal += 1;
      this.#tell('field_report_duplicate', { report_id: report.reportId });
      return;
    }
    this.#pending.set(report.reportId, newDelivery(report));
    this.#times.known(report.reportId, this.#setup.clock.monoMs());
  }

  #forget(reportId: string): void {
    this.#pending.delete(reportId);
    this.#times.forget(reportId);
  }

  #synthesised(closed: readonly ClosedWindow[]): void {
    for (const { report } of closed) {
      this.#notes.add({ kind: 'synthesised', report });
      this.#add(report);
      this.#totals.synthesisedTotal += 1;
      const { commandId = '', reportId, observationWindowEpochs } = report;
      const target_epochs = String(observationWindowEpochs);
      this.#tell('field_report_synthesised', { command_id: commandId, report_id: reportId, target_epochs });
    }
  }

  /** Over the limit the oldest goes: durably, counted, told. The log still has it. */
  #boundPending(): void {
    for (const [reportId] of this.#pending) {
      if (this.#pending.size <= this.#options.pendingMax) return;
      this.#settle(reportId, 'dropped', 'too_many_pending');
    }
  }

  #settle(reportId: string, how: Settlement, why: string): void {
    const atMs = this.#setup.clock.wallMs();
    this.#notes.add({ kind: 'settled', reportId, how, atMs });
    this.#totals[SETTLEMENT_TOTALS[how]] += 1;
    if (how === 'dropped') this.#tell('field_report_dropped', { report_id: reportId, reason: why });
    if (how === 'unacknowledged') this.#tell('field_report_unacknowledged', { report_id: reportId });
    this.#forget(reportId);
  }

  /**
   * Publishes what is due, oldest first, up to the limit of one flush, and makes the outcomes durable. Decisions that
   * arrive meanwhile are kept for the next one. A second call joins the one that runs. Never rejects for a failing bus.
   */
  flush(): Promise<FlushReport> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #flush(): Promise<FlushReport> {
    const { clock } = this.#setup;
    const before = { ...this.#totals };
    this.#notes.retry();
    this.#synthesised(this.#windows.expire(clock.wallMs()));
    this.#overdueAnswers();
    const due = [...this.#pending.values()].filter((one) => isDue(one, clock.wallMs(), this.#options));
    const { publishPerFlushMax, publishConcurrencyMax } = this.#options;
    const published = await publishRound(due.slice(0, this.#pacing.allowed(publishPerFlushMax)), {
      pacing: this.#pacing,
      concurrencyMax: publishConcurrencyMax,
      publish: (delivery) => this.#publish(delivery),
    });
    await this.#notes.settled();
    const dropped = this.#totals.droppedTotal - before.droppedTotal;
    const failed = this.#totals.retriesTotal - before.retriesTotal + dropped;
    const complete = this.#pending.size === 0 && this.#notes.unrecorded === 0;
    const more = due.length > publishPerFlushMax && !this.#pacing.rests;
    return { complete, more, published, failed, dropped, pending: this.#pending.size };
  }

  #overdueAnswers(): void {
    const nowMs = this.#setup.clock.wallMs();
    for (const [reportId, delivery] of this.#pending) {
      if (delivery.state !== 'sent' || delivery.answerDueAtMs > nowMs) continue;
      this.#take(reportId, afterSilence(delivery), 'unacknowledged');
    }
  }

  async #publish(delivery: Delivery): Promise<boolean> {
    const { clock, publisher, random } = this.#setup;
    const { reportId } = delivery.report;
    let taken = false;
    let why = 'refused';
    try {
      taken = await publisher.publish(delivery.report);
    } catch (error) {
      why = error instanceof Error ? error.name : 'unknown';
    }
    // Its consumer may have answered, or the bound may have dropped it, while the bus was at work.
    const current = this.#pending.get(reportId);
    if (current === undefined) return taken;
    const nowMs = clock.wallMs();
    if (taken) {
      this.#times.taken(reportId, clock.monoMs());
      this.#take(reportId, afterTaken(current, nowMs, this.#options), why);
      return true;
    }
    const step = afterFailure(current, { ms: nowMs, fraction: random() }, this.#options);
    this.#take(reportId, step, why);
    if (step.kind === 'continue') {
      const { failures, nextAttemptAtMs } = step.delivery;
      this.#totals.retriesTotal += 1;
      this.#notes.add({ kind: 'attempt', reportId, failures, nextAttemptAtMs });
      this.#tell('field_report.retry', { report_id: reportId, failures: String(failures), reason: why });
    }
    return false;
  }

  #take(reportId: string, step: DeliveryStep, why: string): void {
    if (step.kind === 'continue') this.#pending.set(reportId, step.delivery);
    else this.#settle(reportId, step.how, why);
  }

  /** The consumer has the report. Resolves when that is durable: true if the report was waiting for it. */
  async acknowledge(reportId: string): Promise<boolean> {
    if (!this.#pending.has(reportId)) return false;
    this.#settle(reportId, 'acknowledged', '');
    await this.#notes.settled();
    return true;
  }

  /** Counters and gauges now. O(pending). */
  stats(): FieldReportStats {
    let retryBacklog = 0;
    for (const { failures } of this.#pending.values()) if (failures > 0) retryBacklog += 1;
    return {
      ...this.#totals,
      pending: this.#pending.size,
      retryBacklog,
      openWindows: this.#windows.openCount,
      unrecordedNotes: this.#notes.unrecorded,
      dispatchLatencyMs: this.#times.lastMs,
      dispatchLatencyMaxMs: this.#times.maxMs,
    };
  }

  /** Issue time of the oldest report or window that the log must still hold; `undefined` when it may forget everything. */
  oldestNeededMs(): number | undefined {
    let oldest = this.#windows.oldestIssuedAtMs;
    for (const { report } of this.#pending.values()) oldest = Math.min(oldest ?? report.issuedAtMs, report.issuedAtMs);
    return oldest;
  }

  #tell(name: FieldReportEventName, attributes: Readonly<Record<string, string>>): void {
    try {
      this.#setup.observe?.(eventOf(name, attributes));
    } catch {
      this.#totals.observerFailuresTotal += 1;
    }
  }
}
