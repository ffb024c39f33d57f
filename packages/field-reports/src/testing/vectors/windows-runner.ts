import type { Evaluation } from '../../core/window.js';
import { WindowBook } from '../../core/window-book.js';
import { canonical, compared, same, type VectorOutcome, vectorNumber } from './vector-values.js';

interface Step {
  readonly in: {
    readonly command: {
      readonly commandId?: string;
      readonly targetSeedId?: string;
      readonly issuedAt?: string;
      readonly seedOperation?: { readonly blueprintId?: string };
    };
    readonly training_run_id: string;
    readonly current_epoch: number;
    readonly metrics: Readonly<Record<string, unknown>>;
    readonly events: readonly (readonly [string, number])[];
    readonly loss_delta: unknown;
  };
  readonly out: { readonly reports: readonly RecordedReport[] };
}

interface RecordedReport {
  readonly reportId: string;
  readonly outcome: string;
  readonly notes?: string;
  readonly metrics: Readonly<Record<string, unknown>>;
}

interface WindowsLine {
  readonly effective: number;
  readonly steps: readonly Step[];
}

/** What is compared of a synthesised report. */
interface Synthesis {
  readonly reportId: string;
  readonly outcome: string;
  readonly notes: string;
  readonly metrics: Readonly<Record<string, number>>;
}

const seenIn = ({ in: input }: Step) => ({
  run: input.training_run_id,
  epoch: input.current_epoch,
  loss: vectorNumber(input.loss_delta),
  hook: input.metrics['hook_latency_ms'] === undefined ? undefined : vectorNumber(input.metrics['hook_latency_ms']),
  reason: input.events.reduce((last, [description]) => (description === '' ? last : description), ''),
  critical: input.events.some(([, level]) => level === 4),
});
type Seen = ReturnType<typeof seenIn>;

const recordedOf = (step: Step): readonly Synthesis[] =>
  step.out.reports.map(({ reportId, outcome, notes = '', metrics }) => ({
    reportId,
    outcome: outcome.replace('FIELD_REPORT_OUTCOME_', ''),
    notes,
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, vectorNumber(value)])),
  }));

/** Unlike `Math.min`, a NaN never replaces a number, nor a number a NaN. */
function pythonMin(a: number, b: number): number {
  if (b < a) return b;
  return a;
}

function pythonMax(a: number, b: number): number {
  if (b > a) return b;
  return a;
}

/** Adds up what a window has seen, by the prototype's arithmetic. */
function synthesis(id: string, seen: readonly Seen[]): Synthesis {
  const losses = seen.map(({ loss }) => loss);
  const total = losses.reduce((sum, loss) => sum + loss, 0);
  const least = losses.reduce(pythonMin, Number.POSITIVE_INFINITY);
  const most = losses.reduce(pythonMax, Number.NEGATIVE_INFINITY);
  const hooks = seen.map(({ hook }) => hook ?? 0).filter((hook) => hook > 0);
  const critical = seen.some((one) => one.critical);
  const outcome = total > 0 || critical ? 'REGRESSION' : total < 0 ? 'SUCCESS' : 'NEUTRAL';
  const average = hooks.reduce((sum, hook) => sum + hook, 0) / hooks.length;
  return {
    reportId: id,
    outcome,
    notes: seen.reduce((last, { reason }) => (reason === '' ? last : reason), ''),
    metrics: asFloat32({
      loss_delta_total: total,
      // An extreme that was never set is reported as 0.
      loss_delta_min: least === Number.POSITIVE_INFINITY ? 0 : least,
      loss_delta_max: most === Number.NEGATIVE_INFINITY ? 0 : most,
      ...(hooks.length > 0 ? { avg_hook_latency_ms: average } : {}),
    }),
  };
}

const asFloat32 = (metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, Math.fround(value)]));

/** Steps at which a command opens a window, under the prototype's rules: its first occurrence while none is open. */
function prototypeReports({ effective, steps }: WindowsLine): readonly Synthesis[] {
  if (effective === 1) return [];
  const open = new Map<string, { readonly start: number; readonly seen: Seen[] }>();
  return steps.flatMap((step) => {
    const { commandId } = step.in.command;
    const seen = seenIn(step);
    if (commandId !== undefined && !open.has(commandId)) open.set(commandId, { start: seen.epoch, seen: [] });
    const closed: Synthesis[] = [];
    for (const [id, window] of open) {
      window.seen.push(seen);
      if (window.seen.length < effective) continue;
      open.delete(id);
      closed.push(synthesis(`fr-synth-${id}-${window.start}+${effective}`, window.seen));
    }
    return closed;
  });
}

/** Ours: the later steps of the same run, up to the first that reaches the last epoch. */
function expectedReports({ effective, steps }: WindowsLine): {
  readonly reports: readonly Synthesis[];
  readonly bad: boolean;
} {
  if (effective === 1) return { reports: [], bad: false };
  const all = steps.map((step) => ({ step, seen: seenIn(step) })).filter(({ seen }) => seen.run !== '');
  let bad = false;
  const busyUntil = new Map<string, number>();
  const found = all.flatMap(({ step, seen }, at) => {
    const { commandId, issuedAt } = step.in.command;
    const key = `${seen.run} ${commandId}`;
    if (commandId === undefined || issuedAt === undefined || (busyUntil.get(key) ?? -1) > at) return [];
    const later = all.slice(at + 1).filter((one) => one.seen.run === seen.run);
    const end = later.findIndex((one) => one.seen.epoch >= seen.epoch + effective);
    const endAt = end < 0 ? all.length : all.indexOf(later[end] as (typeof all)[0]);
    busyUntil.set(key, endAt);
    if (end < 0) return [];
    const observed = later.slice(0, end + 1).map((one) => one.seen);
    const finite = observed.filter(({ loss }) => Number.isFinite(loss));
    bad ||= finite.length < observed.length;
    const whole = synthesis(`fr-synth-${commandId}-${seen.epoch}+${effective}`, observed);
    const sums = synthesis('', finite.length > 0 ? finite : [{ ...seen, loss: 0 }]).metrics;
    const outcome = finite.length < observed.length ? 'REGRESSION' : whole.outcome;
    return [{ at: endAt, report: { ...whole, outcome, metrics: { ...whole.metrics, ...lossesOf(sums) } } }];
  });
  return { reports: found.sort((a, b) => a.at - b.at).map(({ report }) => report), bad };
}

const lossesOf = (metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(metrics).filter(([name]) => name.startsWith('loss_delta')));

function ourReports({ effective, steps }: WindowsLine): readonly Synthesis[] {
  const book = new WindowBook({
    windowEpochs: Math.max(1, effective),
    windowTtlMs: 1e12,
    windowsPerRunMax: 1e6,
    runsMax: 1e6,
  });
  return steps.flatMap((step) => {
    const { run, epoch, loss, hook, reason, critical } = seenIn(step);
    if (run === '') return [];
    const { commandId, issuedAt } = step.in.command;
    const atMs = Date.parse('2025-06-01T12:00:00Z');
    const evaluation: Evaluation = {
      trainingRunId: run,
      epoch,
      atMs,
      lossDelta: loss,
      hookLatencyMs: hook,
      reason,
      critical,
    };
    const closed = book.decided(evaluation, {
      version: 1,
      reportId: 'fr-x',
      ...(commandId === undefined || issuedAt === undefined ? {} : { commandId }),
      trainingRunId: run,
      outcome: 'NEUTRAL',
      observationWindowEpochs: 1,
      policyVersion: 'p',
      notes: '',
      metrics: { loss_delta: 0 },
      followUpActions: [],
      issuedAtMs: atMs,
    });
    return closed.map(({ report: { reportId, outcome, notes, metrics } }) => {
      const { loss_delta: _, observed_evaluations: __, non_finite: ___, ...rest } = metrics;
      return { reportId, outcome, notes, metrics: asFloat32(rest) };
    });
  });
}

/** One line of `observation-windows`: all synthesised reports of the session, in order. */
export function runWindowsLine(raw: unknown): readonly VectorOutcome[] {
  const line = raw as WindowsLine;
  const recorded = line.steps.flatMap(recordedOf);
  const model = prototypeReports(line);
  if (!same(model, recorded)) {
    const detail = `not what the prototype's rules give: ${canonical(model)}, recorded ${canonical(recorded)}`;
    return [{ kind: 'unexplained', detail: detail.slice(0, 1000) }];
  }
  const { reports: expected, bad } = expectedReports(line);
  const runs = new Set(line.steps.map(({ in: input }) => input.training_run_id));
  const incomplete = line.steps.some(
    ({ in: { command, training_run_id: run } }) =>
      run === '' || (command.commandId !== undefined && command.issuedAt === undefined),
  );
  const ids = [
    ...(incomplete ? ['DEV-FR-02'] : []),
    ...(runs.size > 1 ? ['DEV-FR-10'] : []),
    'DEV-FR-11',
    ...(bad ? ['DEV-FR-12'] : []),
  ];
  return [compared({ ours: ourReports(line), expected, recorded }, ids)];
}
