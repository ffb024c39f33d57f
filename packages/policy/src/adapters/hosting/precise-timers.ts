import type { HostTimers } from '../../shell/hosting/runtime.js';

/**
 * Node rounds to milliseconds and may fire up to one early. The rest is waited for turn by turn of the event loop, so
 * that a deadline is never early, and no later than the loop allows. `fire` always comes after the loop has looked for
 * input once more: a reply that was there in time is seen before its runtime is called overdue.
 */
export const preciseTimers: HostTimers = Object.freeze({
  after(delayMs: number, fire: () => void) {
    const dueAt = performance.now() + delayMs;
    let turn: NodeJS.Immediate | undefined;
    const afterPoll = (): void => {
      if (performance.now() >= dueAt) fire();
      else turn = setImmediate(afterPoll);
    };
    const timer = setTimeout(
      () => {
        turn = setImmediate(afterPoll);
      },
      Math.max(0, Math.floor(delayMs)),
    );
    return () => {
      clearTimeout(timer);
      if (turn !== undefined) clearImmediate(turn);
    };
  },
});
