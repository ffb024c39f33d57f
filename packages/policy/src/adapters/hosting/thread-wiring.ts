import type { RuntimeInfo } from '../../shell/hosting/runtime.js';
import type { LoadRequest } from './ort-model.js';

/** What a thread is born with. */
export interface ThreadBirth {
  readonly model: Uint8Array;
  readonly request: LoadRequest;
  /** {@link SLOTS} shared numbers. */
  readonly control: Int32Array;
}

/**
 * The numbers both sides see. A call costs no message on its way in: the host writes tensors to the shared inbox, then the
 * order, then rings; the thread sleeps on the bell, which wakes it in half the time a message takes.
 */
export const SLOTS = {
  /** {@link BUSY} from the moment native code may run until it has returned, else {@link IDLE}. */
  activity: 0,
  /** Counts up with each order. */
  bell: 1,
  /** {@link RUN} or {@link STOP}. A stop that comes before a run was seen takes its place: nobody waits for that run. */
  order: 2,
  call: 3,
  inputBytes: 4,
} as const;
export const SLOT_COUNT = Object.keys(SLOTS).length;

export const IDLE = 0;
export const BUSY = 1;
export const RUN = 0;
export const STOP = 1;

/** Sent before the first run, and when the inbox had to grow: shared bytes where inputs are found from then on. */
export interface ToThread {
  readonly inbox: Uint8Array;
}

export type FromThread =
  | { readonly kind: 'ready'; readonly info: RuntimeInfo }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'outputs'; readonly call: number; readonly outputs: Uint8Array; readonly runMs: number }
  | { readonly kind: 'failed'; readonly call: number; readonly reason: string };
