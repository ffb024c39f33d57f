import { invariant } from '@esper/std';

/** Holds the one thing in force, such as a policy in its runtime, and lets it be replaced while it is used. */
export interface LiveSlot<T> {
  /**
   * Runs `work` with what is in force now. Whatever replaces it meanwhile, `work` keeps the one it was given, and that is
   * not closed before `work` has ended: no decision sees two policies.
   */
  use<R>(work: (live: T) => Promise<R>): Promise<R>;
  /** What is in force now; only for looking, since it may be closed at any time. */
  current(): T;
  /** Puts `next` in force at once. Resolves when the one before has drained and is closed; rejects when closing it does. */
  replace(next: T): Promise<void>;
}

interface Holding<T> {
  readonly value: T;
  users: number;
  onDrained: (() => void) | undefined;
}

/** A slot that holds `first`. `close` is called once for each value that has been replaced, after its last use. */
export function liveSlot<T>(first: T, close: (value: T) => Promise<void>): LiveSlot<T> {
  let live = hold(first);
  const release = (held: Holding<T>): void => {
    held.users -= 1;
    invariant(held.users >= 0, 'a value is released as often as it was used');
    if (held.users === 0) held.onDrained?.();
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
    replace: async (next) => {
      const old = live;
      live = hold(next);
      if (old.users > 0) {
        await new Promise<void>((resolve) => {
          old.onDrained = resolve;
        });
      }
      await close(old.value);
    },
  };
}

const hold = <T>(value: T): Holding<T> => ({ value, users: 0, onDrained: undefined });
