import { invariant } from '@esper/std';
import type { TaskRecord } from './task.js';

/**
 * A place to execute in. Its occupants are one task and, one below the other, the tasks it has lent the place to while
 * it waits for them.
 */
export interface Slot {
  occupants: number;
}

/** Who executes where, and who waits. A slot is free only when the code of all its occupants has really ended (D-31d). */
export class SlotBoard {
  readonly queue = new Set<TaskRecord>();
  readonly executing = new Set<TaskRecord>();
  readonly #slotsMax: number;
  readonly #execute: (record: TaskRecord) => void;
  #taken = 0;

  constructor(slotsMax: number, execute: (record: TaskRecord) => void) {
    this.#slotsMax = slotsMax;
    this.#execute = execute;
  }

  get taken(): number {
    return this.#taken;
  }

  startOnFreeSlot(record: TaskRecord): void {
    this.#taken += 1;
    invariant(this.#taken <= this.#slotsMax, 'more slots taken than there are');
    this.#start(record, { occupants: 0 });
  }

  /** On the slot of its lender, which is waiting for it or could be: so nesting cannot deadlock (D-31g). */
  startBorrowed(record: TaskRecord): void {
    const { lender } = record;
    invariant(lender?.slot !== undefined && lender.canLend, 'a borrowed slot needs a lender that executes');
    lender.lent = true;
    record.borrowed = true;
    this.#start(record, lender.slot);
  }

  /** Its code has stopped: gives its place to whoever waits for exactly it, or to the head of the queue. */
  end(record: TaskRecord): void {
    const { slot, lender } = record;
    invariant(slot !== undefined && slot.occupants > 0, 'an executing task has a slot');
    record.end();
    this.executing.delete(record);
    slot.occupants -= 1;
    if (record.borrowed && lender !== undefined) {
      lender.lent = false;
      this.#startNextBorrower(lender);
    }
    if (slot.occupants > 0) return;
    this.#taken -= 1;
    const [next] = this.queue;
    if (next !== undefined) this.startOnFreeSlot(next);
  }

  #startNextBorrower(lender: TaskRecord): void {
    if (!lender.canLend) return;
    for (const waiting of this.queue) {
      if (waiting.lender !== lender) continue;
      this.startBorrowed(waiting);
      return;
    }
  }

  #start(record: TaskRecord, slot: Slot): void {
    this.queue.delete(record);
    this.executing.add(record);
    record.stage = 'executing';
    record.slot = slot;
    slot.occupants += 1;
    this.#execute(record);
  }
}
