import { err, type Result } from '@esper/std';

export interface RunLaneLimits {
  /** Calls of one run that may wait or run at once. */
  readonly queueMax: number;
  /** Runs that may be active at once. */
  readonly countMax: number;
}

export type LaneRefusal = 'run_queue_full' | 'too_many_runs' | 'shutting_down';

/**
 * One lane per run: its calls are taken one at a time and in order, while runs do not wait for each other. A lane lives only
 * while it has calls. Full lanes refuse at once.
 */
export class RunLanes {
  readonly #tails = new Map<string, { tail: Promise<unknown>; waiting: number }>();
  readonly #limits: RunLaneLimits;
  #closed = false;

  constructor(limits: RunLaneLimits) {
    this.#limits = limits;
  }

  /**
   * Runs `task` after everything submitted before for the same run. A task must not reject; what it returns is passed on.
   * `always`: taken even when the lane or the table is full, for what must get through.
   */
  async enter<T, E>(
    runId: string,
    task: () => Promise<Result<T, E>>,
    { always = false }: { readonly always?: boolean } = {},
  ): Promise<Result<T, E | LaneRefusal>> {
    const refusal = this.#admit(runId, always);
    if (refusal !== undefined) return err(refusal);
    const lane = this.#tails.get(runId) ?? { tail: Promise.resolve(), waiting: 0 };
    this.#tails.set(runId, lane);
    lane.waiting += 1;
    const outcome = lane.tail.then(task);
    lane.tail = outcome.then(
      () => this.#leave(runId),
      () => this.#leave(runId),
    );
    return outcome;
  }

  /** Refuses new calls, and resolves when those under way are done. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#tails.values()].map((lane) => lane.tail));
  }

  /** Calls of a run that wait or run now. */
  pendingOf(runId: string): number {
    return this.#tails.get(runId)?.waiting ?? 0;
  }

  get activeRunCount(): number {
    return this.#tails.size;
  }

  #admit(runId: string, always: boolean): LaneRefusal | undefined {
    if (this.#closed) return 'shutting_down';
    if (always) return undefined;
    const lane = this.#tails.get(runId);
    if (lane === undefined) return this.#tails.size >= this.#limits.countMax ? 'too_many_runs' : undefined;
    return lane.waiting >= this.#limits.queueMax ? 'run_queue_full' : undefined;
  }

  #leave(runId: string): void {
    const lane = this.#tails.get(runId);
    if (lane === undefined) return;
    lane.waiting -= 1;
    if (lane.waiting === 0) this.#tails.delete(runId);
  }
}
