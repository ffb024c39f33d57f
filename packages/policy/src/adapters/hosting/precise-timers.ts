import type { HostTimers } from '../../shell/hosting/runtime.js';

/** The longest delay that timers hold. Beyond it they fire at once, and the rest would be waited for turn by turn. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * Node rounds to milliseconds and may fire up to one early. The rest is waited for turn by turn of the event loop, so
 * that a deadline is never early, and no later than the loop allows. `fire` always comes after the loop has looked for
 * input once more: a reply that was there in time is seen before its runtime is called overdue.
 */
export const preciseTimers: HostTimers = Object.freeze({
  after(delayMs: number, fire: () => void) {
    const dueAt = performance.now() + delayMs;
    let turn: NodeJS.Immediate | undefined;
    let timer: NodeJS.Timeout | undefined;
    const afterPoll = (): void => {
      if (performance.now() >= dueAt) fire();
      else turn = setImmediate(afterPoll);
    };
    const wait = (): void => {
      const leftMs = Math.max(0, Math.floor(dueAt - performance.now()));
      if (leftMs > TIMER_MS_MAX) timer = setTimeout(wait, TIMER_MS_MAX);
      else timer = setTimeout(lookOnce, leftMs);
    };
    const lookOnce = (): void => {
      turn = setImmediate(afterPoll);
    };
    wait();
    return () => {
      clearTimeout(timer);
      if (turn !== undefined) clearImmediate(turn);
    };
  },
});
