import type { TelemetryEvent } from '@esper/leyline';

/** Far below what a packet holds, so that nothing of an event is cut for the others' sake. */
const EVENTS_MAX = 64;

/**
 * Gathers events that are told in one go and sends them together, in order: as many to a packet as it holds, and none of another
 * level, so that nothing travels at a priority that is not its own. CRITICAL ones are sent at once.
 */
export function noticeBatch(
  send: (events: readonly TelemetryEvent[]) => void,
  later: (work: () => void) => void,
): (event: TelemetryEvent) => void {
  let gathered: TelemetryEvent[] = [];
  const flush = (): void => {
    const events = gathered;
    gathered = [];
    if (events.length > 0) send(events);
  };
  return (event) => {
    if (event.level === 'CRITICAL') {
      send([event]);
      return;
    }
    if (gathered.length > 0 && (gathered[0]?.level !== event.level || gathered.length >= EVENTS_MAX)) flush();
    if (gathered.length === 0) later(flush);
    gathered.push(event);
  };
}
