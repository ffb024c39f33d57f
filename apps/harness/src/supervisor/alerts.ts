/** One alert: a metric beyond its limit in so many packets in a row. */
export interface AlertRule {
  readonly name: string;
  readonly metric: string;
  readonly beyond: 'above' | 'below';
  readonly limit: number;
  readonly packetsMin: number;
  readonly route: 'slack' | 'pagerduty';
}

/** RT-17: what wakes whom. Limits and counts are the prototype's. */
export const ALERT_RULES: readonly AlertRule[] = [
  {
    name: 'tamiyo_coverage_low',
    metric: 'tamiyo.gnn.feature_coverage',
    beyond: 'below',
    limit: 0.7,
    packetsMin: 3,
    route: 'slack',
  },
  {
    name: 'tamiyo_bsds_critical',
    metric: 'tamiyo.bsds.hazard_critical_signal',
    beyond: 'above',
    limit: 0.5,
    packetsMin: 1,
    route: 'pagerduty',
  },
  {
    name: 'tamiyo_bsds_high',
    metric: 'tamiyo.bsds.hazard_high_signal',
    beyond: 'above',
    limit: 0.5,
    packetsMin: 3,
    route: 'slack',
  },
  {
    name: 'tamiyo_bsds_elevated_risk',
    metric: 'tamiyo.bsds.elevated_risk_flag',
    beyond: 'above',
    limit: 0.5,
    packetsMin: 1,
    route: 'pagerduty',
  },
  { name: 'oona_queue_depth', metric: 'oona.queue_depth', beyond: 'above', limit: 4000, packetsMin: 2, route: 'slack' },
  {
    name: 'kasmina_isolation_violation',
    metric: 'kasmina.isolation.violations',
    beyond: 'above',
    limit: 3,
    packetsMin: 1,
    route: 'pagerduty',
  },
  {
    name: 'training_latency_high',
    metric: 'tolaria.training.latency_ms',
    beyond: 'above',
    limit: 18,
    packetsMin: 3,
    route: 'slack',
  },
];

/** Packets in a row beyond the limit, by alert. */
export type AlertState = Readonly<Record<string, number>>;

/** An alert that was just raised. */
export interface Alert {
  readonly name: string;
  readonly route: AlertRule['route'];
  readonly value: number;
}

/**
 * Folds one set of metrics. A metric that is not stated leaves its alert as it is: silence is no all-clear. A value that is no number
 * counts as beyond the limit. An alert is raised once, when its count is reached, and again after it has been clear.
 */
export function foldAlerts(
  state: AlertState,
  metrics: ReadonlyMap<string, number>,
  rules: readonly AlertRule[] = ALERT_RULES,
): { readonly state: AlertState; readonly raised: readonly Alert[] } {
  const next: Record<string, number> = { ...state };
  const raised: Alert[] = [];
  for (const { name, metric, route, packetsMin, ...rule } of rules) {
    const value = metrics.get(metric);
    if (value === undefined) continue;
    next[name] = isBeyond(value, rule) ? (next[name] ?? 0) + 1 : 0;
    if (next[name] === packetsMin) raised.push({ name, route, value });
  }
  return { state: next, raised };
}

const isBeyond = (value: number, { beyond, limit }: Pick<AlertRule, 'beyond' | 'limit'>): boolean =>
  Number.isNaN(value) || (beyond === 'above' ? value > limit : value < limit);
