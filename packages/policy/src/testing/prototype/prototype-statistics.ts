import { isMapping, PythonRaise, pyMax, toFloat } from './python-values.js';

interface Statistic {
  mean: number;
  var: number;
}

const PRIORS: Readonly<Record<string, readonly [mean: number, sigma: number]>> = {
  loss: [0.8, 0.3],
  validation_loss: [0.8, 0.3],
  training_loss: [0.8, 0.3],
  gradient_norm: [1, 0.5],
  samples_per_s: [4500, 500],
  hook_latency_ms: [12, 6],
  seed_learning_rate: [0.01, 0.005],
  seed_risk: [0.4, 0.2],
  seed_age: [10, 4],
  epoch_progress: [0.5, 0.25],
  layer_latency_ms: [6, 2],
  layer_parameter_count: [1024, 512],
  layer_weight_norm: [1, 0.4],
  layer_gradient_norm: [0.8, 0.4],
  activation_saturation: [0.5, 0.2],
  activation_gradient_flow: [0.8, 0.2],
  activation_cost: [128, 64],
  activation_nonlinearity: [0.5, 0.2],
  parameter_min: [0, 0.5],
  parameter_max: [1, 0.5],
  parameter_span: [0.5, 0.4],
  parameter_default: [0.5, 0.4],
  blueprint_param_log: [Math.log1p(2048), 1],
  blueprint_candidate_score: [0.5, 0.25],
  global_epoch: [10, 5],
  global_step: [100, 40],
};

const ALPHA = 0.1;
const FLOOR = 1e-6;

/** The prototype's normaliser: it updates first, in call order, and lets non-finite numbers in. */
export class PrototypeStatistics {
  readonly #statistics = new Map<string, Statistic>();

  constructor(file: string | undefined) {
    for (const [key, [mean, sigma]] of Object.entries(PRIORS)) {
      this.#statistics.set(key, { mean, var: pyMax(sigma * sigma, FLOOR) });
    }
    for (const [key, entry] of Object.entries(fileEntries(file))) {
      if (!isMapping(entry)) continue;
      const mean = toFloat(entry['mean'] === undefined ? 0 : entry['mean']);
      this.#statistics.set(key, { mean, var: pyMax(toFloat(varianceOf(entry)), FLOOR) });
    }
  }

  normalise(key: string, raw: number): number {
    const statistic = this.#statistics.get(key) ?? { mean: raw, var: 1 };
    const delta = raw - statistic.mean;
    statistic.mean += ALPHA * delta;
    statistic.var = pyMax((1 - ALPHA) * (statistic.var + ALPHA * delta * delta), FLOOR);
    this.#statistics.set(key, statistic);
    return (raw - statistic.mean) / Math.sqrt(statistic.var);
  }

  /** All statistics as the vectors write them. */
  entries(): Readonly<Record<string, readonly [number, number]>> {
    return Object.fromEntries([...this.#statistics].map(([key, { mean, var: variance }]) => [key, [mean, variance]]));
  }
}

/** `var`, else the square of `std`, which is squared, and so must be a number, whether it is needed or not. */
function varianceOf(entry: Readonly<Record<string, unknown>>): unknown {
  const std = entry['std'] === undefined ? 1 : entry['std'];
  if (typeof std !== 'number' && typeof std !== 'boolean') throw new PythonRaise('unsupported operand for **');
  return entry['var'] === undefined ? Number(std) ** 2 : entry['var'];
}

/** What a JSON reader that also takes NaN and Infinity makes of the file; anything but an object counts as empty. */
function fileEntries(file: string | undefined): Readonly<Record<string, unknown>> {
  if (file === undefined) return {};
  const bare = file.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) =>
    token.startsWith('"') ? token : `{"$f":"${token}"}`,
  );
  try {
    const parsed: unknown = JSON.parse(bare, (_, value: unknown) =>
      isMapping(value) && typeof value['$f'] === 'string' ? Number(value['$f']) : value,
    );
    return isMapping(parsed) ? parsed : {};
  } catch {
    return {}; // The prototype starts from its priors when the file is no JSON.
  }
}
