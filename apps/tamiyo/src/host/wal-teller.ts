import type { TelemetryEvent } from '@esper/leyline';
import type { TamiyoEventName } from '@esper/telemetry';
import type { WalEvent, WalEventName, WalObserver } from '@esper/wal';
import type { HostEventName } from './host-event-table.js';

interface Told {
  readonly description: TamiyoEventName | HostEventName;
  readonly level: TelemetryEvent['level'];
}

/** What of the log's own events telemetry must hear, under the names of the catalogue. */
const TOLD: Partial<Readonly<Record<WalEventName, Told>>> = {
  'wal.damage': { description: 'wal_damage', level: 'CRITICAL' },
  'wal.torn_tail_repaired': { description: 'wal_torn_tail_repaired', level: 'WARNING' },
  'wal.segment_poisoned': { description: 'wal_segment_poisoned', level: 'CRITICAL' },
  'wal.poisoned': { description: 'wal_poisoned', level: 'CRITICAL' },
  'wal.full': { description: 'wal_full', level: 'CRITICAL' },
  'wal.reserve_used': { description: 'wal_full', level: 'CRITICAL' },
  'wal.durability_reduced': { description: 'wal_durability_reduced', level: 'WARNING' },
  'wal.retention_problem': { description: 'wal_retention_problem', level: 'WARNING' },
};

/** Events kept while nobody can be told yet: a log is opened before telemetry is. */
const KEPT_MAX = 1_000;

/** Carries what the logs tell to telemetry, from before telemetry is there. */
export class WalTeller {
  readonly #kept: TelemetryEvent[] = [];
  #tell: ((event: TelemetryEvent) => void) | undefined;

  /** The observer of one log; `log` names it. */
  observer(log: string, also?: WalObserver): WalObserver {
    return (event) => {
      also?.(event);
      this.#heard(log, event);
    };
  }

  /** From now on events go to `tell`; those that were kept go first. */
  begin(tell: (event: TelemetryEvent) => void): void {
    this.#tell = tell;
    for (const event of this.#kept.splice(0)) tell(event);
  }

  #heard(log: string, { name, attributes }: WalEvent): void {
    const told = TOLD[name];
    if (told === undefined) return;
    const texts = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, String(value)]));
    const event = { ...told, attributes: { ...texts, log } };
    if (this.#tell !== undefined) this.#tell(event);
    else if (this.#kept.length < KEPT_MAX) this.#kept.push(event);
  }
}
