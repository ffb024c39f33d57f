import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@esper/std/node';
import { openWal } from '@esper/wal';
import { nodeDisk } from '@esper/wal/node';
import { readLog } from '../../src/adapters/read-log.js';
import { walJournal } from '../../src/adapters/wal-journal.js';
import type { RunState } from '../../src/runs/run-state.js';

/** Faults that are planted in the log while no host runs: what a host that recovers wrongly would go on from. */
export const LOG_FAULTS = {
  stale_sequence: 'Runs go on from a sequence number of before the crash.',
  stale_mode: 'Runs come back without their conservative mode and their hold.',
  stale_breakers: 'Runs come back with all breakers closed.',
  cut_tail: 'The last records of the log are gone, and the note of what was acknowledged with them.',
} as const;
export type LogFault = keyof typeof LOG_FAULTS;

const CUT_BYTES = 60_000;

const STALE: Readonly<Record<Exclude<LogFault, 'cut_tail'>, (state: RunState) => RunState>> = {
  stale_sequence: (state) => ({ ...state, sequence: Math.max(0, state.sequence - 3) }),
  stale_mode: (state) => ({ ...state, hold: null, risk: { ...state.risk, mode: { kind: 'off' } } }),
  stale_breakers: (state) => ({
    ...state,
    risk: {
      ...state.risk,
      breakers: Object.fromEntries(
        Object.keys(state.risk.breakers).map((name) => [name, { kind: 'closed', generation: 0, failures: 0 }]),
      ),
    },
  }),
};

/** Does to a log what the fault says. */
export async function plantInLog(fault: LogFault, dataDir: string): Promise<void> {
  const directory = join(dataDir, 'log');
  if (fault === 'cut_tail') return cutTail(directory);
  const log = await openWal({ disk: nodeDisk(), directory, clock: systemClock });
  const { runs } = await readLog(log, { answersSinceMs: 0 });
  const journal = walJournal(log, { clock: systemClock });
  for (const [trainingRunId, { state, activeMs }] of runs) {
    const stateAfter = STALE[fault](state);
    await journal.append({ kind: 'run', trainingRunId, atMs: systemClock.wallMs(), activeMs, stateAfter });
  }
  await log.close();
}

async function cutTail(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.wal')).sort();
  const last = names.at(-1);
  if (last === undefined) return;
  const path = join(directory, last);
  const { size } = await stat(path);
  await truncate(path, Math.max(0, size - CUT_BYTES));
}
