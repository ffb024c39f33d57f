export type { ModelToHost } from './adapters/hosting/model-to-host.js';
export { createProcessHost } from './adapters/hosting/process-host.js';
export { createThreadHost } from './adapters/hosting/thread-host.js';
export { HOST_DEFAULTS, type HostOptions, resolveHostOptions } from './core/hosting/host-options.js';
export type { HostStats } from './shell/hosting/host-stats.js';
export type { ObservedInferenceHost } from './shell/hosting/inference-pool.js';
export type { RuntimeInfo } from './shell/hosting/runtime.js';
