import { orderedEntries } from './key-orders.js';
import { descriptorsOf, flag, given, got, graphOf, type PrototypeBuild, runOf } from './prototype-build.js';
import {
  isMapping,
  isTruthy,
  log1p,
  type Mapping,
  PythonRaise,
  pyMax,
  pyMin,
  toFloat,
  toFloatOrZero,
  toStr,
} from './python-values.js';

/** At least one row, made up where nothing was described. */
const rowCount = (descriptors: readonly Mapping[], cap: number): number =>
  Math.max(1, descriptors.length > 0 ? Math.min(cap, descriptors.length) : cap);

export function buildLayers(build: PrototypeBuild): void {
  const layers = descriptorsOf(graphOf(build)['layers']);
  const count = rowCount(layers, build.config.max_layers);
  for (let index = 0; index < count; index++) {
    buildLayer(build, { index, layer: layers[index] ?? {}, total: Math.max(layers.length, count) });
  }
}

function buildLayer(
  build: PrototypeBuild,
  { index, layer, total }: { readonly index: number; readonly layer: Mapping; readonly total: number },
): void {
  const { statistics, coverage, registries, config } = build;
  const table = build.nodes.layer;
  const depth = (toFloat(got(layer, 'depth', index)) + 1) / Math.max(1, total);
  const measure = Object.fromEntries(
    ['latency_ms', 'parameter_count', 'dropout_rate', 'weight_norm', 'gradient_norm'].map((key) => [
      key,
      toFloatOrZero(layer[key]),
    ]),
  ) as Record<string, number>;
  const [latency, parameters] = [measure['latency_ms'] as number, measure['parameter_count'] as number];
  const [weight, gradient] = [measure['weight_norm'] as number, measure['gradient_norm'] as number];
  const row = table.addRow(toStr(got(layer, 'layer_id', `${runOf(build)}-L${index}`)));
  const typed = given(layer, 'type');
  const activated = given(layer, 'activation') || given(layer, 'activation_type');
  const at = (column: number, fill: () => number, observed?: readonly [string, boolean]) => {
    if (column >= table.width) return;
    table.set(row, column, fill());
    if (observed !== undefined) coverage.observe(`layer.${observed[0]}`, observed[1]);
  };
  at(0, () => depth, ['depth', true]);
  at(1, () => flag(given(layer, 'depth')));
  at(2, () => statistics.normalise('layer_latency_ms', latency), ['latency', isTruthy(latency)]);
  at(3, () => flag(given(layer, 'latency_ms')));
  at(4, () => statistics.normalise('layer_parameter_count', log1p(parameters)), ['param_count', parameters > 0]);
  at(5, () => flag(given(layer, 'parameter_count')));
  at(6, () => pyMax(0, pyMin(1, measure['dropout_rate'] as number)), ['dropout', given(layer, 'dropout_rate')]);
  at(7, () => registries.category('layer_type', toStr(got(layer, 'type', 'unknown')), config.layer_vocab), [
    'type',
    typed,
  ]);
  at(8, () => registries.category('activation_type', activationOf(layer), config.activation_vocab), [
    'activation',
    activated,
  ]);
  at(12, () => flag(typed));
  at(13, () => flag(activated));
  at(9, () => statistics.normalise('layer_weight_norm', weight), ['weight_norm', isTruthy(weight)]);
  at(10, () => statistics.normalise('layer_gradient_norm', gradient), ['gradient_norm', isTruthy(gradient)]);
  at(11, () => flag(isTruthy(layer)));
}

const activationOf = (layer: Mapping): string =>
  toStr(got(layer, 'activation', got(layer, 'activation_type', 'unknown')));

export function buildActivations(build: PrototypeBuild): void {
  const { statistics, coverage, registries, config } = build;
  const table = build.nodes.activation;
  const activations = descriptorsOf(graphOf(build)['activations']);
  const count = rowCount(activations, config.max_activations);
  for (let index = 0; index < count; index++) {
    const activation = activations[index] ?? {};
    const [saturation, flow, cost, strength] = [
      'saturation_rate',
      'gradient_flow',
      'computational_cost',
      'nonlinearity_strength',
    ].map((key) => toFloatOrZero(activation[key])) as [number, number, number, number];
    const row = table.addRow(toStr(got(activation, 'activation_id', `${runOf(build)}-A${index}`)));
    const at = (column: number, fill: () => number, observed?: readonly [string, boolean]) => {
      if (column >= table.width) return;
      table.set(row, column, fill());
      if (observed !== undefined) coverage.observe(`activation.${observed[0]}`, observed[1]);
    };
    const type = toStr(got(activation, 'type', 'unknown'));
    at(0, () => registries.category('activation_type', type, config.activation_vocab), ['type', true]);
    at(1, () => flag(isTruthy(activation)));
    at(2, () => statistics.normalise('activation_saturation', saturation), ['saturation', isTruthy(saturation)]);
    at(3, () => flag(given(activation, 'saturation_rate')));
    at(4, () => statistics.normalise('activation_gradient_flow', flow), ['gradient_flow', isTruthy(flow)]);
    at(5, () => statistics.normalise('activation_cost', log1p(cost)), ['cost', isTruthy(cost)]);
    at(6, () => statistics.normalise('activation_nonlinearity', strength));
    at(7, () => index / Math.max(1, count - 1));
    at(8, () => flag(given(activation, 'type')));
  }
}

export function buildParameters(build: PrototypeBuild): void {
  const { statistics, coverage, config, metadata } = build;
  const table = build.nodes.parameter;
  const parameters = parameterDescriptors(build);
  const count = Math.min(config.max_parameters, Math.max(1, parameters.length));
  const risk = toFloatOrZero(metadata['risk']);
  const stage = toFloatOrZero(metadata['stage']);
  for (let index = 0; index < count; index++) {
    const parameter = parameters[index] as Mapping;
    const min = toFloatOrZero(parameter['min']);
    const max = toFloatOrZero(parameter['max']);
    const values = {
      min,
      max,
      span: toFloat(got(parameter, 'span', max - min)),
      default: toFloat(got(parameter, 'default', (min + max) * 0.5)),
    };
    const row = table.addRow(`${runOf(build)}-${toStr(got(parameter, 'name', `param-${index}`))}`);
    let column = 0;
    for (const key of ['min', 'max', 'span', 'default'] as const) {
      if (column < table.width) {
        table.set(row, column, statistics.normalise(`parameter_${key}`, values[key]));
        coverage.observe(`parameter.${key}`, given(parameter, key));
      }
      table.set(row, column + 1, flag(given(parameter, key)));
      column += 2;
    }
    table.set(row, 8, risk);
    table.set(row, 9, stage / 10);
  }
}

/** From the structure, else from the allowed bounds, else one that is made up. */
function parameterDescriptors(build: PrototypeBuild): readonly Mapping[] {
  const listed = descriptorsOf(graphOf(build)['parameters']);
  const allowed = build.metadata['allowed_parameters'];
  if (listed.length > 0) return listed;
  const bounded = isMapping(allowed) ? orderedEntries(allowed).map(([name, bounds]) => fromBounds(name, bounds)) : [];
  return bounded.length > 0 ? bounded : [{ name: 'alpha', min: 0, max: 1, span: 1, default: 0.5 }];
}

function fromBounds(name: string, bounds: unknown): Mapping {
  if (!isMapping(bounds)) throw new PythonRaise('bounds are no mapping');
  const min = toFloat(got(bounds, 'min', 0));
  const max = toFloat(got(bounds, 'max', 0));
  return { name, min, max, span: toFloat(got(bounds, 'span', max - min)), default: 0.5 * (min + max) };
}
