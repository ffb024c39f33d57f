import { finding, type RawFinding } from '../finding.js';
import type { Mitigation } from '../severity.js';
import type { Reading } from '../signals/reading.js';
import { SIGNAL_NAMES, type SignalName } from '../signals/signal-table.js';

/** Text that is no number is shown, at most this much of it. */
const SHOWN_CHARACTERS_MAX = 64;

const neutralFinding = (signal: SignalName, problem: 'never_seen' | 'not_now'): RawFinding =>
  Object.freeze(
    finding({
      signal,
      verdict: 'unknown',
      mitigation: 'none',
      reason: '',
      level: 'INFO',
      attributes: Object.freeze({ problem }),
      event: null,
    }),
  );

const tableOf = (problem: 'never_seen' | 'not_now') =>
  Object.fromEntries(SIGNAL_NAMES.map((signal) => [signal, neutralFinding(signal, problem)])) as Readonly<
    Record<SignalName, RawFinding>
  >;

const NEVER_SEEN = tableOf('never_seen');
const NOT_NOW = tableOf('not_now');

/** An optional signal that is not here: recorded as unknown, without effect. */
export const neutral = (signal: SignalName, seen: boolean): RawFinding => (seen ? NOT_NOW : NEVER_SEEN)[signal];

/**
 * A signal that is no evidence. It asks for what its gravest value would have asked for, conservative mode included:
 * nobody gets a milder command by sending something unreadable. The value is kept as text, so that records stay
 * readable where NaN has no form.
 */
export function unknownSignal(
  signal: string,
  reading: Extract<Reading, { kind: 'unknown' }>,
  worst: { readonly mitigation: Mitigation; readonly entersMode: boolean },
): RawFinding {
  const { problem, given } = reading;
  const shown = given === undefined ? undefined : String(given).slice(0, SHOWN_CHARACTERS_MAX);
  return finding({
    signal,
    value: shown ?? null,
    verdict: 'unknown',
    mitigation: worst.mitigation,
    reason: 'signal_unknown',
    level: 'WARNING',
    attributes: { signal, problem, ...(shown === undefined ? {} : { given: shown }) },
    entersMode: worst.entersMode,
    event: 'signal_unknown',
  });
}
