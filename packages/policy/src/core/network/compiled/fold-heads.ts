import { rawHeads, twoStageHeads } from '../head-layout.js';
import { headHiddenWidth } from '../weight-names.js';
import type { PolicyWeights } from '../weights.js';
import type { FoldedLinear } from './fold.js';

/** Linear layers side by side: block `i` reads inputs from `row`, writes outputs from `column`. */
interface Block {
  readonly name: string;
  readonly row: number;
  readonly column: number;
  readonly inputs: number;
  readonly outputs: number;
}

function assemble(weights: PolicyWeights, blocks: readonly Block[]): FoldedLinear {
  const inputs = Math.max(...blocks.map((block) => block.row + block.inputs));
  const outputs = Math.max(...blocks.map((block) => block.column + block.outputs));
  const matrix = new Float32Array(inputs * outputs);
  const bias = new Float32Array(outputs);
  for (const block of blocks) {
    bias.set(weights.values(`${block.name}.bias`), block.column);
    for (const [at, value] of weights.values(`${block.name}.weight`).entries()) {
      const row = block.row + (at % block.inputs);
      matrix[row * outputs + block.column + Math.floor(at / block.inputs)] = value;
    }
  }
  return { inputs, outputs, matrix, bias };
}

/** All first linear layers as one product over the graph embedding: raw heads, then the two hidden layers. */
export function foldFirstHeads(weights: PolicyWeights): FoldedLinear {
  const inputs = weights.dims.gatHiddenWidth;
  const hidden = headHiddenWidth(weights.dims);
  const parts = [
    ...rawHeads(weights.dims).map(({ layer, width }) => ({ name: layer, outputs: width })),
    ...twoStageHeads(weights.dims).map(({ layer }) => ({ name: `${layer}.0`, outputs: hidden })),
  ];
  let column = 0;
  const blocks = parts.map(({ name, outputs }) => {
    const block = { name, row: 0, column, inputs, outputs };
    column += outputs;
    return block;
  });
  return assemble(weights, blocks);
}

/** The second linear layers of the two-stage heads as one block-diagonal product. */
export function foldSecondHeads(weights: PolicyWeights): FoldedLinear {
  const inputs = headHiddenWidth(weights.dims);
  let column = 0;
  const blocks = twoStageHeads(weights.dims).map(({ layer, width }, i) => {
    const block = { name: `${layer}.2`, row: i * inputs, column, inputs, outputs: width };
    column += width;
    return block;
  });
  return assemble(weights, blocks);
}

/** One linear layer as it is, transposed to stand on the right. */
export function foldLinear(weights: PolicyWeights, name: string): FoldedLinear {
  const outputs = weights.values(`${name}.bias`).length;
  const inputs = weights.values(`${name}.weight`).length / outputs;
  return assemble(weights, [{ name, row: 0, column: 0, inputs, outputs }]);
}
