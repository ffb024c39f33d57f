import type { TelemetryEvent } from '@esper/leyline';
import type { Judged } from './judgement.js';
import type { NextMode } from './next-mode.js';

const isJudged = (entry: TelemetryEvent | Judged): entry is Judged => 'raw' in entry;

/** What a finding in shadow would have done, and nothing that reads as if it had. */
const shadowEvent = ({ evaluator, raw }: Judged): TelemetryEvent => ({
  description: 'shadow_finding',
  level: 'INFO',
  attributes: { evaluator, signal: raw.signal, reason: raw.reason, would: raw.mitigation },
});

function eventOf(entry: Judged): TelemetryEvent | null {
  const { raw, enforced } = entry;
  if (raw.event === null) return null;
  return enforced ? { description: raw.event, level: raw.level, attributes: raw.attributes } : shadowEvent(entry);
}

/** The events of a decision in table order; entering the mode is announced right after what triggered it. */
export function eventsOf(sequence: readonly (TelemetryEvent | Judged)[], mode: NextMode): readonly TelemetryEvent[] {
  const events: TelemetryEvent[] = [];
  for (const entry of sequence) {
    if (!isJudged(entry)) {
      events.push(entry);
      continue;
    }
    const event = eventOf(entry);
    if (event !== null) events.push(event);
    if (mode.entered !== null && entry === mode.trigger) events.push(mode.entered);
  }
  if (mode.exited !== null) events.push(mode.exited);
  return events;
}
