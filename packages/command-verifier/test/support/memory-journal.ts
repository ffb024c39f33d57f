import type { OpenedJournal, WatermarkStep } from '../../src/index.js';

/** A journal that survives in the test's memory; `fail` makes the next appends reject. */
export class MemoryJournal {
  readonly steps: WatermarkStep[] = [];
  fail: Error | undefined;

  async append(step: WatermarkStep): Promise<void> {
    if (this.fail !== undefined) throw this.fail;
    this.steps.push(step);
  }

  /** As a restart finds it. */
  opened(): OpenedJournal {
    return { journal: this, steps: [...this.steps] };
  }
}
