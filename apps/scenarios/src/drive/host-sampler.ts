import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { HostSample } from '../core/recording.js';

/** What the sampler asks the host for. */
export interface SampledHost {
  telemetryQueued(): number;
  pending(): number;
}

const EVERY_MS = 100;
const NANOSECONDS_PER_MS = 1e6;

/** Looks at the host every tenth of a second until it is stopped. `quantileMs` is of the whole time. */
export function startSampler(
  host: SampledHost,
  take: (sample: HostSample) => void,
): { stop(): { eventLoopDelayP99Ms: number } } {
  const beganAt = performance.now();
  const whole = monitorEventLoopDelay({ resolution: 10 });
  const recent = monitorEventLoopDelay({ resolution: 10 });
  whole.enable();
  recent.enable();
  const timer = setInterval(() => {
    take({
      seconds: (performance.now() - beganAt) / 1000,
      rssBytes: process.memoryUsage.rss(),
      eventLoopDelayMs: Math.max(0, recent.max / NANOSECONDS_PER_MS),
      telemetryQueued: host.telemetryQueued(),
      pending: host.pending(),
    });
    recent.reset();
  }, EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      whole.disable();
      recent.disable();
      return { eventLoopDelayP99Ms: whole.percentile(99) / NANOSECONDS_PER_MS };
    },
  };
}
