import {
  type AffineShape,
  affine,
  affineInputGradient,
  affineWeightGradient,
  biasGradient,
  rectify,
  rectifyGradient,
} from './affine.js';
import { type BlockParameters, type Graft, type GraftTrace, graftBackward, graftForward } from './block.js';
import { crossEntropy, type Evaluation } from './cross-entropy.js';

/** The parameters of the host network, named as in a `state_dict`. `mesh_host_layers` names some of these. */
export const HOST_PARAMETERS = [
  'fc1.weight',
  'fc1.bias',
  'fc2.weight',
  'fc2.bias',
  'head.weight',
  'head.bias',
] as const;
export type HostParameterName = (typeof HOST_PARAMETERS)[number];
export type HostParameters = Readonly<Record<HostParameterName, Float64Array>>;

/** inputs → fc1 → rectify → [seeds at site 0] → fc2 → rectify → [seeds at site 1] → head → classes. */
export interface NetworkShape {
  readonly inputs: number;
  readonly width: number;
  readonly classes: number;
}

/** Where a seed may be grafted: after the first or the second hidden layer. Also the seed's `layerDepth`. */
export type GraftSite = 0 | 1;

/** Rows of features (rows×inputs) and their classes. */
export interface Batch {
  readonly features: Float64Array;
  readonly labels: Uint8Array;
}

/** The network as one step sees it: host weights and the grafts that are in place, in order, under the seed's id. */
export interface Network {
  readonly shape: NetworkShape;
  readonly host: HostParameters;
  readonly grafts: readonly { readonly seedId: string; readonly site: GraftSite; readonly graft: Graft }[];
}

/** Gradients of the mean loss, for the host and for each graft by seed id. */
export interface Gradients {
  readonly host: HostParameters;
  readonly grafts: ReadonlyMap<string, BlockParameters>;
}

interface SiteTrace {
  readonly entry: Float64Array;
  readonly grafts: readonly { readonly seedId: string; readonly graft: Graft; readonly trace: GraftTrace }[];
  readonly exit: Float64Array;
}

interface Trace {
  readonly sites: readonly [SiteTrace, SiteTrace];
  readonly logits: Float64Array;
}

const layerShapes = ({ inputs, width, classes }: NetworkShape, rows: number): readonly AffineShape[] => [
  { rows, inner: inputs, cols: width },
  { rows, inner: width, cols: width },
  { rows, inner: width, cols: classes },
];

function runSite(network: Network, site: GraftSite, layer: { entry: Float64Array; rows: number }): SiteTrace {
  let exit = layer.entry;
  const grafts = network.grafts
    .filter((placed) => placed.site === site)
    .map(({ seedId, graft }) => {
      const trace = graftForward(graft, exit, layer.rows);
      exit = trace.output;
      return { seedId, graft, trace };
    });
  return { entry: layer.entry, grafts, exit };
}

function forward(network: Network, batch: Batch): Trace {
  const { host, shape } = network;
  const rows = batch.labels.length;
  const [first, second, last] = layerShapes(shape, rows) as [AffineShape, AffineShape, AffineShape];
  const h1 = rectify(affine({ x: batch.features, w: host['fc1.weight'], bias: host['fc1.bias'] }, first));
  const site0 = runSite(network, 0, { entry: h1, rows });
  const h2 = rectify(affine({ x: site0.exit, w: host['fc2.weight'], bias: host['fc2.bias'] }, second));
  const site1 = runSite(network, 1, { entry: h2, rows });
  const logits = affine({ x: site1.exit, w: host['head.weight'], bias: host['head.bias'] }, last);
  return { sites: [site0, site1], logits };
}

/** Loss and accuracy of the network on `batch`, without gradients. */
export function evaluate(network: Network, batch: Batch): Evaluation {
  return crossEntropy(forward(network, batch).logits, batch.labels, network.shape.classes);
}

/** The class scores of each row, rows×classes. */
export const logitsOf = (network: Network, batch: Batch): Float64Array => forward(network, batch).logits;

function unwindSite(site: SiteTrace, exitGradient: Float64Array, into: Map<string, BlockParameters>): Float64Array {
  let gradient = exitGradient;
  for (const { seedId, graft, trace } of [...site.grafts].reverse()) {
    const { weights, input } = graftBackward(graft, trace, gradient);
    into.set(seedId, weights);
    gradient = input;
  }
  return gradient;
}

/** Loss, accuracy and the gradient of the mean loss with respect to every parameter. */
export function backpropagate(network: Network, batch: Batch): Evaluation & { readonly gradients: Gradients } {
  const { host, shape } = network;
  const { sites, logits } = forward(network, batch);
  const evaluation = crossEntropy(logits, batch.labels, shape.classes);
  const [first, second, last] = layerShapes(shape, batch.labels.length) as [AffineShape, AffineShape, AffineShape];
  const grafts = new Map<string, BlockParameters>();
  const dLogits = evaluation.logitGradient;
  const site1Gradient = unwindSite(sites[1], affineInputGradient(dLogits, host['head.weight'], last), grafts);
  const dH2 = rectifyGradient(site1Gradient, sites[1].entry);
  const site0Gradient = unwindSite(sites[0], affineInputGradient(dH2, host['fc2.weight'], second), grafts);
  const dH1 = rectifyGradient(site0Gradient, sites[0].entry);
  return {
    ...evaluation,
    gradients: {
      host: {
        'fc1.weight': affineWeightGradient(batch.features, dH1, first),
        'fc1.bias': biasGradient(dH1, shape.width),
        'fc2.weight': affineWeightGradient(sites[0].exit, dH2, second),
        'fc2.bias': biasGradient(dH2, shape.width),
        'head.weight': affineWeightGradient(sites[1].exit, dLogits, last),
        'head.bias': biasGradient(dLogits, shape.classes),
      },
      grafts,
    },
  };
}
