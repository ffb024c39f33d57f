import type { RiskContext } from '../context.js';
import { type Evaluation, finding, passing, type RawFinding } from '../finding.js';
import { formatFixed, formatTruncated } from '../format/python-number.js';
import type { Reading } from '../signals/reading.js';
import { type BandRule, judgeBands } from './bands.js';
import { both, certainty } from './conjunction.js';
import type { Evaluator } from './evaluator.js';
import { neutral, unknownSignal } from './unknown.js';

const ISOLATION: BandRule = {
  signal: 'kasmina.isolation.violations',
  comparison: '>',
  bands: [
    {
      threshold: (config) => config.isolation.violationsMax,
      // The catalogue names the reason in the singular and the event in the plural.
      reason: 'isolation_violation',
      event: 'isolation_violations',
      level: 'WARNING',
      mitigation: 'pause',
      applies: 'always',
      entersMode: false,
      attributes: (value) => ({ violations: formatTruncated(value) }),
    },
  ],
};

const CPU: BandRule = {
  signal: 'cpu_util_percent',
  comparison: '>=',
  bands: [
    {
      threshold: (config) => config.device.cpuUtilPercentMin,
      reason: 'cpu_pressure_high',
      event: 'cpu_pressure_high',
      level: 'WARNING',
      mitigation: 'downgrade',
      applies: 'seed_only',
      entersMode: false,
      attributes: (value) => ({ cpu_util: formatFixed(value, 1) }),
    },
  ],
};

const shown = (reading: Reading, digits: number): string =>
  reading.kind === 'value' ? formatFixed(reading.value, digits) : reading.kind;

function gpuUnknown(util: Reading, free: Reading, seed: boolean): RawFinding {
  const worst = { mitigation: seed ? 'pause' : 'none', entersMode: false } as const;
  if (util.kind === 'unknown') return unknownSignal('gpu_util_percent', util, worst);
  if (free.kind === 'unknown') return unknownSignal('gpu_mem_free_gb', free, worst);
  return passing('gpu_util_percent', null, null);
}

/** A busy device with hardly any memory left (RE-43): both must hold, and either may be unreadable. */
function judgeGpu({ readings, config, seed }: RiskContext): RawFinding {
  const { gpu_util_percent: util, gpu_mem_free_gb: free } = readings;
  const { gpuUtilPercentMin, gpuFreeGbMax } = config.device;
  const pressed = both(
    certainty(util, (value) => value >= gpuUtilPercentMin),
    certainty(free, (value) => value <= gpuFreeGbMax),
  );
  if (pressed === 'perhaps') return gpuUnknown(util, free, seed);
  if (pressed === 'no')
    return util.kind === 'absent' ? neutral('gpu_util_percent', util.seen) : gpuFine(util, gpuUtilPercentMin);
  return finding({
    signal: 'gpu_util_percent',
    value: util.kind === 'value' ? util.value : null,
    threshold: gpuUtilPercentMin,
    comparison: '>=',
    verdict: seed ? 'fail' : 'warn',
    mitigation: seed ? 'pause' : 'none',
    reason: 'device_pressure_high',
    level: 'WARNING',
    attributes: { gpu_util: shown(util, 1), gpu_mem_free_gb: shown(free, 2) },
    entersMode: false,
    event: 'device_pressure_high',
  });
}

const gpuFine = (util: Reading, threshold: number): RawFinding =>
  passing('gpu_util_percent', util.kind === 'value' ? util.value : null, { threshold, comparison: '>=' });

/** Isolation violations and pressure on the devices (RE-42 to RE-44). */
export const isolationAndDevice: Evaluator = {
  name: 'isolation_and_device',
  worst: { mitigation: 'pause', entersMode: false },
  evaluate(context): Evaluation {
    const isolation = judgeBands(ISOLATION, context.readings['kasmina.isolation.violations'], context);
    const gpu = judgeGpu(context);
    const findings = [isolation, gpu];
    // The catalogue looks at the CPU only where the GPU is not the trouble; what is in doubt hides nothing.
    if (gpu.reason !== 'device_pressure_high') {
      findings.push(judgeBands(CPU, context.readings.cpu_util_percent, context));
    }
    return { facts: [], findings };
  },
};
