import type { Refusal } from '@esper/command-verifier';
import { assertNever } from '@esper/std';

/** Why there is no command to execute. In none of these cases may one be made up. */
export type ClientFailure =
  /** The host refused or failed: its problem details, under its stable code. */
  | {
      readonly kind: 'problem';
      readonly status: number;
      readonly code: string;
      readonly detail: string;
      readonly next: string;
      readonly retryable: boolean;
      readonly reason?: string;
    }
  /** The caller's deadline passed first. The host may have decided; the same packet again gets that command. */
  | { readonly kind: 'deadline'; readonly deadlineMs: number; readonly elapsedMs: number }
  /** The caller's signal was aborted. */
  | { readonly kind: 'cancelled' }
  /** No answer came back: nobody listens, or the connection broke. */
  | { readonly kind: 'unreachable'; readonly cause: unknown }
  /** An answer came that this contract does not know: too long, of another kind, cut short. */
  | { readonly kind: 'answer_invalid'; readonly detail: string }
  /** Bytes came, and the verifier does not accept them. */
  | { readonly kind: 'command_refused'; readonly refusal: Refusal };

/** A failure in one line, for logs. Holds nothing secret. */
export function describeFailure(failure: ClientFailure): string {
  switch (failure.kind) {
    case 'problem':
      return `${failure.code}: ${failure.detail} (next: ${failure.next})`;
    case 'deadline':
      return `no answer within ${failure.deadlineMs} ms (${failure.elapsedMs.toFixed(1)} ms)`;
    case 'cancelled':
      return 'cancelled by the caller';
    case 'unreachable':
      return `the host cannot be reached: ${failure.cause instanceof Error ? failure.cause.message : 'no answer'}`;
    case 'answer_invalid':
      return `the answer is not understood: ${failure.detail}`;
    case 'command_refused':
      return `the command is refused: ${failure.refusal.reason}`;
    default:
      return assertNever(failure, 'client failure');
  }
}
