/** What the network says, raw: no softmax, no argmax, no mapping (`policyParams` and `schedule` are tanh outputs). */
export interface NetworkOutputs {
  readonly policyLogits: Float32Array;
  readonly blendingLogits: Float32Array;
  readonly riskLogits: Float32Array;
  readonly value: number;
  readonly breakerLogits: Float32Array;
  readonly policyParams: Float32Array;
  readonly schedule: Float32Array;
  readonly graphEmbedding: Float32Array;
  /** One per seed row. */
  readonly seedScores: Float32Array;
  /** One per blueprint row. */
  readonly blueprintScores: Float32Array;
}
