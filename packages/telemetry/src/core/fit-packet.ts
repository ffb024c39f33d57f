import { LIMITS, type TelemetryEvent, type TelemetryPacket } from '@esper/leyline';

const LONE_SURROGATE = /\p{Surrogate}/gu;
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
    events: packet.events.slice(0, LIMITS.eventsMax).map(fitEvent),
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
