import type { TelemetryEvent } from '@esper/leyline';
import { type RiskConfig, setConservative } from '@esper/risk-engine';
import type { MonoMs, UnixMs } from '@esper/std';
import { newRunState, type RunState } from './run-state.js';

/** A run's state. Times are wall times, milliseconds since 1970. */
export interface KnownRun {
  readonly state: RunState;
  /** When a record last held the state. */
  readonly recordedMs: number;
  /** When the run last gave a sign of life. */
  readonly activeMs: number;
}

export interface RunTableOptions {
  readonly riskConfig: RiskConfig;
  /** Runs known from the log. */
  readonly recovered?: ReadonlyMap<string, KnownRun>;
  /** Most runs that are known at once. At the bound a new run is refused; those that are known go on. */
  readonly countMax?: number;
  /** Whether each run is put into conservative mode when this host first meets it (CF-05). */
  readonly startsConservative?: boolean;
  /** Hears of each run that is given up. */
  readonly onForgotten?: (runId: string) => void;
}

/** A run's state as a decision finds it, and the events of how it came to be. */
export interface OpenedRun {
  /** As its last record left it. The same value as `state` unless the configuration changed it just now. */
  readonly before: RunState;
  readonly state: RunState;
  readonly events: readonly TelemetryEvent[];
}

const BY_CONFIGURATION = { who: 'configuration', why: 'risk.conservativeMode is on' } as const;

/** Conservative mode, as the configuration asks for it. */
export function conservativeByConfiguration(
  state: RunState,
  at: { readonly wallMs: UnixMs; readonly monoMs: MonoMs },
): OpenedRun {
  const { state: risk, events } = setConservative(state.risk, BY_CONFIGURATION, at);
  return { before: state, state: { ...state, risk }, events };
}

/** The runs this host knows, by id. One at a time changes a run: its lane. */
export class RunTable {
  readonly #runs: Map<string, KnownRun>;
  readonly #met = new Set<string>();
  readonly #unrecorded = new Set<string>();
  readonly #options: RunTableOptions;

  constructor(options: RunTableOptions) {
    this.#options = options;
    this.#runs = new Map(options.recovered);
  }

  /** The state of a run; that of a new run when nobody has reported on it. */
  get(runId: string): RunState {
    return this.#runs.get(runId)?.state ?? newRunState(this.#options.riskConfig);
  }

  /** The same, as the next decision or order finds it. Whoever goes on from it keeps what changed here. */
  open(runId: string, at: { readonly wallMs: UnixMs; readonly monoMs: MonoMs }): OpenedRun {
    const state = this.get(runId);
    if (this.#options.startsConservative !== true || this.#met.has(runId)) return { before: state, state, events: [] };
    this.#met.add(runId);
    return conservativeByConfiguration(state, at);
  }

  /** `atMs`: wall time of the record that holds this state. */
  set(runId: string, state: RunState, atMs: number): void {
    this.#runs.set(runId, { state, recordedMs: atMs, activeMs: atMs });
  }

  /** Until {@link recorded}, no record may hold the run's state as it is now. */
  unrecorded(runId: string): void {
    if (this.#runs.has(runId)) this.#unrecorded.add(runId);
  }

  /** A record holds the run's latest state. */
  recorded(runId: string): void {
    this.#unrecorded.delete(runId);
  }

  isRecorded(runId: string): boolean {
    return !this.#unrecorded.has(runId);
  }

  /** The state was written down again at `atMs`; nothing has happened to the run. */
  checkpointed(runId: string, atMs: number): void {
    const known = this.#runs.get(runId);
    if (known !== undefined) this.#runs.set(runId, { ...known, recordedMs: atMs });
  }

  /** When the run last gave a sign of life; 0 for a run nobody knows. */
  activeMs(runId: string): number {
    return this.#runs.get(runId)?.activeMs ?? 0;
  }

  /** Gives up a run. Should it come back, its sequence begins anew, which whoever remembers it will refuse. */
  forget(runId: string): void {
    this.#runs.delete(runId);
    this.#met.delete(runId);
    this.#unrecorded.delete(runId);
    this.#options.onForgotten?.(runId);
  }

  /** False when this run would be one more than may be known. */
  mayKnow(runId: string): boolean {
    return this.#runs.has(runId) || this.#runs.size < (this.#options.countMax ?? Number.POSITIVE_INFINITY);
  }

  has(runId: string): boolean {
    return this.#runs.has(runId);
  }

  ids(): readonly string[] {
    return [...this.#runs.keys()];
  }

  /** Runs whose state was last recorded before `beforeMs`, and when they last gave a sign of life. */
  recordedBefore(beforeMs: number): readonly { readonly runId: string; readonly activeMs: number }[] {
    return [...this.#runs]
      .filter(([, { recordedMs }]) => recordedMs < beforeMs)
      .map(([runId, { activeMs }]) => ({ runId, activeMs }));
  }
}
