import { type MonoClock, type MonoMs, monoMs } from '@esper/std';
import type { Timers } from '../ports.js';

interface Alarm {
  readonly atMs: number;
  readonly order: number;
  readonly fire: () => void;
}

/** A clock and timers that pass only when told: hours of waiting take milliseconds, and every run is the same. */
export class VirtualTime implements MonoClock, Timers {
  #nowMs = 0;
  #order = 0;
  readonly #alarms = new Set<Alarm>();

  monoMs(): MonoMs {
    return monoMs(this.#nowMs);
  }

  after(delayMs: number, fire: () => void): () => void {
    this.#order += 1;
    const alarm: Alarm = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, fire };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Resolves after `ms` of virtual time. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** What a computation that holds the event loop does: time passes and no timer can fire. */
  block(ms: number): void {
    this.#nowMs += ms;
  }

  /** Lets `ms` pass, firing what falls due in order, and letting promises react between two alarms. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settlePromises();
    for (let next = this.#next(); next !== undefined && next.atMs <= untilMs; next = this.#next()) {
      await this.#fire(next);
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Lets time pass until `awaited` settles. Throws when nothing is left to wait for. */
  async until<T>(awaited: Promise<T>): Promise<T> {
    let settled = false;
    const noted = awaited.finally(() => {
      settled = true;
    });
    noted.catch(() => undefined);
    await settlePromises();
    while (!settled) {
      const next = this.#next();
      if (next === undefined) throw new RangeError('deadlock: a promise is pending and no timer will fire');
      await this.#fire(next);
    }
    return noted;
  }

  async #fire(alarm: Alarm): Promise<void> {
    this.#alarms.delete(alarm);
    this.#nowMs = Math.max(this.#nowMs, alarm.atMs);
    alarm.fire();
    await settlePromises();
  }

  #next(): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      const earlier = first === undefined || alarm.atMs < first.atMs;
      if (earlier || (alarm.atMs === first?.atMs && alarm.order < first.order)) first = alarm;
    }
    return first;
  }
}

/** Promise reactions run to their end before a macrotask does; async context survives, since it travels with promises. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
