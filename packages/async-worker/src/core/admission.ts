import type { WorkerErrorCode } from '../errors.js';
import type { ResolvedWorkerOptions } from '../options.js';

/** Everything that decides whether a submission starts, waits or is refused. */
export interface AdmissionFacts {
  readonly closed: boolean;
  /** Levels of tasks around the submitter; 0 outside any task. */
  readonly depth: number;
  readonly slotsTaken: number;
  readonly queued: number;
  /** True when the nearest task of this worker around the submitter executes and has not lent its slot. */
  readonly lenderCanLend: boolean;
}

export type Admission =
  /** On the slot of the task it was submitted from: that task waits, so its slot is free to work for it. */
  | { readonly kind: 'borrow' }
  | { readonly kind: 'take-slot' }
  | { readonly kind: 'queue' }
  | { readonly kind: 'refuse'; readonly code: WorkerErrorCode };

/** Refusals first, then the parent's slot, then a free one, then the queue. */
export function admit(
  facts: AdmissionFacts,
  limits: Pick<ResolvedWorkerOptions, 'concurrencyMax' | 'queueMax' | 'nestingMax'>,
): Admission {
  if (facts.closed) return { kind: 'refuse', code: 'WORKER_CLOSED' };
  if (facts.depth > limits.nestingMax) return { kind: 'refuse', code: 'WORKER_NESTING_MAX' };
  if (facts.lenderCanLend) return { kind: 'borrow' };
  if (facts.slotsTaken < limits.concurrencyMax) return { kind: 'take-slot' };
  if (facts.queued < limits.queueMax) return { kind: 'queue' };
  return { kind: 'refuse', code: 'WORKER_QUEUE_FULL' };
}
