/// <reference lib="es2024.sharedmemory" />
import { SLOTS } from './thread-wiring.js';

/**
 * Waits for the bell of the answer to `call` without holding the event loop: true when the answer lies in shared memory, false
 * once `isWanted` says that nobody waits for it any more. The bell may ring late for an answer that came as a message and was
 * read first; that ring is of the call before, and the next one still has to be waited for.
 */
export async function answeredByBell(slots: Int32Array, call: number, isWanted: () => boolean): Promise<boolean> {
  while (isWanted()) {
    // Read before the answer is looked for: a ring in between ends the wait at once.
    const rung = Atomics.load(slots, SLOTS.answerBell);
    if (Atomics.load(slots, SLOTS.answered) === call) return true;
    await Atomics.waitAsync(slots, SLOTS.answerBell, rung).value;
  }
  return false;
}
