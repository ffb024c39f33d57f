import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WindowBook, type WindowLimits } from '../../src/core/window-book.js';
import { report, seen, T0 } from '../support/builders.js';

const LIMITS: WindowLimits = { windowEpochs: 3, windowTtlMs: 1_000_000, windowsPerRunMax: 100, runsMax: 100 };
const failed = (id: string) => {
  const { commandId: _, ...rest } = report(id);
  return rest;
};

describe('observation windows', () => {
  it('OW-01: a window of one epoch turns synthesis off', () => {
    const book = new WindowBook({ ...LIMITS, windowEpochs: 1 });
    expect([0, 5, 10].flatMap((epoch) => book.decided(seen(epoch), report(`c${epoch}`)))).toEqual([]);
    expect(book.openCount).toBe(0);
  });

  it('OW-02: one window per decision that issued a command, none for a failed one', () => {
    const book = new WindowBook(LIMITS);
    book.decided(seen(0), report('a'));
    book.decided(seen(0), failed('b'));
    expect(book.windowsOf('run-1').map(({ commandId }) => commandId)).toEqual(['a']);
  });

  it.each([
    ['improvement', [-1, -2], false, 'SUCCESS'],
    ['nothing moved', [0, 0], false, 'NEUTRAL'],
    ['got worse', [-1, 2], false, 'REGRESSION'],
    ['improvement with something critical', [-1, -2], true, 'REGRESSION'],
    ['a loss that is no number', [-1, Number.NaN], false, 'REGRESSION'],
    ['a loss that was not measured', [-1, undefined], false, 'SUCCESS'],
  ] as const)('OW-04: %s', (_, [first, second], critical, outcome) => {
    const book = new WindowBook(LIMITS);
    book.decided(seen(0, { lossDelta: 99 }), report('a'));
    book.decided(seen(1, { lossDelta: first }), failed('x'));
    const [closed] = book.decided(seen(3, { lossDelta: second, critical }), failed('y'));
    expect(closed?.report.outcome).toBe(outcome);
  });

  it('OW-05: the report has total, least, most and the average hook latency of the samples', () => {
    const book = new WindowBook(LIMITS);
    book.decided(seen(0), report('a', { seedId: 's', blueprintId: 'b' }));
    book.decided(seen(1, { lossDelta: -0.5, hookLatencyMs: 10, reason: 'loss_warning' }), failed('x'));
    book.decided(seen(2, { lossDelta: 0.25 }), failed('y'));
    const [closed] = book.decided(seen(3, { lossDelta: -0.125, hookLatencyMs: 20 }), failed('z'));
    expect(closed).toEqual({
      end: 'complete',
      report: {
        version: 1,
        reportId: 'fr-synth-a-0+3',
        commandId: 'a',
        trainingRunId: 'run-1',
        seedId: 's',
        blueprintId: 'b',
        outcome: 'SUCCESS',
        observationWindowEpochs: 3,
        policyVersion: 'p',
        notes: 'loss_warning',
        metrics: {
          loss_delta: -0.375,
          loss_delta_total: -0.375,
          loss_delta_min: -0.5,
          loss_delta_max: 0.25,
          avg_hook_latency_ms: 15,
          observed_evaluations: 3,
        },
        followUpActions: [],
        issuedAtMs: T0,
      },
    });
  });

  it('OW-07: windows expire, also those of runs that went silent, and the oldest makes room at the limit', () => {
    const book = new WindowBook({ ...LIMITS, windowsPerRunMax: 2, windowTtlMs: 50, runsMax: 2 });
    book.decided(seen(0), report('a'));
    book.decided(seen(0), report('b'));
    expect(book.decided(seen(0), report('c')).map(({ end, report: { notes } }) => [end, notes])).toEqual([
      ['displaced', 'window_displaced'],
    ]);
    book.decided(seen(0, { trainingRunId: 'run-2' }), report('d', { trainingRunId: 'run-2' }));
    const closed = book.decided(seen(0, { trainingRunId: 'run-3' }), report('e', { trainingRunId: 'run-3' }));
    expect(closed.map(({ report: { commandId } }) => commandId)).toEqual(['b', 'c']);
    expect(book.expire(T0 + 50)).toEqual([]);
    expect(book.expire(T0 + 51).map(({ end, report: { outcome } }) => [end, outcome])).toEqual([
      ['expired', 'NEUTRAL'],
      ['expired', 'NEUTRAL'],
    ]);
    expect(book.openCount).toBe(0);
  });

  it('a rollback behind its start ends a window as aborted, without the numbers of the new past', () => {
    const book = new WindowBook(LIMITS);
    book.decided(seen(5), report('a'));
    book.decided(seen(6, { lossDelta: 3 }), failed('x'));
    const [closed] = book.decided(seen(4, { lossDelta: -100 }), failed('y'));
    expect(closed).toMatchObject({
      end: 'rolled_back',
      report: { outcome: 'ABORTED', metrics: { loss_delta_total: 3 } },
    });
  });

  it('OW-09: whatever is observed, every number of the report is finite', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double(), fc.constant(Number.MAX_VALUE), fc.constant(undefined)), { maxLength: 8 }),
        (losses) => {
          const book = new WindowBook(LIMITS);
          book.decided(seen(0), report('a'));
          for (const lossDelta of losses) book.decided(seen(1, { lossDelta, hookLatencyMs: lossDelta }), failed('x'));
          const [closed] = book.decided(seen(9), failed('y'));
          expect(Object.values(closed?.report.metrics ?? { none: Number.NaN }).every(Number.isFinite)).toBe(true);
        },
      ),
    );
  });

  it('OW-03: agrees with a model that keeps every evaluation and adds them up at the end', () => {
    const step = fc.record({
      run: fc.constantFrom('r1', 'r2'),
      epochs: fc.nat({ max: 2 }),
      loss: fc.integer({ min: -8, max: 8 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const book = new WindowBook(LIMITS);
        const epochs: Record<string, number> = {};
        const history: { run: string; epoch: number; loss: number }[] = [];
        const found = steps.flatMap(({ run, epochs: more, loss }, at) => {
          const epoch = (epochs[run] ?? 0) + more;
          epochs[run] = epoch;
          history.push({ run, epoch, loss });
          const evaluation = seen(epoch, { trainingRunId: run, lossDelta: loss, atMs: T0 });
          return book.decided(evaluation, report(`c${at}`, { trainingRunId: run }));
        });
        const expected = history.flatMap((opened, at) => {
          const later = history.slice(at + 1).filter(({ run }) => run === opened.run);
          const end = later.findIndex(({ epoch }) => epoch >= opened.epoch + 3);
          return end < 0
            ? []
            : [{ id: `c${at}`, total: later.slice(0, end + 1).reduce((sum, { loss }) => sum + loss, 0) }];
        });
        const got = found.map(({ report: one }) => ({
          id: one.commandId ?? '',
          total: one.metrics['loss_delta_total'] ?? Number.NaN,
        }));
        const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
        expect(got.sort(byId)).toEqual(expected.sort(byId));
      }),
    );
  });
});
