import type { AdaptationCommand, FieldReport, TelemetryEvent } from '@esper/leyline';
import { FakeClock, SeededRandom } from '@esper/testkit';
import type { Evaluation, FieldReportOptions, FieldReportsSetup } from '../../src/index.js';
import { FieldReports } from '../../src/index.js';

export const T0 = 1_700_000_000_000;

export function command(change: Partial<AdaptationCommand> = {}): AdaptationCommand {
  return {
    version: 1,
    commandType: 'SEED',
    issuedBy: 'tamiyo',
    annotations: {},
    commandId: 'c-1',
    trainingRunId: 'run-1',
    issuerEpoch: 1,
    sequence: 1,
    issuedAtMs: T0,
    expiresAtMs: T0 + 1000,
    ...change,
  };
}

export function report(id: string, change: Partial<FieldReport> = {}): FieldReport {
  return {
    version: 1,
    reportId: `fr-${id}`,
    commandId: id,
    trainingRunId: 'run-1',
    outcome: 'SUCCESS',
    observationWindowEpochs: 1,
    policyVersion: 'p',
    notes: '',
    metrics: { loss_delta: 0 },
    followUpActions: [],
    issuedAtMs: T0,
    ...change,
  };
}

export function seen(epoch: number, change: Partial<Evaluation> = {}): Evaluation {
  return {
    trainingRunId: 'run-1',
    epoch,
    atMs: T0 + epoch,
    lossDelta: -0.5,
    hookLatencyMs: undefined,
    reason: '',
    critical: false,
    ...change,
  };
}

/** A journal in memory that can fail, and a bus whose answer is set by the test. */
export class World {
  readonly clock = new FakeClock(T0);
  readonly notes: Uint8Array[] = [];
  readonly published: string[] = [];
  readonly events: TelemetryEvent[] = [];
  journalFails = false;
  answer: (report: FieldReport) => boolean | Promise<boolean> = () => true;
  #random = new SeededRandom(1);

  setup(options: FieldReportOptions = {}): FieldReportsSetup {
    return {
      clock: this.clock,
      options: { backoffJitterRatio: 0, ...options },
      random: () => this.#random.fraction(),
      observe: (event) => void this.events.push(event),
      journal: {
        append: async (note) => {
          if (this.journalFails) throw new Error('disk');
          this.notes.push(note);
        },
      },
      publisher: {
        publish: async (one) => {
          const taken = await this.answer(one);
          if (taken) this.published.push(one.reportId);
          return taken;
        },
      },
    };
  }

  /** A new life over the same log: `decisions` are the records that the host would find. */
  async start(
    decisions: readonly (readonly [FieldReport, Evaluation?])[] = [],
    options: FieldReportOptions = {},
  ): Promise<FieldReports> {
    const reports = new FieldReports(this.setup(options));
    for (const [one, at] of decisions) reports.restoreDecision(one, at);
    for (const note of [...this.notes]) reports.restoreNote(note);
    await reports.restored();
    return reports;
  }

  said(description: string): number {
    return this.events.filter((event) => event.description === description).length;
  }
}
