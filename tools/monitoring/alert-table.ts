import type { Alert } from './alert.ts';
import { HOST_ALERTS } from './alerts/host-alerts.ts';
import { OBJECTIVE_ALERTS } from './alerts/objective-alerts.ts';
import { RECORD_ALERTS } from './alerts/record-alerts.ts';
import { RUN_ALERTS } from './alerts/run-alerts.ts';
import { SHARING_ALERTS } from './alerts/sharing-alerts.ts';

/** Every alert, by group, in the order of the rules file. */
export const ALERT_GROUPS: Readonly<Record<string, readonly Alert[]>> = {
  'tamiyo-objectives': OBJECTIVE_ALERTS,
  'tamiyo-host': HOST_ALERTS,
  'tamiyo-records': RECORD_ALERTS,
  'tamiyo-runs': RUN_ALERTS,
  'tamiyo-sharing': SHARING_ALERTS,
};

export const ALERTS: readonly Alert[] = Object.values(ALERT_GROUPS).flat();
