/** What a batch of class scores is worth against the right classes. */
export interface Evaluation {
  /** Mean cross-entropy, natural logarithm. NaN or Infinity when the scores are. */
  readonly loss: number;
  /** Fraction of samples whose highest score is the right class. */
  readonly accuracy: number;
  /** d loss / d logits, rows×classes. */
  readonly logitGradient: Float64Array;
}

/** Mean softmax cross-entropy of `logits` (rows×classes, row-major) and its gradient. */
export function crossEntropy(logits: Float64Array, labels: Uint8Array, classes: number): Evaluation {
  const rows = labels.length;
  const logitGradient = new Float64Array(logits.length);
  let loss = 0;
  let hits = 0;
  for (let r = 0; r < rows; r += 1) {
    const row = logits.subarray(r * classes, (r + 1) * classes);
    const label = labels[r] as number;
    const best = argMax(row);
    const peak = row[best] as number;
    let total = 0;
    for (let c = 0; c < classes; c += 1) total += Math.exp((row[c] as number) - peak);
    for (let c = 0; c < classes; c += 1) {
      const probability = Math.exp((row[c] as number) - peak) / total;
      logitGradient[r * classes + c] = (probability - (c === label ? 1 : 0)) / rows;
    }
    loss += Math.log(total) - ((row[label] as number) - peak);
    if (best === label) hits += 1;
  }
  return { loss: loss / rows, accuracy: hits / rows, logitGradient };
}

function argMax(row: Float64Array): number {
  let best = 0;
  for (let c = 1; c < row.length; c += 1) if ((row[c] as number) > (row[best] as number)) best = c;
  return best;
}
