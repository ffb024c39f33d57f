import { DEFAULT_DIMS, type NetworkDims } from '../network/dims.js';

/** The most blueprints one decision compares. */
export const BLUEPRINTS_MAX = 8;

type GraphWidths = Pick<
  NetworkDims,
  | 'globalInputWidth'
  | 'seedInputWidth'
  | 'blueprintInputWidth'
  | 'layerInputWidth'
  | 'activationInputWidth'
  | 'parameterInputWidth'
  | 'edgeFeatureWidth'
>;

/** How large a graph may become, and how wide its rows are. Rows beyond a cap are left out and reported, never in silence. */
export interface ObserveLimits {
  /** 1..128; beyond it seeds are left out, in packet order. */
  readonly seedsMax: number;
  /** 0..128. */
  readonly layersMax: number;
  /** 0..128. */
  readonly activationsMax: number;
  /** 0..128. */
  readonly parametersMax: number;
  /** Widths of the network the graph is for. None may cut a feature off. */
  readonly widths: GraphWidths;
}

/** The prototype's caps for its policy (PB-19): 3 layers, 1 activation, 1 parameter; seeds, uncapped there, at most 64. */
export const DEFAULT_OBSERVE_LIMITS: ObserveLimits = Object.freeze({
  seedsMax: 64,
  layersMax: 3,
  activationsMax: 1,
  parametersMax: 1,
  widths: DEFAULT_DIMS,
});

const CAP_RANGES = { seedsMax: 1, layersMax: 0, activationsMax: 0, parametersMax: 0 } as const;
const ROWS_MAX = 128;
const WIDTH_MAX = 256;
const WIDTH_KEYS = [
  'globalInputWidth',
  'seedInputWidth',
  'blueprintInputWidth',
  'layerInputWidth',
  'activationInputWidth',
  'parameterInputWidth',
  'edgeFeatureWidth',
] as const satisfies readonly (keyof GraphWidths)[];

/** Fills the defaults and checks every field by name. Throws `RangeError` with name, value and range. */
export function resolveObserveLimits(given: Partial<ObserveLimits> = {}): ObserveLimits {
  const limits = { ...DEFAULT_OBSERVE_LIMITS, ...given };
  for (const [key, min] of Object.entries(CAP_RANGES)) {
    requireWhole(key, limits[key as keyof typeof CAP_RANGES], [min, ROWS_MAX]);
  }
  const widths = {} as Record<keyof GraphWidths, number>;
  for (const key of WIDTH_KEYS) {
    requireWhole(`widths.${key}`, limits.widths?.[key], [DEFAULT_DIMS[key], WIDTH_MAX]);
    widths[key] = limits.widths[key];
  }
  return Object.freeze({ ...limits, widths: Object.freeze(widths) });
}

function requireWhole(name: string, value: number | undefined, [min, max]: readonly [number, number]): void {
  if (value === undefined || !Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} is ${value}; a whole number from ${min} to ${max} is needed`);
  }
}
