import { createHash } from 'node:crypto';
import { COMPILED_WARM_UP_DIMENSIONS } from '../../core/network/compiled/compiled-contract.js';
import { PolicyError } from '../../errors.js';
import type { LoadRequest } from './ort-model.js';

/** What a host loads. */
export interface ModelToHost {
  /** The verified bytes of `policy.onnx`. Kept by reference for restarts and hashed again before each load: do not change them. */
  readonly model: Uint8Array;
  /** Their SHA-256 from the verified manifest, lower-case hex. Default: computed here, which only guards against later change. */
  readonly modelSha256?: string;
  /** Warm-up runs before a runtime counts as ready, on zeros. Default 3. */
  readonly warmUpRuns?: number;
  /**
   * Sizes of the dimensions the model leaves open, by name, in the warm-up runs. What is not named is 1. Default: those of
   * the compiled form, whose dimensions depend on each other.
   */
  readonly warmUpDimensions?: Readonly<Record<string, number>>;
}

const WARM_UP_RUNS_MAX = 1000;

/** Throws `PolicyError` `inference_model_mismatch`, or `RangeError` for `warmUpRuns`. */
export function loadRequest({
  model,
  modelSha256,
  warmUpRuns = 3,
  warmUpDimensions = COMPILED_WARM_UP_DIMENSIONS,
}: ModelToHost): LoadRequest {
  if (!(Number.isInteger(warmUpRuns) && warmUpRuns >= 0 && warmUpRuns <= WARM_UP_RUNS_MAX)) {
    throw new RangeError(`warmUpRuns must be a whole number between 0 and ${WARM_UP_RUNS_MAX}, got ${warmUpRuns}`);
  }
  const found = createHash('sha256').update(model).digest('hex');
  if (modelSha256 !== undefined && found !== modelSha256) {
    throw new PolicyError(
      'inference_model_mismatch',
      `the model has SHA-256 ${found}, the manifest says ${modelSha256}`,
    );
  }
  return { modelSha256: found, warmUpRuns, warmUpDimensions };
}
