/** Where our graph differs from the prototype's on purpose, and why. Each is computed, never waved through. */
export const GRAPH_DEVIATIONS = {
  'DEV-GB-01':
    'What is absent reads 0 with mask 0 and moves no statistics; what is present reads its value, 0 included.',
  'DEV-GB-02': 'Each node type and feature has its own statistic, with a prior in its own unit, moved once per packet.',
  'DEV-GB-03':
    'What nobody described has no nodes: no invented layers, activations or parameters, and no edges to them.',
  'DEV-GB-04': 'Blueprints come from the catalogue; the id of a packet or a run is none.',
  'DEV-GB-05':
    'A name reads 0 until the host has registered it; there is no category "unknown" and no hash in its place.',
  'DEV-GB-06':
    'A seed may blend when it is not denied: an explicit 0 and a dead stage deny, a list of methods permits nothing.',
  'DEV-GB-07':
    'Risk, depth and stage are clamped to 0..1 and scaled alike in nodes and edges; unknown risk reads 1 on edges.',
  'DEV-GB-08':
    'Malformed packets and catalogue entries are refused by path; the prototype repairs them, skips parts, or raises.',
  'DEV-GB-09':
    'A cap keeps exactly its number of rows, 0 included, and does not move them: positions count the rows before the cap.',
  'DEV-GB-10': 'Only edges that were listed, or follow from a reported depth; none is invented, moved or doubled.',
  'DEV-GB-11': 'Coverage is present over expected evidence; constants do not count, what is missing counts as 0.',
  'DEV-GB-12': 'Tier, number of tunable parameters and candidate score are computed from the catalogue entry.',
  'DEV-GB-13': "Losses of the run come from the packet's own fields, and from the metric map only without them.",
  'DEV-GB-14': 'Optimizer family and hazard band have one numbering, counted from 1.',
  'DEV-GB-15': "The prototype's statistics file is no file of ours: the host is told, and starts from the priors.",
  'DEV-GB-16':
    'A width or a cap that would cut features off, or is beyond the limit, is refused when it is configured.',
  'DEV-GB-17': 'Ids are those of packet and catalogue; none is made from a position.',
} as const;

export type GraphDeviation = keyof typeof GRAPH_DEVIATIONS;
