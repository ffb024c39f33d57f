import { compiledNetwork } from '../core/network/compiled/compiled-network.js';
import type { WeightFormat } from '../core/network/compiled/weight-format.js';
import type { PolicyWeights } from '../core/network/weights.js';
import { encodeModel } from './onnx/encode-model.js';

/** How a model is compiled. */
export interface CompileOptions {
  /** `int8` stores the large matrices in 8 bits: smaller and faster, with an error that must be measured. Default `float32`. */
  readonly format?: WeightFormat;
}

/** The compiled form as the bytes of an ONNX file: 11 inputs, 3 outputs. Equal weights give equal bytes. */
export function compileWeights(weights: PolicyWeights, options: CompileOptions = {}): Uint8Array {
  return encodeModel(compiledNetwork(weights, options.format ?? 'float32'));
}
