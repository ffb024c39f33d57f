import type { RuntimeInfo } from '../../shell/hosting/runtime.js';
import type { LoadRequest } from './ort-model.js';

/** What a thread is born with. */
export interface ThreadBirth {
  readonly model: Uint8Array;
  readonly request: LoadRequest;
  /** One shared number: {@link BUSY} from the moment native code may run until it has returned, else {@link IDLE}. */
  readonly activity: Int32Array;
}

export const IDLE = 0;
export const BUSY = 1;

export type ToThread =
  | { readonly kind: 'run'; readonly call: number; readonly inputs: Uint8Array }
  | { readonly kind: 'stop' };

export type FromThread =
  | { readonly kind: 'ready'; readonly info: RuntimeInfo }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'outputs'; readonly call: number; readonly outputs: Uint8Array; readonly runMs: number }
  | { readonly kind: 'failed'; readonly call: number; readonly reason: string };
