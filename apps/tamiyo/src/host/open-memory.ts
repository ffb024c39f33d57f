import { join } from 'node:path';
import type { FieldReports } from '@esper/field-reports';
import type { FileCatalogue } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import { openFieldReports } from '../adapters/field-reporting.js';
import { type LearnedNames, openLearnedNames } from '../adapters/learned-names.js';
import { readLog } from '../adapters/read-log.js';
import { reportOptions } from '../adapters/report-settings.js';
import type { Recovered } from '../records/recover.js';
import { restoreFrom } from '../records/restore-from.js';
import type { HostSetup } from './host-setup.js';
import type { Carriers } from './open-carriers.js';
import { openCatalogue } from './open-catalogue.js';
import type { OpenParts } from './open-parts.js';

/** What the host knew before: runs and reports, folded from the log; names, from their tables; and the blueprints. */
export interface Memory {
  readonly recovered: Recovered;
  readonly names: LearnedNames;
  readonly fieldReports: FieldReports;
  readonly catalogue: FileCatalogue;
}

/** Answers are known to be over for as long again as they are given again. */
const EXPIRED_FOR = 2;

export async function openMemory(setup: HostSetup, carriers: Carriers, open: OpenParts): Promise<Memory> {
  const { values } = setup.config;
  const { log, marks, journal, bus, tell } = carriers;
  const catalogue = await openCatalogue(setup, tell, open);
  const names = await openLearnedNames(join(values.dataDir, 'tables'), tell);
  open.keep(() => names.close());
  const fieldReports = openFieldReports({
    journal,
    bus,
    clock: systemClock,
    random: Math.random,
    observe: carriers.tellTogether,
    options: reportOptions(values),
  });
  const recovered = await readLog(log, {
    answersSinceMs: systemClock.wallMs() - EXPIRED_FOR * values.idempotencyMs,
    marks,
    onRecord: (record) => restoreFrom(record, { fieldReports }),
  });
  await fieldReports.restored();
  return { recovered, names, fieldReports, catalogue };
}
