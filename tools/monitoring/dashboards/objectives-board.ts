import { badShare, budgetOf, OBJECTIVES, type Objective } from '../objectives.ts';
import { DAY, HOUR, MINUTE, timeScale } from '../time-scale.ts';
import type { Dashboard, Panel, Row } from './dashboard.ts';

const AT = timeScale(1);
/** Over how long the budget is meant to last. */
const PERIOD = 30 * DAY;

const percent = (share: number): string => `${Number((100 * share).toPrecision(4))} %`;

const burnPanel = (burn: (seconds: number) => string): Panel => ({
  title: 'How fast the budget burns',
  about:
    '1 is exactly what it may. Pages: 14.4 over 5m and 1h, 6 over 30m and 6h; tickets: 3 over 2h and 1d, 1 over 6h and 3d.',
  kind: 'lines',
  unit: 'short',
  width: 24,
  targets: [
    { expr: burn(5 * MINUTE), legend: '5m' },
    { expr: burn(HOUR), legend: '1h' },
    { expr: burn(6 * HOUR), legend: '6h' },
    { expr: burn(3 * DAY), legend: '3d' },
  ],
  limit: 14.4,
});

function rowOf(objective: Objective): Row {
  const budget = budgetOf(objective);
  const burn = (seconds: number): string => `(${badShare(objective, seconds, AT)}) / ${budget}`;
  return {
    title: `${objective.title}: ${percent(objective.target)}`,
    panels: [
      {
        title: 'Good, 30 days',
        about: `The share over 30 days; the objective is ${percent(objective.target)}.`,
        kind: 'stat',
        unit: 'percentunit',
        width: 6,
        targets: [{ expr: `1 - (${badShare(objective, PERIOD, AT)})`, legend: 'good' }],
        limit: objective.target,
        below: true,
      },
      {
        title: 'Budget left, 30 days',
        about: 'What may still go wrong in 30 days, as a share of the budget. Below 0 the objective is missed.',
        kind: 'stat',
        unit: 'percentunit',
        width: 6,
        targets: [{ expr: `1 - ${burn(PERIOD)}`, legend: 'left' }],
        limit: 0,
        below: true,
      },
      {
        title: 'Burning now',
        about: 'How many times faster than it may, over an hour. From 14.4 on somebody is woken.',
        kind: 'stat',
        unit: 'short',
        width: 6,
        targets: [{ expr: burn(HOUR), legend: 'times' }],
        limit: 14.4,
      },
      {
        title: 'Bad, 24 hours',
        about: 'Counted, not a share.',
        kind: 'stat',
        unit: 'short',
        width: 6,
        targets: [{ expr: `round(${objective.bad('1d')})`, legend: 'decisions' }],
      },
      burnPanel(burn),
    ],
  };
}

/** The objectives: what they promise, what is left of their budgets, and how fast it goes. */
export const OBJECTIVES_BOARD: Dashboard = {
  uid: 'tamiyo-objectives',
  title: 'Tamiyo: objectives',
  about: 'What is promised, what is left of the error budgets of 30 days, and how fast they burn.',
  rows: OBJECTIVES.map(rowOf),
};
