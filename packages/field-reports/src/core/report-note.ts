import type { TelemetryEvent } from '@esper/leyline';

/**
 * One phrase for people (FR-06): the first event that tells of a timeout, else the last event, else how the seed is
 * blended, else nothing.
 */
export function noteOf(events: readonly TelemetryEvent[], blending: string | undefined): string {
  const timeout = events.find(({ description }) => description.startsWith('timeout'));
  const chosen = timeout ?? events.at(-1);
  if (chosen !== undefined) return chosen.description;
  return blending === undefined ? '' : `blending:${blending}`;
}
