import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { settle } from '@esper/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamLog } from '../../src/core/stream-log.js';

const limits = { entriesMax: 1000, retainedMax: 5, duplicateWindowMax: 10 };

/** The same promises kept naively: everything is remembered, and filtered when asked. */
class NaiveLog {
  readonly added: number[] = [];
  readonly cursors = new Map<string, number>();
  #floor = 0;

  kept(): number[] {
    if (this.cursors.size > 0) this.#floor = Math.max(this.#floor, Math.min(...this.cursors.values()));
    const above = this.added.filter((position) => position > this.#floor);
    if (this.cursors.size > 0) return above;
    const kept = above.slice(-limits.retainedMax);
    this.#floor = Math.max(this.#floor, (kept[0] ?? this.#floor + 1) - 1);
    return kept;
  }

  next(group: string): number | undefined {
    return this.kept().find((position) => position > (this.cursors.get(group) ?? 0));
  }
}

type Step =
  | { readonly kind: 'add' }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'drop'; readonly group: string }
  | { readonly kind: 'take'; readonly group: string };

const group = fc.constantFrom('a', 'b', 'c');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Step>({ kind: 'add' }) },
  { weight: 1, arbitrary: group.map<Step>((name) => ({ kind: 'group', group: name })) },
  { weight: 1, arbitrary: group.map<Step>((name) => ({ kind: 'drop', group: name })) },
  { weight: 4, arbitrary: group.map<Step>((name) => ({ kind: 'take', group: name })) },
);

function apply({ log, naive }: { readonly log: StreamLog<number>; readonly naive: NaiveLog }, action: Step): void {
  if (action.kind === 'add') {
    const position = naive.added.length + 1;
    log.add({ position, messageId: `${position}`, envelope: position, sizeBytes: 1 });
    naive.added.push(position);
  } else if (action.kind === 'group' && !log.hasGroup(action.group)) {
    naive.cursors.set(action.group, (naive.kept()[0] ?? 1) - 1);
    log.addGroup(action.group);
  } else if (action.kind === 'drop') {
    naive.cursors.delete(action.group);
    log.dropGroup(action.group);
  } else if (action.kind === 'take' && log.hasGroup(action.group)) {
    const next = log.next(action.group);
    expect(next?.position).toBe(naive.next(action.group));
    if (next === undefined) return;
    log.acknowledge(action.group, next.position);
    naive.cursors.set(action.group, next.position);
  }
}

describe('StreamLog', () => {
  it('agrees with the naive log on any history', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        const pair = { log: new StreamLog<number>(limits), naive: new NaiveLog() };
        for (const action of steps) {
          apply(pair, action);
          const kept = pair.naive.kept();
          const { log } = pair;
          expect([log.entryCount, log.bytes, log.oldestPosition()]).toEqual([kept.length, kept.length, kept[0]]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('never moves a group back', () => {
    const log = new StreamLog<number>(limits);
    log.addGroup('a');
    for (const position of [1, 2, 3]) log.add({ position, messageId: `${position}`, envelope: position, sizeBytes: 1 });
    log.acknowledge('a', 2);
    log.acknowledge('a', 1);
    expect(log.next('a')?.position).toBe(3);
  });

  it('positions that do not rise are a bug, and say so', () => {
    const log = new StreamLog<number>(limits);
    log.add({ position: 2, messageId: '2', envelope: 2, sizeBytes: 1 });
    expect(() => log.add({ position: 2, messageId: 'x', envelope: 2, sizeBytes: 1 })).toThrow(
      'positions of a stream rise',
    );
  });

  it('an entry that is given up is let go at once, not only when the array behind it is cut', async () => {
    const log = new StreamLog<object>({ ...limits, retainedMax: 2 });
    const added = Array.from({ length: 3 }, (_, at) => {
      const envelope = { payload: new Uint8Array(8) };
      log.add({ position: at + 1, messageId: `${at}`, envelope, sizeBytes: 1 });
      return new WeakRef(envelope);
    });
    await settle();
    collectGarbage();
    expect(added.map((entry) => entry.deref() === undefined)).toEqual([true, false, false]);
    // The stream itself must live until here.
    expect(log.entryCount).toBe(2);
  });
});

/** A full collection, now. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
