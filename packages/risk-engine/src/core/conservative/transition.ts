import type { TelemetryEvent } from '@esper/leyline';
import { formatFixed } from '../format/python-number.js';
import { holdExpired, MODE_OFF, type ModeOn, type ModeState, type Moment } from './mode.js';

/** A mode, and the events of how it came to be. */
export interface ModeStep {
  readonly mode: ModeState;
  readonly events: readonly TelemetryEvent[];
}

/** Entering is announced once (CM-01). */
export const enteredEvent = (reason: string, more: Readonly<Record<string, string>> = {}): TelemetryEvent => ({
  description: 'conservative_entered',
  level: 'WARNING',
  attributes: { reason, ...more },
});

/** Leaving is announced once, with what had caused it and how long it lasted (CM-04). */
export const exitedEvent = (
  mode: ModeOn,
  reason: string,
  end: { readonly elapsedMs: number; readonly more?: Readonly<Record<string, string>> },
): TelemetryEvent => ({
  description: 'conservative_exited',
  level: 'INFO',
  attributes: {
    reason,
    previous_reason: mode.reason,
    duration_s: formatFixed((end.elapsedMs - mode.enteredMs) / 1000, 3),
    ...end.more,
  },
});

/** Ends an operator's hold whose time is over. A mode that was only theirs ends with it; others go on by themselves. */
export function expireHold(mode: ModeState, moment: Moment): ModeStep {
  if (mode.kind !== 'on' || mode.hold === null || !holdExpired(mode.hold, moment)) return { mode, events: [] };
  const { who, why } = mode.hold;
  const expired: TelemetryEvent = {
    description: 'conservative_hold_expired',
    level: 'INFO',
    attributes: { who, why },
  };
  if (mode.automatic) return { mode: { ...mode, hold: null }, events: [expired] };
  return { mode: MODE_OFF, events: [expired, exitedEvent(mode, 'hold_expired', { elapsedMs: moment.elapsedMs })] };
}
