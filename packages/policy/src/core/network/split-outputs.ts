import { err, ok, type Result } from '@esper/std';
import type { NetworkDims } from './dims.js';
import type { PlainTensor, TensorMap } from './feeds.js';
import { headsWidth, rawHeads, twoStageHeads } from './head-layout.js';
import type { NetworkOutputs } from './outputs.js';

/** Why the tensors of a run are no answer. */
export type OutputsRefusal =
  | { readonly code: 'nonfinite_output'; readonly tensor: string }
  | {
      readonly code: 'output_shape_invalid';
      readonly tensor: string;
      readonly expected: string;
      readonly actual: string;
    };

/** What a run was asked, as far as its outputs depend on it. */
export interface OutputsExpected {
  readonly dims: NetworkDims;
  readonly seedCount: number;
  readonly blueprintCount: number;
}

type Floats = Result<Float32Array, OutputsRefusal>;

function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i += 1) if (!Number.isFinite(values[i])) return false;
  return true;
}

interface Size {
  readonly rows: number;
  readonly width: number;
  readonly atLeast?: boolean;
}

function invalid(tensor: string, size: Size, found: PlainTensor | undefined): Floats {
  const expected = `float32 [${size.atLeast ? '≥ ' : ''}${size.rows}, ${size.width}]`;
  const actual = found === undefined ? 'nothing' : `${found.type} [${found.dims.join(', ')}]`;
  return err({ code: 'output_shape_invalid', tensor, expected, actual });
}

/** The numbers of one output with the leading size `rows` (at least, when `atLeast`) and the trailing size `width`. */
function take(outputs: TensorMap, tensor: string, size: Size): Floats {
  const found: PlainTensor | undefined = outputs[tensor];
  if (found?.type !== 'float32') return invalid(tensor, size, found);
  const [rows = -1, width = -1] = found.dims;
  const rowsRight = size.atLeast ? rows >= size.rows : rows === size.rows;
  if (found.dims.length !== 2 || width !== size.width || !rowsRight || found.data.length !== rows * width) {
    return invalid(tensor, size, found);
  }
  const values = found.data.subarray(0, size.rows * width);
  return allFinite(values) ? ok(values) : err({ code: 'nonfinite_output', tensor });
}

function cutHeads(heads: Float32Array, dims: NetworkDims): Readonly<Record<string, Float32Array>> {
  const parts = [...rawHeads(dims), ...twoStageHeads(dims), { field: 'graphEmbedding', width: dims.gatHiddenWidth }];
  const own = heads.slice();
  const cut: Record<string, Float32Array> = {};
  let at = 0;
  for (const { field, width } of parts) {
    cut[field] = own.subarray(at, at + width);
    at += width;
  }
  return cut;
}

/**
 * The answer of the compiled form, field by field, copied out of the tensors (the fields of `heads` share their copy). Shapes are held against what was asked, and
 * a single non-finite number refuses the whole answer. Score rows beyond the asked ones belong to copies made for parallel
 * edges and are dropped.
 */
export function splitOutputs(outputs: TensorMap, expected: OutputsExpected): Result<NetworkOutputs, OutputsRefusal> {
  const { dims, seedCount, blueprintCount } = expected;
  const heads = take(outputs, 'heads', { rows: 1, width: headsWidth(dims) });
  if (!heads.ok) return heads;
  const seeds = take(outputs, 'seed_scores', { rows: seedCount, width: 1, atLeast: true });
  if (!seeds.ok) return seeds;
  const blueprints = take(outputs, 'blueprint_scores', { rows: blueprintCount, width: 1, atLeast: true });
  if (!blueprints.ok) return blueprints;
  const parts = cutHeads(heads.value, dims) as unknown as Omit<NetworkOutputs, 'value'> & { value: Float32Array };
  return ok({
    ...parts,
    value: parts.value[0] as number,
    seedScores: seeds.value.slice(),
    blueprintScores: blueprints.value.slice(),
  });
}
