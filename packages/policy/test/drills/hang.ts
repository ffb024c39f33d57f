import { runDrill } from '../../../../tools/drill/drill.ts';
import { runHangDrill } from './hang-drill.js';
import { HANG_FAULTS } from './hang-faults.js';

const THREAD_CALLS_MAX = 5;

await runDrill(
  {
    name: 'policy:hang',
    defaultBudgetMs: 20_000,
    sabotages: Object.fromEntries(Object.entries(HANG_FAULTS).map(([name, make]) => [name, make(0).means])),
  },
  ({ budgetMs, count, sabotage }) => {
    const endAt = performance.now() + budgetMs;
    const plan = {
      goOn: (calls: number) => (count === undefined ? performance.now() < endAt : calls < count),
      apartMs: 1000,
      threadCalls: Math.min(THREAD_CALLS_MAX, count ?? THREAD_CALLS_MAX),
      standbyMsMax: 10_000,
      beyondMsMax: 3,
      releaseMsMax: 1000,
      unavailableMsMax: 10,
      nextGoodDeadlineMs: 50,
      nextGoodMsMax: 50,
    };
    return runHangDrill(plan, sabotage);
  },
);
