import type { Call } from './call.js';
import type { HostCensus } from './host-stats.js';
import type { Runtime } from './runtime.js';

type SeatState = 'starting' | 'ready' | 'busy' | 'overdue' | 'gone';

/** A runtime and what the host does with it. */
export interface Seat {
  readonly runtime: Runtime;
  state: SeatState;
  call: Call | undefined;
  /** True once the host has asked it to end. */
  ordered: boolean;
}

/** The runtimes of one host. A handful: every question is a walk. */
export class Seats {
  readonly #seats = new Set<Seat>();

  add(seat: Seat): void {
    this.#seats.add(seat);
  }

  delete(seat: Seat): void {
    this.#seats.delete(seat);
  }

  has(seat: Seat): boolean {
    return this.#seats.has(seat);
  }

  all(): readonly Seat[] {
    return [...this.#seats];
  }

  in(state: SeatState): Seat | undefined {
    for (const seat of this.#seats) if (seat.state === state) return seat;
    return undefined;
  }

  holding(call: Call): Seat | undefined {
    for (const seat of this.#seats) if (seat.call === call) return seat;
    return undefined;
  }

  countIn(state: SeatState): number {
    let count = 0;
    for (const seat of this.#seats) if (seat.state === state) count += 1;
    return count;
  }

  census(): HostCensus {
    return {
      starting: this.countIn('starting'),
      ready: this.countIn('ready'),
      busy: this.countIn('busy'),
      overdue: this.countIn('overdue'),
    };
  }
}
