import { type MessagePriority, TELEMETRY_LEVELS, type TelemetryPacket } from '@esper/leyline';
import { type Alert, type AlertState, foldAlerts } from './alerts.js';
import { supervisedPriority } from './packet-priority.js';

/** The streams a supervisor of telemetry reads. */
export type SupervisedStream = 'oona.emergency' | 'oona.telemetry';

/** What a supervisor knows. A value: {@link observe} gives the next one. */
export interface Supervision {
  readonly packets: Readonly<Record<SupervisedStream, number>>;
  readonly bytes: Readonly<Record<SupervisedStream, number>>;
  readonly priorities: Readonly<Record<MessagePriority, number>>;
  /** Emergency packets by source, in lower case. */
  readonly emergencies: Readonly<Record<string, number>>;
  readonly lastTamiyoEmergencyMs: number | undefined;
  /** Emergency packets of level CRITICAL. */
  readonly detections: number;
  readonly lastDetectionMs: number | undefined;
  readonly lastLevel: number;
  readonly lastReason: string;
  /** Of the newest Tamiyo packet that states any. */
  readonly coverage: Readonly<Record<string, number>>;
  readonly hazard: { readonly hazard?: string; readonly provenance?: string };
  readonly alerts: AlertState;
}

export const NOTHING_SEEN: Supervision = Object.freeze({
  packets: { 'oona.emergency': 0, 'oona.telemetry': 0 },
  bytes: { 'oona.emergency': 0, 'oona.telemetry': 0 },
  priorities: { UNSPECIFIED: 0, LOW: 0, NORMAL: 0, HIGH: 0, CRITICAL: 0 },
  emergencies: {},
  lastTamiyoEmergencyMs: undefined,
  detections: 0,
  lastDetectionMs: undefined,
  lastLevel: 0,
  lastReason: '',
  coverage: {},
  hazard: {},
  alerts: {},
});

/** Sources an attacker may not multiply without end. */
const SOURCES_MAX = 64;
const COVERAGE = 'tamiyo.gnn.feature_coverage.';

/** A packet as it arrived. */
export interface Observation {
  readonly stream: SupervisedStream;
  readonly packet: TelemetryPacket;
  readonly sizeBytes: number;
  readonly nowMs: number;
}

/** Folds one packet. Pure. */
export function observe(
  before: Supervision,
  seen: Observation,
): { readonly next: Supervision; readonly raised: readonly Alert[] } {
  const { stream, packet, sizeBytes } = seen;
  const priority = supervisedPriority(packet);
  const { state: alerts, raised } = foldAlerts(before.alerts, numbersIn(packet));
  const next: Supervision = {
    ...before,
    packets: { ...before.packets, [stream]: before.packets[stream] + 1 },
    bytes: { ...before.bytes, [stream]: before.bytes[stream] + sizeBytes },
    priorities: { ...before.priorities, [priority]: before.priorities[priority] + 1 },
    ...(stream === 'oona.emergency' ? emergency(before, seen) : {}),
    ...(sourceOf(packet) === 'tamiyo' ? mirrored(packet) : {}),
    alerts,
  };
  return { next, raised };
}

/** RT-14. */
function emergency(before: Supervision, { packet, nowMs }: Observation): Partial<Supervision> {
  const known = sourceOf(packet);
  const isRoom = Object.hasOwn(before.emergencies, known) || Object.keys(before.emergencies).length < SOURCES_MAX;
  const source = isRoom ? known : 'other';
  const emergencies = { ...before.emergencies, [source]: (before.emergencies[source] ?? 0) + 1 };
  const tamiyo = source === 'tamiyo' ? { lastTamiyoEmergencyMs: nowMs } : {};
  if (packet.level !== 'CRITICAL') return { emergencies, ...tamiyo };
  const lastReason = packet.health.indicators['reason'] ?? packet.health.summary;
  const lastLevel = TELEMETRY_LEVELS[packet.level];
  return { emergencies, ...tamiyo, detections: before.detections + 1, lastDetectionMs: nowMs, lastLevel, lastReason };
}

/** RT-15: coverage by type, and what the safety sheet says; a packet that says nothing of it changes nothing. */
function mirrored(packet: TelemetryPacket): Partial<Supervision> {
  const coverage = packet.metrics.filter(({ name }) => name.startsWith(COVERAGE));
  const { bsds_hazard: hazard, bsds_provenance: provenance } = packet.health.indicators as Readonly<
    Record<string, string | undefined>
  >;
  return {
    ...(coverage.length === 0
      ? {}
      : {
          coverage: Object.fromEntries(coverage.map(({ name, value }) => [name.slice(COVERAGE.length), Number(value)])),
        }),
    ...(hazard === undefined && provenance === undefined
      ? {}
      : {
          hazard: {
            ...(hazard === undefined ? {} : { hazard: hazard.toUpperCase() }),
            ...(provenance === undefined ? {} : { provenance: provenance.toLowerCase() }),
          },
        }),
  };
}

const sourceOf = ({ sourceSubsystem }: TelemetryPacket): string => sourceSubsystem.toLowerCase();

const numbersIn = (packet: TelemetryPacket): ReadonlyMap<string, number> =>
  new Map(packet.metrics.map(({ name, value }) => [name, Number(value)]));
