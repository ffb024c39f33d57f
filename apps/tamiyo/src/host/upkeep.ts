import type { FieldReports } from '@esper/field-reports';
import { systemClock } from '@esper/std/node';
import { flushLoop } from '../adapters/flush-loop.js';
import { type FeatureFlags, flagEvent } from '../config/flags.js';
import type { Timers } from '../decision/deadline.js';
import type { Assembled } from './assemble.js';
import type { HostSetup } from './host-setup.js';
import type { Carriers } from './open-carriers.js';
import type { OpenParts } from './open-parts.js';
import { retainLog } from './retention.js';

const FLUSH_EVERY_MS = 1_000;
const RETAIN_EVERY_MS = 3_600_000;

/** Rounds of publishing without a pause between them: more than all reports that may be pending. */
const ROUNDS_MAX = 64;

export interface UpkeepParts {
  readonly setup: HostSetup;
  readonly carriers: Carriers;
  readonly assembled: Assembled;
  readonly fieldReports: FieldReports;
  readonly flags: FeatureFlags;
  readonly issuerEpoch: number;
  readonly policyDigest: () => string;
  readonly timers: Timers;
}

/** What a host does besides deciding: publishes reports, gives up old records, and ends flags whose time is over. */
export function startUpkeep(parts: UpkeepParts, open: OpenParts): void {
  const { fieldReports, timers } = parts;
  open.keep(() => fieldReports.flush());
  open.keep(flushLoop(FLUSH_EVERY_MS, () => publishDue(fieldReports), timers));
  const retention = retentionParts(parts);
  open.keep(flushLoop(RETAIN_EVERY_MS, () => retainLog(retention), timers));
  open.keep(watchFlags(parts));
}

/** Publishes all that is due, as many in a round as one flush takes: at a high rate a round a second would not be enough. */
export async function publishDue(fieldReports: Pick<FieldReports, 'flush'>): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    if (!(await fieldReports.flush()).more) return;
  }
}

function retentionParts({ setup, carriers, assembled, fieldReports, issuerEpoch, policyDigest }: UpkeepParts) {
  const { values, digest } = setup.config;
  const { log, journal, tell } = carriers;
  return {
    log,
    journal,
    runs: assembled.runs,
    keepScenes: () => assembled.scenes.writeAgain(),
    checkpoint: (runId: string) => assembled.engine.checkpoint(runId),
    epoch: () => ({
      kind: 'epoch' as const,
      issuerEpoch,
      atMs: systemClock.wallMs(),
      digests: { policy: policyDigest(), config: digest },
    }),
    clock: systemClock,
    tell,
    keepHours: values['reports.retentionHours'],
    oldestNeededMs: () => fieldReports.oldestNeededMs(),
    forgetRunHours: values['run.forgetAfterHours'],
  };
}

/** Says at the start which flags are on, and when those that end have ended. */
function watchFlags({ flags, carriers, timers }: UpkeepParts): () => Promise<void> {
  const startedMs = systemClock.wallMs();
  for (const { id, on, endsAtMs } of flags.views(startedMs)) {
    if (on) carriers.tell(flagEvent(id, endsAtMs));
  }
  const endMs = flags.nextEndMs(startedMs);
  if (endMs === undefined) return async () => undefined;
  const cancel = timers.after(Math.max(0, endMs - startedMs), () => {
    for (const { id, key, expired } of flags.views(endMs)) {
      if (expired)
        carriers.tell({ description: 'flag_expired', level: 'WARNING', attributes: { flag: id, setting: key } });
    }
  });
  return async () => cancel();
}
