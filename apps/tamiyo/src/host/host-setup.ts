import type { KeyRingHolder } from '@esper/command-verifier';
import type { LossReporter, TelemetryExporter } from '@esper/telemetry';
import type { Disk, WalObserver } from '@esper/wal';
import type { ResolvedConfig } from '../config/resolve.js';
import type { BlueprintSource } from '../stages/parts.js';

/** What a host is made of, beside what it makes itself. */
export interface HostSetup {
  readonly config: ResolvedConfig;
  readonly keys: KeyRingHolder;
  /** Where the bus is, and what it is signed with (`REDIS_URL`, `ESPER_LEYLINE_SECRET`, `OONA_*_STREAM`) [embedded]. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Hears what the log tells, besides telemetry. */
  readonly onWal?: WalObserver;
  /** Get every telemetry packet, besides the bus: a metrics page, a printer. */
  readonly exporters?: readonly TelemetryExporter[];
  /** Hears of CRITICAL packets that nothing could keep. */
  readonly losses?: LossReporter;
  /** What the logs lie on [the machine's own disk]. A harness gives one whose faults it chooses. */
  readonly disk?: Disk;
  /** Stands before the blueprint library, for a harness that makes it slow or broken. */
  readonly blueprints?: (library: BlueprintSource) => BlueprintSource;
}
