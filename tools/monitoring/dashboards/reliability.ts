import { metric } from '../metric-names.ts';
import { type Dashboard, type Panel, RATE, type Target } from './dashboard.ts';

const rate = (selector: string): string => `rate(${selector}[${RATE}])`;
const lines = (panel: Omit<Panel, 'kind' | 'width'> & { readonly width?: Panel['width'] }): Panel => ({
  kind: 'lines',
  width: 8,
  ...panel,
});
const one = (expr: string, legend: string): Target => ({ expr, legend });

/** What the decisions stand on. */
export const RELIABILITY: Dashboard = {
  uid: 'tamiyo-reliability',
  title: 'Tamiyo: reliability',
  about: 'The log, telemetry lanes, field reports, the bus, the inference host, HTTP and the process.',
  rows: [
    {
      title: 'The log',
      panels: [
        lines({
          title: 'Records a second',
          about: 'Appended, and the syncs that made them durable: the smaller the second, the better they are grouped.',
          unit: 'ops',
          targets: [
            one(`sum by (log) (${rate(metric('wal.appended_total'))})`, 'records {{log}}'),
            one(`sum by (log) (${rate(metric('wal.syncs_total'))})`, 'syncs {{log}}'),
            one(`sum by (log) (${rate(metric('wal.rejected_total'))})`, 'refused {{log}}'),
          ],
        }),
        lines({
          title: 'Duration of a sync',
          about: 'The last one. A decision waits for one.',
          unit: 'ms',
          targets: [one(`max by (log) (${metric('wal.sync_last')})`, 'last {{log}}')],
        }),
        lines({
          title: 'Kept on disk',
          about: 'Bytes of all segments.',
          unit: 'bytes',
          targets: [one(`sum by (log) (${metric('wal.retained_bytes')})`, '{{log}}')],
        }),
        {
          title: 'Takes records',
          about: '0: poisoned or closed.',
          kind: 'stat',
          unit: 'short',
          width: 6,
          targets: [one(`min(${metric('tamiyo.wal.writable')})`, 'writable')],
          limit: 1,
          below: true,
        },
        {
          title: 'Damaged places',
          about: 'Found at the last start, old ones included.',
          kind: 'stat',
          unit: 'short',
          width: 6,
          targets: [one(`sum(${metric('tamiyo.wal.damaged_places')})`, 'places')],
          limit: 1,
        },
        {
          title: 'Acknowledged records lost',
          about: 'Found missing at the last start.',
          kind: 'stat',
          unit: 'short',
          width: 6,
          targets: [one(`sum(${metric('tamiyo.wal.lost_records')})`, 'records')],
          limit: 1,
        },
        {
          title: 'Segments poisoned',
          about: 'Writes or syncs that failed since the start.',
          kind: 'stat',
          unit: 'short',
          width: 6,
          targets: [one(`sum(${metric('wal.segments_poisoned_total')})`, 'segments')],
          limit: 1,
        },
      ],
    },
    {
      title: 'Telemetry, field reports and the bus',
      panels: [
        lines({
          title: 'Telemetry, packets a second',
          about: 'What each lane was given and what became of it.',
          unit: 'ops',
          targets: [
            one(`sum by (lane) (${rate(metric('tamiyo.telemetry.emitted_total'))})`, '{{lane}} emitted'),
            one(`sum by (lane) (${rate(metric('tamiyo.telemetry.delivered_total'))})`, '{{lane}} delivered'),
            one(`sum by (lane, reason) (${rate(metric('tamiyo.telemetry.dropped_total'))}) > 0`, '{{lane}} {{reason}}'),
          ],
        }),
        lines({
          title: 'Telemetry, waiting',
          about: 'Packets that wait, on disk or in memory.',
          unit: 'short',
          targets: [one(`sum by (lane) (${metric('tamiyo.telemetry.queued')})`, '{{lane}}')],
        }),
        lines({
          title: 'Telemetry, blind',
          about: 'Share of the time in which a lane had something to say and nobody took it.',
          unit: 'percentunit',
          targets: [one(`max by (lane) (${rate(metric('tamiyo.telemetry.blind_ms'))}) / 1000`, '{{lane}}')],
          limit: 0.5,
        }),
        lines({
          title: 'Field reports',
          about: 'Waiting, of these to be tried again, and windows that are open.',
          unit: 'short',
          targets: [
            one(`sum(${metric('tamiyo.field_reports.pending')})`, 'pending'),
            one(`sum(${metric('tamiyo.field_reports.retry_backlog')})`, 'to be tried again'),
            one(`sum(${metric('tamiyo.field_reports.open_windows')})`, 'open windows'),
          ],
        }),
        lines({
          title: 'Field reports a second',
          about: 'Published, tried again, given up.',
          unit: 'ops',
          targets: [
            one(`sum(${rate(metric('tamiyo.field_reports.published_total'))})`, 'published'),
            one(`sum(${rate(metric('tamiyo.field_reports.retries_total'))})`, 'tried again'),
            one(`sum(${rate(metric('tamiyo.field_reports.dropped_total'))})`, 'given up'),
          ],
        }),
        lines({
          title: 'The bus',
          about: 'Messages kept on each stream, and what its slowest group has before it.',
          unit: 'short',
          targets: [
            one(`sum by (stream) (${metric('tamiyo.bus.entries')})`, '{{stream}} kept'),
            one(`max by (stream) (${metric('tamiyo.bus.unacknowledged')}) > 0`, '{{stream}} unacknowledged'),
          ],
        }),
      ],
    },
    {
      title: 'Inference',
      panels: [
        lines({
          title: 'Runtimes',
          about: 'By state. Without one that is ready or busy nothing can be decided.',
          unit: 'short',
          targets: [one(`sum by (state) (${metric('tamiyo.inference.runtimes')})`, '{{state}}')],
        }),
        lines({
          title: 'Calls a second',
          about: 'And those that did not end well.',
          unit: 'ops',
          targets: [
            one(`sum(${rate(metric('tamiyo.inference.calls_total'))})`, 'calls'),
            one(`sum(${rate(metric('tamiyo.inference.timeouts_total'))})`, 'timeouts'),
            one(`sum(${rate(metric('tamiyo.inference.unavailable_total'))})`, 'unavailable'),
            one(`sum(${rate(metric('tamiyo.inference.late_dropped_total'))})`, 'late, dropped'),
          ],
        }),
        lines({
          title: 'Runtimes that ended',
          about: 'By themselves, killed because they hung, or never started; since the policy came into force.',
          unit: 'short',
          targets: [
            one(`sum(${metric('tamiyo.inference.deaths_total')})`, 'by themselves'),
            one(`sum(${metric('tamiyo.inference.killed_overdue_total')})`, 'killed'),
            one(`sum(${metric('tamiyo.inference.start_failures_total')})`, 'not started'),
          ],
        }),
      ],
    },
    {
      title: 'HTTP and process',
      panels: [
        lines({
          title: 'Requests a second',
          about: 'By route and class of status.',
          unit: 'ops',
          targets: [
            one(`sum by (route, status) (${rate(metric('tamiyo.http.requests_total'))})`, '{{route}} {{status}}'),
          ],
        }),
        lines({
          title: 'Problems a second',
          about: 'Requests refused or failed, by code.',
          unit: 'ops',
          targets: [one(`sum by (code) (${rate(metric('tamiyo.http.problems_total'))})`, '{{code}}')],
        }),
        lines({
          title: 'Requests under way',
          about: 'And event streams that are open.',
          unit: 'short',
          targets: [
            one(`sum(${metric('tamiyo.http.under_way')})`, 'under way'),
            one(`sum(${metric('tamiyo.http.event_streams')})`, 'event streams'),
          ],
        }),
        lines({
          title: 'Delay of the event loop',
          about: 'Between two scrapes. Measured in steps of 20 ms: that much is none.',
          unit: 's',
          targets: [
            one(`max by (instance) (${metric('nodejs_eventloop_lag_p99_seconds')})`, 'p99'),
            one(`max by (instance) (${metric('nodejs_eventloop_lag_max_seconds')})`, 'longest'),
          ],
          limit: 0.05,
        }),
        lines({
          title: 'Memory',
          about: 'Of the host; its inference processes are not in it.',
          unit: 'bytes',
          targets: [
            one(`sum by (instance) (${metric('process_resident_memory_bytes')})`, 'resident'),
            one(`sum by (instance) (${metric('nodejs_heap_size_used_bytes')})`, 'JavaScript heap'),
          ],
        }),
        lines({
          title: 'Processor',
          about: 'Of the host; 1 is one core.',
          unit: 'short',
          targets: [one(`sum by (instance) (${rate(metric('process_cpu_seconds_total'))})`, 'cores')],
        }),
        {
          title: 'Key that signs: days left',
          about: 'Only keys with a date. The ticket comes at 14 days.',
          kind: 'stat',
          unit: 'short',
          width: 6,
          targets: [
            one(`min(${metric('command_verifier.key_expires_in_ms', { state: 'current' })}) / 86400000`, 'days'),
          ],
          limit: 14,
          below: true,
        },
        {
          title: 'Policy in force',
          about: '0: no packet gets a command.',
          kind: 'stat',
          unit: 'short',
          width: 6,
          targets: [one(`min(${metric('tamiyo.policy.in_force')})`, 'in force')],
          limit: 1,
          below: true,
        },
        {
          title: 'Commands refused by verifiers',
          about: 'As executing sides report back; since the start.',
          kind: 'stat',
          unit: 'short',
          width: 6,
          targets: [one(`sum(${metric('tamiyo.verifier.failures_total')})`, 'refused')],
          limit: 1,
        },
        {
          title: 'Running for',
          about: 'Since the process started.',
          kind: 'stat',
          unit: 's',
          width: 6,
          targets: [one(`time() - max(${metric('process_start_time_seconds')})`, 'seconds')],
        },
      ],
    },
  ],
};
