import { invariant } from '@esper/std';

/** What was in force before a swap. */
export interface Replaced<T> {
  readonly value: T;
  /** Resolves when the last use of it has ended. Until then it must not be closed. */
  readonly drained: Promise<void>;
}

/** Holds the one thing in force, such as a policy in its runtime, and lets it be replaced while it is used. */
export interface LiveSlot<T> {
  /**
   * Runs `work` with what is in force now. Whatever replaces it meanwhile, `work` keeps the one it was given: no decision
   * sees two policies. `current` gives the same one as long as `work` has not waited for anything.
   */
  use<R>(work: (live: T) => Promise<R>): Promise<R>;
  /** What is in force now. Outside of `use` only for looking, since it may be replaced and closed at any time. */
  current(): T;
  /** Puts `next` in force at once, and gives back the one before, to be closed, or put back, by the caller. */
  replace(next: T): Replaced<T>;
}

interface Holding<T> {
  readonly value: T;
  users: number;
  readonly whenIdle: (() => void)[];
}

/** A slot that holds `first`. It closes nothing: who replaces a value owns the one before. */
export function liveSlot<T>(first: T): LiveSlot<T> {
  let live = hold(first);
  const release = (held: Holding<T>): void => {
    held.users -= 1;
    invariant(held.users >= 0, 'a value is released as often as it was used');
    if (held.users === 0) for (const resolve of held.whenIdle.splice(0)) resolve();
  };
  return {
    current: () => live.value,
    use: async (work) => {
      const held = live;
      held.users += 1;
      try {
        return await work(held.value);
      } finally {
        release(held);
      }
    },
    replace: (next) => {
      const old = live;
      live = hold(next);
      return { value: old.value, drained: idle(old) };
    },
  };
}

const hold = <T>(value: T): Holding<T> => ({ value, users: 0, whenIdle: [] });

const idle = <T>(held: Holding<T>): Promise<void> =>
  held.users === 0 ? Promise.resolve() : new Promise((resolve) => held.whenIdle.push(resolve));
