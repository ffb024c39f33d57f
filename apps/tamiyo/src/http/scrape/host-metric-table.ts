/**
 * What a host tells a scrape about itself, besides what telemetry packets say. Read from what the host counts anyway, when the
 * scrape comes. `attributes` are the only labels; their values are closed sets, ids of runs are never among them. Names are API.
 */
export const HOST_METRICS = {
  'tamiyo.build_info': {
    unit: 'info',
    attributes: ['version', 'node', 'architecture', 'policy', 'config'],
    means: 'Always 1; the labels say what runs: version, Node, and the digests of policy and configuration.',
  },
  'tamiyo.ready': { unit: 'bool', attributes: [], means: '1 when a packet sent now could be answered.' },
  'tamiyo.ready_check': {
    unit: 'bool',
    attributes: ['check'],
    means: 'Each thing readiness asks for: 1 when it holds.',
  },
  'tamiyo.decisions.delivered_total': { unit: 'count', attributes: [], means: 'Packets answered with a new command.' },
  'tamiyo.decisions.repeated_total': {
    unit: 'count',
    attributes: [],
    means: 'Packets answered with the command they had got before.',
  },
  'tamiyo.decisions.failed_total': {
    unit: 'count',
    attributes: ['code', 'fault'],
    means: 'Packets that got no command, by code; fault says whose: host, caller or operator.',
  },
  'tamiyo.runs.known': { unit: 'count', attributes: [], means: 'Runs the host remembers.' },
  'tamiyo.runs.active': { unit: 'count', attributes: [], means: 'Of these, observed in the last 15 minutes.' },
  'tamiyo.runs.conservative': {
    unit: 'count',
    attributes: ['cause'],
    means: 'Active runs in conservative mode; cause: engine or operator.',
  },
  'tamiyo.runs.conservative_longest_seconds': {
    unit: 's',
    attributes: [],
    means: 'How long the mode lasts already in the active run that has been in it longest by itself; 0 without one.',
  },
  'tamiyo.runs.held': { unit: 'count', attributes: [], means: 'Runs that an operator holds.' },
  'tamiyo.runs.breakers': {
    unit: 'count',
    attributes: ['breaker', 'state'],
    means: 'Active runs by the state of each breaker: closed, open, half_open, forced_open, disabled.',
  },
  'tamiyo.runs.pending': { unit: 'count', attributes: [], means: 'Decisions that wait or run now, over all runs.' },
  'tamiyo.sharing.taken_over_total': {
    unit: 'count',
    attributes: [],
    means: 'Runs that came from another host whose lease ran out.',
  },
  'tamiyo.sharing.handed_over_total': {
    unit: 'count',
    attributes: [],
    means: 'Runs that came from another host which had given them back.',
  },
  'tamiyo.sharing.held_total': {
    unit: 'count',
    attributes: [],
    means: 'Packets turned away because another host was deciding for their run.',
  },
  'tamiyo.sharing.repeated_total': {
    unit: 'count',
    attributes: [],
    means: 'Packets answered with bytes that the ledger held.',
  },
  'tamiyo.sharing.lost_total': {
    unit: 'count',
    attributes: [],
    means: 'Writes of this host that were refused because another host had taken the run over.',
  },
  'tamiyo.sharing.unavailable_total': {
    unit: 'count',
    attributes: [],
    means: 'Calls that the ledger did not answer.',
  },
  'tamiyo.policy.in_force': { unit: 'bool', attributes: [], means: '1 while a policy is in force.' },
  'tamiyo.policy.expiry_timestamp_seconds': {
    unit: 's',
    attributes: [],
    means: 'When the policy in force expires, seconds since 1970; absent for one that does not.',
  },
  'tamiyo.inference.runtimes': {
    unit: 'count',
    attributes: ['state'],
    means: 'Inference runtimes by state: starting, ready, busy, overdue.',
  },
  'tamiyo.inference.calls_total': { unit: 'count', attributes: [], means: 'Inferences asked of the policy in force.' },
  'tamiyo.inference.timeouts_total': { unit: 'count', attributes: [], means: 'Of these, not answered in time.' },
  'tamiyo.inference.unavailable_total': {
    unit: 'count',
    attributes: [],
    means: 'Of these, refused at once because no runtime could serve them.',
  },
  'tamiyo.inference.late_dropped_total': { unit: 'count', attributes: [], means: 'Answers that came too late.' },
  'tamiyo.inference.read_late_total': {
    unit: 'count',
    attributes: [],
    means: 'Answers that were ready in time, read late because the host was busy, and used.',
  },
  'tamiyo.inference.starts_total': { unit: 'count', attributes: [], means: 'Runtimes started.' },
  'tamiyo.inference.start_failures_total': { unit: 'count', attributes: [], means: 'Runtimes that did not start.' },
  'tamiyo.inference.killed_overdue_total': {
    unit: 'count',
    attributes: [],
    means: 'Runtimes ended by the host because they did not answer in time.',
  },
  'tamiyo.inference.deaths_total': { unit: 'count', attributes: [], means: 'Runtimes that ended by themselves.' },
  'tamiyo.library.lookups_abandoned': {
    unit: 'count',
    attributes: [],
    means:
      'Look-ups of blueprints given up of late (10 s by default) and still unanswered; at 64 by default no more are made.',
  },
  'tamiyo.library.lookups_abandoned_total': {
    unit: 'count',
    attributes: [],
    means: 'Look-ups of blueprints given up before they were answered.',
  },
  'tamiyo.library.lookups_refused_total': {
    unit: 'count',
    attributes: [],
    means: 'Look-ups not made, because too many had been given up.',
  },
  'tamiyo.wal.writable': { unit: 'bool', attributes: ['log'], means: '1 while the log takes records.' },
  'tamiyo.wal.reserve_there': {
    unit: 'bool',
    attributes: ['log'],
    means: '1 while the disk space kept for the last words of a full log is there.',
  },
  'tamiyo.wal.damaged_places': {
    unit: 'count',
    attributes: ['log'],
    means: 'Damaged places found when the log was opened, old ones included.',
  },
  'tamiyo.wal.lost_records': {
    unit: 'count',
    attributes: ['log'],
    means: 'Acknowledged records found missing when the log was opened.',
  },
  'tamiyo.bus.ready': { unit: 'bool', attributes: [], means: '1 while the bus takes and delivers messages.' },
  'tamiyo.bus.entries': { unit: 'count', attributes: ['stream'], means: 'Messages kept on a stream.' },
  'tamiyo.bus.bytes': { unit: 'bytes', attributes: ['stream'], means: 'Bytes kept on a stream.' },
  'tamiyo.bus.unacknowledged': {
    unit: 'count',
    attributes: ['stream'],
    means: 'Messages the slowest group of a stream has not acknowledged.',
  },
  'tamiyo.bus.published_total': { unit: 'count', attributes: [], means: 'Messages taken.' },
  'tamiyo.bus.refused_total': { unit: 'count', attributes: ['code'], means: 'Messages not taken, by code.' },
  'tamiyo.bus.retried_total': { unit: 'count', attributes: [], means: 'Deliveries that were repeated.' },
  'tamiyo.bus.dead_lettered_total': { unit: 'count', attributes: [], means: 'Messages given up by a consumer.' },
  process_start_time_seconds: {
    unit: 's',
    attributes: [],
    means: 'When the process started, seconds since 1970.',
  },
  process_cpu_seconds_total: { unit: 's', attributes: [], means: 'Processor time of this process, children apart.' },
  process_resident_memory_bytes: { unit: 'bytes', attributes: [], means: 'Memory of this process, children apart.' },
  nodejs_heap_size_used_bytes: { unit: 'bytes', attributes: [], means: 'JavaScript heap in use.' },
  nodejs_eventloop_lag_p99_seconds: {
    unit: 's',
    attributes: [],
    means: 'Delay of the event loop since the last scrape, 99th percentile.',
  },
  nodejs_eventloop_lag_max_seconds: {
    unit: 's',
    attributes: [],
    means: 'Delay of the event loop since the last scrape, longest.',
  },
} as const satisfies Readonly<
  Record<string, { readonly unit: string; readonly attributes: readonly string[]; readonly means: string }>
>;

export type HostMetricName = keyof typeof HOST_METRICS;
