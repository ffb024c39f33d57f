/** Sizes of the network. A bundle's manifest carries them; the builder is generic over all of them. */
export interface NetworkDims {
  readonly globalInputWidth: number;
  readonly seedInputWidth: number;
  readonly blueprintInputWidth: number;
  readonly layerInputWidth: number;
  readonly activationInputWidth: number;
  readonly parameterInputWidth: number;
  readonly sageHiddenWidth: number;
  readonly gatHiddenWidth: number;
  readonly attentionHeadCount: number;
  readonly policyClassCount: number;
  readonly blendingClassCount: number;
  readonly scheduleOutputWidth: number;
  readonly edgeFeatureWidth: number;
  readonly riskClassCount: number;
  readonly paramVectorWidth: number;
}

/** The default for bundles made here: hidden 128/64. */
export const DEFAULT_DIMS: NetworkDims = Object.freeze({
  globalInputWidth: 16,
  seedInputWidth: 14,
  blueprintInputWidth: 14,
  layerInputWidth: 12,
  activationInputWidth: 8,
  parameterInputWidth: 10,
  sageHiddenWidth: 128,
  gatHiddenWidth: 64,
  attentionHeadCount: 4,
  policyClassCount: 32,
  blendingClassCount: 3,
  scheduleOutputWidth: 2,
  edgeFeatureWidth: 3,
  riskClassCount: 5,
  paramVectorWidth: 4,
});

/** The prototype's sizes: hidden 256/128. */
export const PROTOTYPE_DIMS: NetworkDims = Object.freeze({
  ...DEFAULT_DIMS,
  sageHiddenWidth: 256,
  gatHiddenWidth: 128,
});
