import type { RiskInput, RiskState } from '@esper/risk-engine';
import { assess, DEFAULT_RISK_CONFIG, initialRiskState } from '@esper/risk-engine';
import { calmBlueprint, calmInput, calmPacket, momentAt } from '@esper/risk-engine/testing';
import { type DrillFlags, type DrillOutcome, runDrill } from '../tools/drill/drill.ts';

/** What a packet of a healthy run brings along. */
const QUIET = {
  loss: 0.4,
  gradient_norm: 1.2,
  samples_per_s: 900,
  hook_latency_ms: 4,
  step_latency_ms: 30,
  grad_var: 0.2,
  optimizer_lr: 0.01,
};
/** Six signals beyond their thresholds. */
const SIX = {
  ...QUIET,
  hook_latency_ms: 61.5,
  step_latency_ms: 140.25,
  'kasmina.apply_ms': 45,
  loss_volatility: 0.3,
  grad_var: 1.7,
  grad_conflict_rate: 0.8,
};
const SHEET = {
  hazardBand: 'HIGH',
  handlingClass: 'standard',
  riskScore: 0.4,
  provenance: 'urabrask',
  signature: 'valid',
} as const;

/** The prototype on such a machine, quoted: Python, another runtime, not a ratio. */
const PROTOTYPE = { quiet: 34_000, sixSignals: 11_000, safetySheet: 290 };

interface Workload {
  readonly name: string;
  readonly input: (at: RiskInput['at']) => RiskInput;
}

const withMetrics = (trainingMetrics: Record<string, number>) => calmPacket({ trainingMetrics });
const known = calmInput().blueprint;
const sheeted: RiskInput['blueprint'] = { kind: 'known', descriptor: calmBlueprint({ sheet: SHEET }) };
const quietPacket = withMetrics(QUIET);
const sixPacket = withMetrics(SIX);

const WORKLOADS: readonly Workload[] = [
  { name: 'quiet', input: (at) => calmInput({ packet: quietPacket, blueprint: known, at }) },
  { name: 'sixSignals', input: (at) => calmInput({ packet: sixPacket, blueprint: known, at }) },
  { name: 'safetySheet', input: (at) => calmInput({ packet: quietPacket, blueprint: sheeted, at }) },
];

interface Measured {
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly bytesPerAssessment: number;
  readonly state: RiskState;
}

/** Assesses `count` times, carrying the state on; allocation is what the heap grew by between collections, when --expose-gc allows it. */
function measure({ input }: Workload, count: number, from: RiskState): Measured {
  const inputs = Array.from({ length: 256 }, (_unused, n) => input(momentAt(n * 40)));
  let state = from;
  const heapBefore = process.memoryUsage().heapUsed;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  let peak = heapBefore;
  for (let n = 0; n < count; n += 1) {
    state = assess(state, inputs[n & 255] as RiskInput, DEFAULT_RISK_CONFIG).state;
    if (n === 500) peak = process.memoryUsage().heapUsed;
  }
  const seconds = (performance.now() - startMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  return {
    perSecond: count / seconds,
    perCpuSecond: count / ((cpu.user + cpu.system) / 1e6),
    bytesPerAssessment: Math.max(0, (peak - heapBefore) / 500),
    state,
  };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Rounds of all workloads in turn, so that a noisy minute hits each of them alike. */
function rounds({ count, budgetMs }: DrillFlags): Map<string, Measured[]> {
  const results = new Map(WORKLOADS.map(({ name }) => [name, [] as Measured[]]));
  const states = new Map(WORKLOADS.map(({ name }) => [name, initialRiskState(DEFAULT_RISK_CONFIG)]));
  const each = count ?? 20_000;
  for (const workload of WORKLOADS) measure(workload, 20_000, initialRiskState(DEFAULT_RISK_CONFIG));
  const endMs = performance.now() + budgetMs;
  do {
    for (const workload of WORKLOADS) {
      const measured = measure(workload, each, states.get(workload.name) ?? initialRiskState(DEFAULT_RISK_CONFIG));
      states.set(workload.name, measured.state);
      results.get(workload.name)?.push(measured);
    }
  } while (performance.now() < endMs);
  return results;
}

async function bench(flags: DrillFlags): Promise<DrillOutcome> {
  const results = rounds(flags);
  const of = (name: string, field: 'perSecond' | 'perCpuSecond' | 'bytesPerAssessment'): number =>
    Math.round(median((results.get(name) ?? []).map((measured) => measured[field])));
  const quiet = results.get('quiet') ?? [];
  const third = Math.max(1, Math.floor(quiet.length / 3));
  const late = median(quiet.slice(-third).map(({ perCpuSecond }) => perCpuSecond));
  const early = median(quiet.slice(0, third).map(({ perCpuSecond }) => perCpuSecond));
  const json = {
    assessmentsPerSecond: of('quiet', 'perSecond'),
    sixSignalsPerSecond: of('sixSignals', 'perSecond'),
    safetySheetPerSecond: of('safetySheet', 'perSecond'),
    perCpuSecond: { quiet: of('quiet', 'perCpuSecond'), sixSignals: of('sixSignals', 'perCpuSecond') },
    bytesPerAssessment: {
      quiet: of('quiet', 'bytesPerAssessment'),
      sixSignals: of('sixSignals', 'bytesPerAssessment'),
    },
    lateOverEarly: Number((late / early).toFixed(3)),
    stateBytes: JSON.stringify(quiet.at(-1)?.state).length,
    rounds: quiet.length,
    prototypePerSecond: PROTOTYPE,
  };
  if (!flags.json) {
    console.log(
      `quiet ${json.assessmentsPerSecond}/s, six signals ${json.sixSignalsPerSecond}/s, safety sheet ${json.safetySheetPerSecond}/s`,
    );
    console.log(
      `the prototype, for orientation: ${PROTOTYPE.quiet}/s, ${PROTOTYPE.sixSignals}/s, ${PROTOTYPE.safetySheet}/s`,
    );
  }
  return { json, failures: flags.assert ? judge(json) : [] };
}

function judge(json: {
  readonly assessmentsPerSecond: number;
  readonly sixSignalsPerSecond: number;
  readonly lateOverEarly: number;
}): string[] {
  const failures: string[] = [];
  if (json.assessmentsPerSecond < 100_000) failures.push(`quiet: ${json.assessmentsPerSecond}/s, wanted 100000`);
  if (json.sixSignalsPerSecond < 50_000) failures.push(`six signals: ${json.sixSignalsPerSecond}/s, wanted 50000`);
  if (json.lateOverEarly < 0.8) failures.push(`slower with history: ${json.lateOverEarly}`);
  return failures;
}

await runDrill({ name: 'bench risk', defaultBudgetMs: 5_000 }, bench);
