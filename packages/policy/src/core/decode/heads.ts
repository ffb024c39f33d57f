import type { NetworkDims } from '../network/dims.js';
import type { NetworkOutputs } from '../network/outputs.js';

/** A head that does not say what it should: never repaired, never read. */
export type HeadFault =
  | { readonly code: 'nonfinite_output'; readonly head: string; readonly index: number }
  | { readonly code: 'head_width'; readonly head: string; readonly expected: number; readonly actual: number };

type VectorHead = Exclude<keyof NetworkOutputs, 'value'>;

/** The first head of the wrong width, else the first with a number that is not finite (P-D7, P-D39). */
export function headFault(
  outputs: NetworkOutputs,
  dims: NetworkDims,
  rows: { readonly seeds: number; readonly blueprints: number },
): HeadFault | undefined {
  const widths: Readonly<Record<VectorHead, number>> = {
    policyLogits: dims.policyClassCount,
    blendingLogits: dims.blendingClassCount,
    riskLogits: dims.riskClassCount,
    breakerLogits: 2,
    policyParams: dims.paramVectorWidth,
    schedule: dims.scheduleOutputWidth,
    graphEmbedding: dims.gatHiddenWidth,
    seedScores: rows.seeds,
    blueprintScores: rows.blueprints,
  };
  const heads = Object.keys(widths) as VectorHead[];
  for (const head of heads) {
    const actual = outputs[head].length;
    if (actual !== widths[head]) return { code: 'head_width', head, expected: widths[head], actual };
  }
  if (!Number.isFinite(outputs.value)) return { code: 'nonfinite_output', head: 'value', index: 0 };
  for (const head of heads) {
    const values = outputs[head];
    for (let index = 0; index < values.length; index += 1) {
      if (!Number.isFinite(values[index])) return { code: 'nonfinite_output', head, index };
    }
  }
  return undefined;
}
