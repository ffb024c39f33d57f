import type { Result } from '@esper/std';
import type { TensorMap } from './core/network/feeds.js';

/** Why an inference gave no outputs. */
export type InferenceFailure =
  | { readonly code: 'inference_timeout'; readonly deadlineMs: number; readonly elapsedMs: number }
  | { readonly code: 'inference_unavailable'; readonly reason: string }
  | { readonly code: 'inference_failed'; readonly reason: string }
  | { readonly code: 'nonfinite_input'; readonly tensor: string }
  | { readonly code: 'nonfinite_output'; readonly tensor: string };

export interface InferenceReply {
  readonly outputs: TensorMap;
  /** Time inside the runtime alone, in milliseconds. */
  readonly runMs: number;
  /** From submission to reply, in milliseconds. */
  readonly totalMs: number;
}

/** Where a loaded model runs: never on the caller's event loop. */
export interface InferenceHost {
  /** Settles within `deadlineMs` of the call plus timer lateness; never rejects for expected outcomes; a late result is dropped. */
  infer(inputs: TensorMap, deadlineMs: number): Promise<Result<InferenceReply, InferenceFailure>>;
  /** How many runtimes are loaded, warm and idle. */
  readyCount(): number;
  /** Settles every call under way as `inference_unavailable`; idempotent. */
  close(): Promise<void>;
}
