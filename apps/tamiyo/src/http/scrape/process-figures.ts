import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricFamily } from '@esper/telemetry/prometheus';
import { hostValue } from './host-family.js';

/** The resolution is part of what is measured: a loop without any delay shows this much. */
const RESOLUTION_MS = 20;
const NANOSECONDS = 1e9;

/** This process, under the names that dashboards for Node know. */
export interface ProcessFigures {
  /** Event-loop delay is that since the call before. */
  families(): readonly MetricFamily[];
  close(): void;
}

/** Watches the event loop from now on. */
export function watchProcess(): ProcessFigures {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  return {
    families: () => {
      const { user, system } = process.cpuUsage();
      const { rss, heapUsed } = process.memoryUsage();
      // Without a sample the histogram has no percentile; nothing was late then.
      const [p99, longest] = delay.count === 0 ? [0, 0] : [delay.percentile(99), delay.max];
      delay.reset();
      return [
        hostValue('process_start_time_seconds', performance.timeOrigin / 1000),
        hostValue('process_cpu_seconds_total', (user + system) / 1e6),
        hostValue('process_resident_memory_bytes', rss),
        hostValue('nodejs_heap_size_used_bytes', heapUsed),
        hostValue('nodejs_eventloop_lag_p99_seconds', p99 / NANOSECONDS),
        hostValue('nodejs_eventloop_lag_max_seconds', longest / NANOSECONDS),
      ];
    },
    close: () => void delay.disable(),
  };
}
