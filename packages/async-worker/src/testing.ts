export { LATENCY_BUCKETS_MS, type LatencyHistogram, latencyHistogram } from './testing/latency-histogram.js';
export { runWorkerSoak, type ScenarioReport, type SoakBench, type SoakReport } from './testing/soak.js';
export {
  type Chance,
  SOAK_DEFAULTS,
  SOAK_SCENARIOS,
  type SoakJob,
  type SoakPlan,
  type SoakScenario,
  soakJobs,
} from './testing/soak-plan.js';
export { VirtualTime } from './testing/virtual-time.js';
