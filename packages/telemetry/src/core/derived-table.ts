/** Metrics that stand in no packet: an aggregator makes them from what packets say. `attributes` as in `TAMIYO_METRICS`. */
export const TAMIYO_DERIVED_METRICS = {
  'tamiyo.events_total': { unit: 'count', attributes: ['event', 'level'], means: 'Events by name and level.' },
  'tamiyo.risk.shadow_reasons_total': {
    unit: 'count',
    attributes: ['reason'],
    means: 'Decisions in which a rule in shadow found this reason; nothing was done about it.',
  },
  'tamiyo.gnn.feature_coverage_by_type': {
    unit: 'ratio',
    attributes: ['type'],
    means: 'Coverage of one node or edge type.',
  },
  'tamiyo.metrics.series_left_out_total': {
    unit: 'count',
    attributes: [],
    means: 'Points that found no place because there are too many series.',
  },
} as const;

export type TamiyoDerivedName = keyof typeof TAMIYO_DERIVED_METRICS;
