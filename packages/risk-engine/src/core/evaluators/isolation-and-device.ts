import { invariant } from '@esper/std';
import type { RiskContext } from '../context.js';
import { type Evaluation, finding, passing, type RawFinding } from '../finding.js';
import { formatFixed, formatTruncated } from '../format/python-number.js';
import { numberOf, type Reading } from '../signals/reading.js';
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

function gpuUnknown({ readings, seed }: RiskContext): RawFinding {
  const { gpu_util_percent: util, gpu_mem_free_gb: free } = readings;
  const worst = { mitigation: seed ? 'pause' : 'none', entersMode: false } as const;
  if (util.kind === 'unknown') return unknownSignal('gpu_util_percent', util, worst);
  invariant(free.kind === 'unknown', 'one of the two readings is unknown');
  return unknownSignal('gpu_mem_free_gb', free, worst);
}

function gpuFine({ readings, config }: RiskContext): RawFinding {
  const util = readings.gpu_util_percent;
  if (util.kind === 'absent') return neutral('gpu_util_percent', util.seen);
  return passing('gpu_util_percent', numberOf(util), { threshold: config.device.gpuUtilPercentMin, comparison: '>=' });
}

/** Both readings are numbers where the device is surely under pressure. */
const shown = (reading: Reading, digits: number): string => formatFixed(numberOf(reading) ?? Number.NaN, digits);

function gpuPressed({ readings, config, seed }: RiskContext): RawFinding {
  const { gpu_util_percent: util, gpu_mem_free_gb: free } = readings;
  return finding({
    signal: 'gpu_util_percent',
    value: numberOf(util),
    threshold: config.device.gpuUtilPercentMin,
    comparison: '>=',
    verdict: seed ? 'fail' : 'warn',
    mitigation: seed ? 'pause' : 'none',
    reason: 'device_pressure_high',
    level: 'WARNING',
    attributes: { gpu_util: shown(util, 1), gpu_mem_free_gb: shown(free, 2) },
    event: 'device_pressure_high',
  });
}

/** A busy device with hardly any memory left (RE-43): both must hold, and either may be unreadable. */
function judgeGpu(context: RiskContext): RawFinding {
  const { readings, config } = context;
  const { gpuUtilPercentMin, gpuFreeGbMax } = config.device;
  const pressed = both(
    certainty(readings.gpu_util_percent, (value) => value >= gpuUtilPercentMin),
    certainty(readings.gpu_mem_free_gb, (value) => value <= gpuFreeGbMax),
  );
  if (pressed === 'perhaps') return gpuUnknown(context);
  return pressed === 'yes' ? gpuPressed(context) : gpuFine(context);
}

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
