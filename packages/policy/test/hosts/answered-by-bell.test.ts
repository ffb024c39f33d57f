import { describe, expect, it } from 'vitest';
import { answeredByBell } from '../../src/adapters/hosting/answered-by-bell.js';
import { BY_MESSAGE, CONTROL_BYTES, controlOf, SLOTS } from '../../src/adapters/hosting/thread-wiring.js';

function bell() {
  const { slots } = controlOf(new SharedArrayBuffer(CONTROL_BYTES));
  const ring = (answered: number): void => {
    Atomics.store(slots, SLOTS.answered, answered);
    Atomics.add(slots, SLOTS.answerBell, 1);
    Atomics.notify(slots, SLOTS.answerBell);
  };
  return { slots, ring };
}

/** Everybody who was woken has gone on by then. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the bell of an answer', () => {
  it('a late ring for the call before, whose answer came as a message, does not cost the next call its answer', async () => {
    const { slots, ring } = bell();
    const second = answeredByBell(slots, 2, () => true);
    ring(BY_MESSAGE);
    for (let at = 0; at < 5; at += 1) await turn();
    ring(2);
    expect(await second).toBe(true);
  });

  it('an answer that is there already needs no ring', async () => {
    const { slots, ring } = bell();
    ring(7);
    expect(await answeredByBell(slots, 7, () => true)).toBe(true);
  });

  it('ends without an answer when nobody waits for it any more', async () => {
    const { slots, ring } = bell();
    let wanted = true;
    const waiting = answeredByBell(slots, 3, () => wanted);
    wanted = false;
    ring(BY_MESSAGE);
    expect(await waiting).toBe(false);
  });
});
