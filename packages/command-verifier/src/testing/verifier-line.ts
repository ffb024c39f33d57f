/** What the prototype answered. */
export interface RecordedAnswer {
  readonly accepted?: boolean;
  readonly reason?: string;
  /** Name of the exception it threw. */
  readonly raises?: string;
  readonly parse_error?: true;
}

/** One verification. */
export interface RecordedStep {
  readonly now_us: number;
  readonly mono: number;
  readonly wire_b64: string;
  readonly signature: string | null;
  /** The command as ProtoJSON; absent when it cannot be written so. */
  readonly command?: { readonly commandId?: string; readonly issuedAt?: string };
  readonly payload_b64?: string;
  readonly expect: RecordedAnswer;
}

/** One session of a `verifier.jsonl`: one ledger, one secret. */
export interface VerifierLine {
  readonly id: number;
  readonly tag: string;
  readonly secret_b64: string;
  readonly ledger: { readonly ttl_seconds: number; readonly max_entries: number | null };
  readonly freshness_window_seconds: number;
  readonly steps?: readonly RecordedStep[];
  /** Of the one line that flips every bit: one letter per bit. */
  readonly results?: string;
  readonly wire_b64?: string;
  readonly signature?: string;
  readonly now_us?: number;
  readonly mono?: number;
}

const SKEW_MICROS = 5_000_000n;
const UNLIMITED = 10_000;

/** The limits of a session, in our terms: at least window plus skew for a nonce, a bound where there was none. */
export function sessionLimits(line: VerifierLine): {
  readonly windowMicros: bigint;
  readonly skewMicros: bigint;
  readonly capacity: number;
  readonly retentionMs: number;
} {
  const windowMicros = BigInt(Math.round(line.freshness_window_seconds * 1e6));
  const freshMs = Math.ceil(Number(windowMicros + SKEW_MICROS) / 1000);
  const { ttl_seconds: ttlSeconds, max_entries: entriesMax } = line.ledger;
  return {
    windowMicros,
    skewMicros: SKEW_MICROS,
    capacity: entriesMax !== null && entriesMax > 0 ? entriesMax : UNLIMITED,
    retentionMs: Math.max(ttlSeconds * 1000, freshMs),
  };
}

/** Microseconds since 1970 of a ProtoJSON timestamp, cut; `undefined` when there is none. */
export function issuedMicrosOf(step: RecordedStep): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(step.command?.issuedAt ?? '');
  if (match === null) return undefined;
  const micros = (match[2] ?? '').padEnd(9, '0').slice(0, 6);
  return BigInt(Date.parse(`${match[1]}Z`)) * 1000n + BigInt(micros);
}
