import { systemClock } from '@esper/std/node';
import { type HostOptions, resolveHostOptions } from '../../core/hosting/host-options.js';
import { type ObservedInferenceHost, openInferencePool } from '../../shell/hosting/inference-pool.js';
import { loadRequest, type ModelToHost } from './model-to-host.js';
import { preciseTimers } from './precise-timers.js';
import { startThreadRuntime } from './thread-runtime.js';

/**
 * Loads the model into worker threads: cheaper per call than a process, but a run cannot be ended. At the deadline the
 * call is answered and the thread abandoned until its run returns; the late result is dropped and the thread serves again.
 * A run that never returns costs a core and a standby until the process is killed; `close` waits for runs under way up to
 * `closeTimeoutMs`. Use the process host where that matters. Rejects as `createProcessHost` does.
 */
export async function createThreadHost(given: ModelToHost & HostOptions): Promise<ObservedInferenceHost> {
  const options = resolveHostOptions(given);
  const request = loadRequest(given);
  return openInferencePool(options, {
    clock: systemClock,
    timers: preciseTimers,
    maker: { overdue: 'abandon', start: () => startThreadRuntime(given.model, request) },
  });
}
