import type { FieldReportOptions } from '@esper/field-reports';
import type { Config } from '../config/knobs.js';

/** The life of field reports as configured. */
export const reportOptions = (config: Config): FieldReportOptions => ({
  windowEpochs: config['reports.windowEpochs'],
  retriesMax: config['reports.retriesMax'],
  backoffBaseMs: config['reports.backoffMs'],
  backoffMultiplier: config['reports.backoffMultiplier'],
});
