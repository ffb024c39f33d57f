import type { Dashboard } from './dashboard.ts';
import { OBJECTIVES_BOARD } from './objectives-board.ts';
import { OVERVIEW } from './overview.ts';
import { RELIABILITY } from './reliability.ts';
import { SHARING } from './sharing.ts';

/** Every dashboard. */
export const DASHBOARDS: readonly Dashboard[] = [OVERVIEW, RELIABILITY, OBJECTIVES_BOARD, SHARING];
