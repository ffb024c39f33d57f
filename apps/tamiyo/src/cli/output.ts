import { isCodedError } from '@esper/std';
import { TAMIYO_ERRORS } from '../errors.js';

/** Exit codes of every command. They are API. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  unsafe: 3,
  verification: 4,
  corrupt: 5,
  timeout: 6,
  interrupted: 130,
} as const;

export interface OutputStreams {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
}

export interface OutputOptions {
  /** NDJSON on stdout and nothing else there. */
  readonly json: boolean;
  /** Colour only on a terminal, and never when NO_COLOR is set. */
  readonly color: boolean;
}

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof STYLES;

/** Where a command writes: data on stdout, messages and progress on stderr. */
export class Output {
  readonly json: boolean;
  readonly #streams: OutputStreams;
  readonly #color: boolean;
  #barShown = false;

  constructor(streams: OutputStreams, options: OutputOptions) {
    this.#streams = streams;
    this.json = options.json;
    this.#color = options.color;
  }

  /** A line for people, on stdout; nothing in JSON mode. */
  line(text = ''): void {
    if (this.json) return;
    this.#clearBar();
    this.#streams.stdout.write(`${text}\n`);
  }

  /** One JSON object on stdout in JSON mode; nothing otherwise. */
  object(value: unknown): void {
    if (this.json) this.#streams.stdout.write(`${JSON.stringify(value, jsonSafe)}\n`);
  }

  /** A message beside the data, on stderr, in both modes. */
  note(text: string): void {
    this.#clearBar();
    this.#streams.stderr.write(`${text}\n`);
  }

  /** A progress bar on stderr, only on a terminal and never in JSON mode. */
  progress(done: number, total: number, label: string): void {
    if (this.json || this.#streams.stderr.isTTY !== true) return;
    this.#streams.stderr.write(
      `\r\u001b[2K${progressText(done, total, { label, columns: this.#streams.stderr.columns ?? 80 })}`,
    );
    this.#barShown = true;
  }

  style(style: Style, text: string): string {
    return this.#color ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;
  }

  /** An error as a person needs it: code, what, why, what now. In JSON mode the same as one object on stdout. */
  error(error: unknown): void {
    const shown = describeError(error);
    if (this.json) this.object({ error: shown });
    this.note(`${this.style('red', `error ${shown.code}`)}: ${shown.message}`);
    if (shown.cause !== undefined) this.note(`  because: ${shown.cause}`);
    this.note(`  next: ${shown.next}`);
  }

  #clearBar(): void {
    if (this.#barShown) this.#streams.stderr.write('\r\u001b[2K');
    this.#barShown = false;
  }
}

export interface ShownError {
  readonly code: string;
  readonly message: string;
  readonly cause?: string;
  readonly next: string;
}

/** Code, message, cause and next step of anything that was thrown. What has no code is our bug, and says so. */
export function describeError(error: unknown): ShownError {
  const message = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause !== undefined ? causeText(error.cause) : undefined;
  const base = { ...codeOf(error), message };
  return cause === undefined ? base : { ...base, cause };
}

function codeOf(error: unknown): Pick<ShownError, 'code' | 'next'> {
  if (isCodedError(error)) return { code: error.code, next: error.next };
  if (isRefusedPath(error)) return { code: 'PATH_UNUSABLE', next: TAMIYO_ERRORS.PATH_UNUSABLE.next };
  return { code: 'INTERNAL', next: 'This is a bug in Tamiyo: please report it with the command you ran.' };
}

/** Where the world, not the program, is wrong. */
const REFUSED_BY_THE_SYSTEM: ReadonlySet<unknown> = new Set(
  'EACCES EPERM EROFS ENOENT ENOTDIR EISDIR ELOOP ENAMETOOLONG ENOSPC EDQUOT EMFILE ENFILE EIO'.split(' '),
);

/** The path is in the message already; a full disk is told by `write`, which knows none. */
const isRefusedPath = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && 'code' in error && REFUSED_BY_THE_SYSTEM.has(error.code);

const causeText = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause)).slice(0, 500);

const jsonSafe = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
};

/** `label [#####.....]  50 % 10/20`, cut to the terminal's width. */
export function progressText(
  done: number,
  total: number,
  view: { readonly label: string; readonly columns: number },
): string {
  const share = total <= 0 ? 0 : Math.min(1, Math.max(0, done / total));
  const tail = ` ${String(Math.round(share * 100)).padStart(3)} % ${done}/${total}`;
  const room = Math.max(5, Math.min(40, view.columns - view.label.length - tail.length - 5));
  const filled = Math.round(share * room);
  return `${view.label} [${'█'.repeat(filled)}${'·'.repeat(room - filled)}]${tail}`.slice(
    0,
    Math.max(10, view.columns - 1),
  );
}
