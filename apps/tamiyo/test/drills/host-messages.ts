import type { SystemStatePacket } from '@esper/leyline';
import type { TelemetryLedger } from '@esper/telemetry';
import type { OperatorAction } from '../../src/host/operator-action.js';
import type { RunState } from '../../src/runs/run-state.js';

/** Faults that are planted inside the host's process. */
export const CHILD_FAULTS = {
  write_behind: 'The disk says written and synced, and writes a moment later.',
  no_memory: 'Answers are not kept, so a packet that is sent again is not answered the same.',
  leak: 'Each decision leaves four megabytes behind.',
  blocked_loop: 'Every now and then the event loop stands still for 120 ms.',
  telemetry_swallowed: 'Every twentieth telemetry packet is taken and forgotten.',
  record_skipped: 'Every hundredth record is acknowledged and not written.',
  slow_log: 'Now and then a record takes nearly two seconds, on a disk that is well.',
  slow_library: 'Every fiftieth blueprint look-up never answers.',
} as const;
export type ChildFault = keyof typeof CHILD_FAULTS;

/** What the parent asks of the host process. */
export type ToHost =
  | {
      readonly type: 'open';
      readonly dataDir: string;
      readonly settings: Readonly<Record<string, string>>;
      readonly environment: Readonly<Record<string, string>>;
      readonly fault: ChildFault | undefined;
    }
  | { readonly type: 'decide'; readonly id: number; readonly run: string; readonly packet: SystemStatePacket }
  | { readonly type: 'operate'; readonly id: number; readonly action: OperatorAction }
  | { readonly type: 'run'; readonly id: number; readonly run: string }
  | { readonly type: 'decision'; readonly id: number; readonly decisionId: string }
  | { readonly type: 'sample'; readonly id: number }
  | { readonly type: 'alarm'; readonly id: number }
  | { readonly type: 'close'; readonly id: number };

/** What a decision came to. */
export type Answered =
  | {
      readonly ok: true;
      readonly decisionId: string;
      readonly commandId: string;
      readonly issuerEpoch: number;
      readonly sequence: number;
      readonly bytes: Uint8Array;
      readonly conservative: boolean;
      readonly repeated: boolean;
      readonly totalMs: number;
    }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** How the host is doing. */
export interface HostSample {
  readonly rssBytes: number;
  readonly eventLoopDelayMs: { readonly p99: number; readonly max: number };
  readonly ledgerExact: boolean;
  readonly emitted: number;
  readonly lanes: TelemetryLedger['lanes'];
  readonly logRecords: number;
  readonly reports: { readonly pending: number; readonly dropped: number };
}

/** What the host process says. */
export type FromHost =
  | { readonly type: 'loaded' }
  | { readonly type: 'opened'; readonly issuerEpoch: number; readonly runs: readonly string[]; readonly openMs: number }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'answered'; readonly id: number; readonly answer: Answered }
  | { readonly type: 'ordered'; readonly id: number; readonly ok: boolean; readonly message: string }
  | { readonly type: 'run'; readonly id: number; readonly state: RunState | undefined }
  | {
      readonly type: 'decision';
      readonly id: number;
      readonly bytes: Uint8Array | undefined;
      readonly withheld: boolean;
    }
  | { readonly type: 'sample'; readonly id: number; readonly sample: HostSample }
  | { readonly type: 'alarmed'; readonly id: number }
  | { readonly type: 'closed'; readonly id: number };
