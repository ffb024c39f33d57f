import { type CommandType, type HealthStatus, TELEMETRY_LEVELS, type TelemetryEvent } from '@esper/leyline';

/** What the health of a decision is judged by. */
export interface HealthFacts {
  readonly commandType: CommandType;
  /** The deciding reason, when there is one. */
  readonly reason?: string;
  readonly events: readonly TelemetryEvent[];
  readonly lossDelta: number;
  readonly lossSpikeMax: number;
}

/**
 * TL-03: CRITICAL with a CRITICAL event, DEGRADED for a pause or an event of WARNING or ERROR, else HEALTHY. (The prototype
 * let an ERROR alone pass as healthy.)
 */
export function healthStatus({ commandType, events }: HealthFacts): HealthStatus {
  if (events.some(({ level }) => level === 'CRITICAL')) return 'CRITICAL';
  if (commandType === 'PAUSE') return 'DEGRADED';
  return events.some(({ level }) => level === 'WARNING' || level === 'ERROR') ? 'DEGRADED' : 'HEALTHY';
}

/**
 * TL-04: for a pause its reason; else the most severe event from WARNING on, the last of equals; else `loss_spike` when the loss
 * rose beyond the limit; else `stable`. Events of INFO are no news about health (D-40).
 */
export function healthSummary(facts: HealthFacts): string {
  if (facts.commandType === 'PAUSE') return pauseSummary(facts.reason);
  const worst = worstEvent(facts.events);
  if (worst !== undefined) return worst.description;
  return facts.lossDelta > facts.lossSpikeMax ? 'loss_spike' : 'stable';
}

function pauseSummary(reason: string | undefined): string {
  if (reason === undefined) return 'pause';
  return reason === 'blueprint_high_risk' ? 'bp_high_risk' : reason;
}

function worstEvent(events: readonly TelemetryEvent[]): TelemetryEvent | undefined {
  let worst: TelemetryEvent | undefined;
  for (const event of events) {
    if (TELEMETRY_LEVELS[event.level] < TELEMETRY_LEVELS.WARNING) continue;
    if (worst === undefined || TELEMETRY_LEVELS[event.level] >= TELEMETRY_LEVELS[worst.level]) worst = event;
  }
  return worst;
}
