/** One input or output tensor, independent of any runtime. `int64` data travels as BigInt64Array. */
export type PlainTensor =
  | { readonly type: 'float32'; readonly dims: readonly number[]; readonly data: Float32Array }
  | { readonly type: 'int64'; readonly dims: readonly number[]; readonly data: BigInt64Array };

/** Named tensors, as an ONNX session takes and gives them. */
export type TensorMap = Readonly<Record<string, PlainTensor>>;
