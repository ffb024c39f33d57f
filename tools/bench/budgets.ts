/** A figure that a budget is about: where it stands in the output of its benchmark, and what it is held against. */
export interface Budget {
  readonly what: string;
  readonly bench: string;
  /** Keys down to the figure. */
  readonly path: readonly string[];
  readonly unit: string;
  readonly beyond: 'below' | 'at least';
  readonly limit: number;
  /** The requirement, where it is one. */
  readonly id?: string;
}

/** The budgets that docs/benchmarks.md begins with. */
export const BUDGETS: readonly Budget[] = [
  {
    what: 'whole decision, durable, p95',
    bench: 'decision',
    path: ['durable', 'p95'],
    unit: 'ms',
    beyond: 'below',
    limit: 45,
    id: 'PF-06',
  },
  {
    what: 'bare inference, process host, p95',
    bench: 'decision',
    path: ['bareInference', 'p95'],
    unit: 'ms',
    beyond: 'below',
    limit: 45,
    id: 'PF-01',
  },
  {
    what: 'a step evaluated (not durable), p95',
    bench: 'decision',
    path: ['written', 'p95'],
    unit: 'ms',
    beyond: 'below',
    limit: 10,
    id: 'PF-08',
  },
  {
    what: 'risk assessments, quiet',
    bench: 'risk',
    path: ['assessmentsPerSecond'],
    unit: '/s',
    beyond: 'at least',
    limit: 100_000,
    id: 'PF-13',
  },
  {
    what: 'risk assessments, six signals',
    bench: 'risk',
    path: ['sixSignalsPerSecond'],
    unit: '/s',
    beyond: 'at least',
    limit: 50_000,
    id: 'PF-13',
  },
  {
    what: 'graph builder, p95',
    bench: 'messages',
    path: ['graphBuilderMs', 'p95'],
    unit: 'ms',
    beyond: 'below',
    limit: 2,
    id: 'PF-14',
  },
  {
    what: 'encoding a command, p50',
    bench: 'messages',
    path: ['messages', 'AdaptationCommand', 'encode', 'p50Us'],
    unit: 'µs',
    beyond: 'below',
    limit: 80,
    id: 'PF-16',
  },
  {
    what: 'reading and checking a command, p50',
    bench: 'messages',
    path: ['messages', 'AdaptationCommand', 'decodeChecked', 'p50Us'],
    unit: 'µs',
    beyond: 'below',
    limit: 100,
    id: 'PF-16',
  },
  {
    what: 'durable publish on the embedded bus, p95',
    bench: 'messages',
    path: ['publishMs', 'p95'],
    unit: 'ms',
    beyond: 'below',
    limit: 25,
    id: 'PF-40',
  },
  {
    what: 'one durable append over bare write + fdatasync',
    bench: 'wal',
    path: ['single', 'ratioToBare'],
    unit: '× as fast',
    beyond: 'at least',
    limit: 0.7,
    id: 'PF-28',
  },
  {
    what: 'durable append in groups of 64 over bare',
    bench: 'wal',
    path: ['grouped', '64', 'ratioToBare'],
    unit: '× as fast',
    beyond: 'at least',
    limit: 0.7,
    id: 'PF-28',
  },
  {
    what: 'CPU of an append, a million records stored over a thousand',
    bench: 'wal',
    path: ['history', 'cpuRatio1mTo1k'],
    unit: '×',
    beyond: 'below',
    limit: 1.1,
    id: 'PF-29',
  },
  {
    what: 'durable median, a million over a thousand',
    bench: 'wal',
    path: ['history', 'durableRatio1mTo1k'],
    unit: '×',
    beyond: 'below',
    limit: 1.25,
    id: 'PF-29',
  },
  {
    what: 'compiled network over op by op, p50',
    bench: 'policy',
    path: ['compiled', 'speedup'],
    unit: '×',
    beyond: 'at least',
    limit: 5,
  },
  {
    what: 'thread host over bare session.run, p50',
    bench: 'policy',
    path: ['hosts', 'thread', 'ratioToBare'],
    unit: '×',
    beyond: 'below',
    limit: 1.25,
  },
  {
    what: 'process host beyond bare session.run, p50',
    bench: 'policy',
    path: ['hosts', 'process', 'addedMs'],
    unit: 'ms',
    beyond: 'below',
    limit: 0.6,
  },
  {
    what: 'verification over bare HMAC, 100,000 live nonces',
    bench: 'verifier',
    path: ['ratioToBareHmac'],
    unit: '× as fast',
    beyond: 'at least',
    limit: 0.6,
  },
  {
    what: 'decision p99, telemetry sink hung over healthy, less what is allowed (1 ms or the healthy spread)',
    bench: 'isolation',
    path: ['p99', 'outside', 'beyondMs'],
    unit: 'ms',
    beyond: 'below',
    limit: 0,
  },
];
