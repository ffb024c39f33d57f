import { isCodedError } from '@esper/std';
import { describeError } from '../cli/output.js';
import type { Scene } from './scene.js';

/** What a check came to. `skipped`: nothing was learnt, which is not the same as all is well. */
export type Verdict = 'pass' | 'warn' | 'fail' | 'skipped';

/** What was seen, and for whatever is not right what to do about it. */
export type Finding =
  | { readonly verdict: 'pass' | 'skipped'; readonly saw: string }
  | { readonly verdict: 'warn' | 'fail'; readonly saw: string; readonly next: string };

/** One question to an installation. Looks, and changes nothing. */
export interface Check {
  /** For scripts: `concern.question`. The name is API. */
  readonly id: string;
  /** What it asks, for people. */
  readonly asks: string;
  /** What it rejects with is a failure as well, told with its code. */
  readonly look: (scene: Scene) => Promise<Finding>;
}

export const pass = (saw: string): Finding => ({ verdict: 'pass', saw });
export const skipped = (saw: string): Finding => ({ verdict: 'skipped', saw });
export const warn = (saw: string, next: string): Finding => ({ verdict: 'warn', saw, next });
export const fail = (saw: string, next: string): Finding => ({ verdict: 'fail', saw, next });

/** A failure with the words of what was thrown. */
export function failFrom(cause: unknown): Finding {
  const { code, message, next } = describeError(cause);
  return fail(`${code}: ${message}`, next);
}

/** The code of a coded error or of the system's, else an empty text. */
export function codeOf(cause: unknown): string {
  if (isCodedError(cause)) return cause.code;
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
