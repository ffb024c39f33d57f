import type { RuntimeInfo } from '../../shell/hosting/runtime.js';
import type { LoadRequest } from './ort-model.js';

/** What a thread is born with. */
export interface ThreadBirth {
  readonly model: Uint8Array;
  readonly request: LoadRequest;
  /** {@link CONTROL_BYTES} shared bytes: see {@link controlOf}. */
  readonly control: SharedArrayBuffer;
}

/**
 * The numbers both sides see. A call costs no message either way: the host writes tensors to the shared inbox, then the
 * order, then rings; the thread sleeps on the bell, which wakes it in half the time a message takes. Its answer goes the same
 * way back, through the shared outbox and the other bell.
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
  /** Counts up with each answer. */
  answerBell: 5,
  /** The call whose outputs are in the outbox; {@link BY_MESSAGE} when the last answer was a message. */
  answered: 6,
  outputBytes: 7,
  /** How many inboxes were sent: see {@link ToThread}. */
  inboxes: 8,
} as const;
const SLOT_COUNT = Object.keys(SLOTS).length;

export const IDLE = 0;
export const BUSY = 1;
export const RUN = 0;
export const STOP = 1;
/** No call has this number. */
export const BY_MESSAGE = 0;

/** How long the run took, in milliseconds, and when its answer was ready, by `machineMs`. */
export const TIMES = { runMs: 0, readyAtMs: 1 } as const;
const TIME_COUNT = Object.keys(TIMES).length;

/** The times come first: they need a multiple of eight. */
const SLOTS_AT = TIME_COUNT * Float64Array.BYTES_PER_ELEMENT;
export const CONTROL_BYTES = SLOTS_AT + SLOT_COUNT * Int32Array.BYTES_PER_ELEMENT;

/** Shared memory as the numbers in it. */
export interface Control {
  readonly slots: Int32Array;
  /** Of the last answered run: {@link TIMES}. */
  readonly times: Float64Array;
}

export const controlOf = (shared: SharedArrayBuffer): Control => ({
  slots: new Int32Array(shared, SLOTS_AT, SLOT_COUNT),
  times: new Float64Array(shared, 0, TIME_COUNT),
});

/** Sent before the first run, and when the inbox had to grow: shared bytes where inputs are found from then on. */
export interface ToThread {
  readonly inbox: Uint8Array;
}

export type FromThread =
  | { readonly kind: 'ready'; readonly info: RuntimeInfo }
  | { readonly kind: 'refused'; readonly reason: string }
  /** Sent before the first answer, and when the outbox had to grow: outputs are at its begin, and later ones come without a message. */
  | {
      readonly kind: 'outputs';
      readonly call: number;
      readonly outbox: Uint8Array;
      readonly bytes: number;
      readonly runMs: number;
      readonly readyAtMs: number;
    }
  | { readonly kind: 'failed'; readonly call: number; readonly reason: string };
