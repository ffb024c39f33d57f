import type { RunFacts, TopEvent } from './top-event.js';

/** What is on the screen at one moment. Plain data. */
export interface TopView {
  /** Wall time that "now" is, milliseconds since 1970; 0 before anything happened. */
  readonly nowMs: number;
  readonly decisions: number;
  readonly failures: number;
  /** Over the last {@link RATE_WINDOW_MS}. */
  readonly perSecond: number;
  /** Over the last decisions; `null` before there is one. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  readonly commands: Readonly<Record<string, number>>;
  readonly changed: number;
  /** The run something happened to last comes first. */
  readonly runs: readonly (RunFacts & { readonly last: string })[];
  /** The latest first. */
  readonly events: readonly TopEvent[];
}

const RATE_WINDOW_MS = 10_000;
const LATENCIES_KEPT = 512;
const EVENTS_KEPT = 64;
const RUNS_KEPT = 256;

/** Folds what happened into what is shown. Bounded: the last latencies, events and runs. */
export class TopTally {
  readonly #latencies: number[] = [];
  readonly #recent: number[] = [];
  readonly #events: TopEvent[] = [];
  readonly #commands = new Map<string, number>();
  readonly #runs = new Map<string, RunFacts & { readonly last: string }>();
  #decisions = 0;
  #failures = 0;
  #changed = 0;
  #lastMs = 0;

  add(event: TopEvent): void {
    this.#lastMs = Math.max(this.#lastMs, event.atMs);
    this.#events.unshift(event);
    if (this.#events.length > EVENTS_KEPT) this.#events.pop();
    if (event.kind === 'decision') this.#decided(event);
    if (event.kind === 'failure') this.#failures += 1;
    if (event.run !== undefined) this.#keepRun(event.run, event.text);
  }

  /** A run as a host tells it now. */
  run(facts: RunFacts): void {
    const known = this.#runs.get(facts.trainingRunId);
    const entry = { ...facts, last: known?.last ?? '' };
    if (known === undefined) this.#keepRun(facts, '');
    else this.#runs.set(facts.trainingRunId, entry);
  }

  /** `nowMs` is the present of a live view; of a log it is when the last thing happened. */
  view(nowMs: number = this.#lastMs): TopView {
    const since = nowMs - RATE_WINDOW_MS;
    return {
      nowMs,
      decisions: this.#decisions,
      failures: this.#failures,
      perSecond: this.#recent.filter((atMs) => atMs > since).length / (RATE_WINDOW_MS / 1_000),
      latencyMs: quantiles(this.#latencies),
      commands: Object.fromEntries(this.#commands),
      changed: this.#changed,
      runs: [...this.#runs.values()].reverse(),
      events: [...this.#events],
    };
  }

  #decided({ commandType = 'UNKNOWN', isChanged = false, totalMs, atMs }: TopEvent): void {
    this.#decisions += 1;
    this.#commands.set(commandType, (this.#commands.get(commandType) ?? 0) + 1);
    if (isChanged) this.#changed += 1;
    this.#recent.push(atMs);
    while ((this.#recent[0] ?? atMs) <= atMs - RATE_WINDOW_MS) this.#recent.shift();
    if (totalMs === undefined) return;
    this.#latencies.push(totalMs);
    if (this.#latencies.length > LATENCIES_KEPT) this.#latencies.shift();
  }

  #keepRun(facts: RunFacts, last: string): void {
    this.#runs.delete(facts.trainingRunId);
    this.#runs.set(facts.trainingRunId, { ...facts, last });
    const [quiet] = this.#runs.keys();
    if (this.#runs.size > RUNS_KEPT && quiet !== undefined) this.#runs.delete(quiet);
  }
}

function quantiles(latencies: readonly number[]): TopView['latencyMs'] {
  if (latencies.length === 0) return null;
  const ordered = [...latencies].sort((one, other) => one - other);
  const at = (share: number): number => ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
