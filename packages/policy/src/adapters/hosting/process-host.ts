import { systemClock } from '@esper/std/node';
import { type HostOptions, resolveHostOptions } from '../../core/hosting/host-options.js';
import { type ObservedInferenceHost, openInferencePool } from '../../shell/hosting/inference-pool.js';
import { loadRequest, type ModelToHost } from './model-to-host.js';
import { preciseTimers } from './precise-timers.js';
import { startProcessRuntime } from './process-runtime.js';

/**
 * Loads the model into child processes. At the deadline the child is killed with SIGKILL, which frees its core within
 * milliseconds, a warm standby serves the next call, and a replacement is started. Resolves when all are warm; rejects
 * with `inference_model_mismatch` or `inference_host_unstartable`. Children die with this process, however it ends.
 */
export async function createProcessHost(given: ModelToHost & HostOptions): Promise<ObservedInferenceHost> {
  const options = resolveHostOptions(given);
  const request = loadRequest(given);
  return openInferencePool(options, {
    clock: systemClock,
    timers: preciseTimers,
    maker: { overdue: 'kill', start: () => startProcessRuntime(given.model, request) },
  });
}
