import { LIMITS, type TelemetryEvent, type TelemetryPacket } from '@esper/leyline';

const LONE_SURROGATE = /\p{Surrogate}/gu;
/** A character is at most three bytes: so the events take at most 600 kB of the 1 MiB of a packet. */
const EVENTS_CHARS_MAX = 200_000;
/** What an event costs besides its texts. */
const EVENT_CHARS = 48;
const CONTROL = /\p{Cc}/gu;

/**
 * The packet cut to the limits of the wire: a text that is too long must not cost the message it is in. What was cut ends in
 * `…`; surplus metrics, events, spans and attributes are left out, and the indicator `cut` says that something was.
 */
export function fitPacket(packet: TelemetryPacket): TelemetryPacket {
  const fitted = {
    ...packet,
    packetId: fitName(packet.packetId, 'tamiyo-telemetry'),
    metrics: packet.metrics.slice(0, LIMITS.metricsMax),
    events: withinBudget(packet.events.slice(0, LIMITS.eventsMax).map(fitEvent)),
    spans: packet.spans.slice(0, LIMITS.spansMax),
    health: {
      ...packet.health,
      summary: fitText(packet.health.summary),
      indicators: fitAttributes(packet.health.indicators),
    },
  };
  const isCut =
    fitted.metrics.length < packet.metrics.length ||
    fitted.events.length < packet.events.length ||
    fitted.spans.length < packet.spans.length;
  if (!isCut) return fitted;
  return { ...fitted, health: { ...fitted.health, indicators: { ...fitted.health.indicators, cut: 'true' } } };
}

/** The first events, as far as their text goes. */
function withinBudget(events: readonly TelemetryEvent[]): readonly TelemetryEvent[] {
  let chars = 0;
  const fitting = events.findIndex(({ description, attributes }) => {
    chars += description.length + EVENT_CHARS;
    for (const [key, value] of Object.entries(attributes)) chars += key.length + value.length;
    return chars > EVENTS_CHARS_MAX;
  });
  return fitting < 0 ? events : events.slice(0, fitting);
}

const fitEvent = (event: TelemetryEvent): TelemetryEvent => ({
  ...event,
  description: fitName(event.description, 'unnamed'),
  attributes: fitAttributes(event.attributes),
});

function fitAttributes(attributes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  // One place is left free for the indicator that says something was cut.
  const entries = Object.entries(attributes).slice(0, LIMITS.attributesMax - 1);
  return Object.fromEntries(entries.map(([key, value]) => [fitName(key, 'unnamed'), fitText(value)]));
}

function fitText(text: string, charsMax: number = LIMITS.sentenceCharsMax): string {
  const cut = text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
  return cut.replace(LONE_SURROGATE, '\ufffd');
}

function fitName(name: string, fallback: string): string {
  const fitted = fitText(name, LIMITS.nameCharsMax).replace(CONTROL, ' ');
  return fitted === '' || fitted === '__proto__' ? fallback : fitted;
}
