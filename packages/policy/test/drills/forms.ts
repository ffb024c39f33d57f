import { runDrill } from '../../../../tools/drill/drill.ts';
import { FORM_SABOTAGES } from '../network/form-sabotages.js';
import { runFormsDrill } from './forms-drill.js';

const COUNT = 1000;
const INT8_EVERY = 10;

const sabotages = Object.fromEntries(Object.entries(FORM_SABOTAGES).map(([name, { what }]) => [name, what]));
await runDrill({ name: 'policy:forms', defaultBudgetMs: 600_000, sabotages }, ({ seed, budgetMs, count, sabotage }) => {
  const endAt = performance.now() + budgetMs;
  const plan = {
    seed,
    count: count ?? COUNT,
    slowForm: true,
    goOn: () => performance.now() < endAt,
    int8Count: (graphs: number) => Math.ceil(graphs / INT8_EVERY),
  };
  return runFormsDrill(plan, sabotage);
});
