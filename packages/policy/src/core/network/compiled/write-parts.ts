import { CONTRIB_DOMAIN, float, type GraphWriter, int } from '../onnx/graph-writer.js';
import type { PolicyWeights } from '../weights.js';
import type { FoldedLinear } from './fold.js';
import { foldLinear } from './fold-heads.js';
import { quantizeColumns } from './quantize.js';
import type { WeightFormat } from './weight-format.js';

const LAYER_NORM_EPSILON = 1e-5;

/** Exact GELU (erf form). */
export const writeGelu = (writer: GraphWriter, x: string): string => writer.op('Gelu', [x]);

/** A constant row of zeros; the same name may be asked for twice. */
export function writeRows(writer: GraphWriter, name: string, width: number): string {
  return writer.shared({ name, type: 'float32', dims: [1, width], data: new Float32Array(width) });
}

/** One product and how it is stored. */
interface Product {
  readonly name: string;
  readonly folded: FoldedLinear;
  readonly format: WeightFormat;
  /** Names the result. */
  readonly as?: string;
}

/** rows · matrix + bias. */
export function writeProduct(writer: GraphWriter, rows: string, given: Product): string {
  const { name, folded } = given;
  const named = given.as === undefined ? {} : { as: given.as };
  const dims = [folded.inputs, folded.outputs];
  const bias = writer.floats(`${name}_bias`, [folded.outputs], folded.bias);
  if (given.format === 'float32') {
    return writer.op('Gemm', [rows, writer.floats(`${name}_weight`, dims, folded.matrix), bias], named);
  }
  const { values, scales } = quantizeColumns(folded);
  const matrix = writer.constant({ name: `${name}_weight`, type: 'int8', dims, data: values });
  const scale = writer.floats(`${name}_scale`, [folded.outputs], scales);
  // No zero point: an empty name leaves the optional input out.
  return writer.op('DynamicQuantizeMatMul', [rows, matrix, scale, '', bias], { domain: CONTRIB_DOMAIN, ...named });
}

/** Linear, GELU, layer norm. */
export function writeEncoder(
  writer: GraphWriter,
  weights: PolicyWeights,
  given: { readonly input: string; readonly prefix: string },
): string {
  const folded = foldLinear(weights, `${given.prefix}.0`);
  const hidden = writeProduct(writer, given.input, { name: `${given.prefix}.0`, folded, format: 'float32' });
  const gain = weights.values(`${given.prefix}.2.weight`);
  const bias = weights.values(`${given.prefix}.2.bias`);
  const inputs = [
    writeGelu(writer, hidden),
    writer.floats(`${given.prefix}.2.weight`, [gain.length], gain),
    writer.floats(`${given.prefix}.2.bias`, [bias.length], bias),
  ];
  return writer.op('LayerNormalization', inputs, {
    attributes: { axis: int(-1), epsilon: float(LAYER_NORM_EPSILON) },
  });
}
