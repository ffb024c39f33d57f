import type { BlueprintDescriptor, CommandDraft, Signal, SystemStatePacket } from '@esper/leyline';
import type { Instant } from './time/engine-clock.js';

/** What the host knows about the blueprint a command names. */
export type BlueprintInput =
  /** The command names none, so nothing was looked up. */
  | { readonly kind: 'none' }
  | { readonly kind: 'known'; readonly descriptor: BlueprintDescriptor }
  /** It was looked up and is not there. */
  | { readonly kind: 'missing'; readonly blueprintId: string };

/** The share of the policy's inputs that arrived. */
export interface CoverageInput {
  /** Present over expected features, 0 to 1; missing counts as 0. */
  readonly ratio: Signal;
  /** The same per feature family. Recorded, not judged. */
  readonly byType: Readonly<Record<string, number>>;
  /** How many expected features were missing. */
  readonly missing: number;
}

/** What the policy says about itself. */
export interface PolicyInput {
  /** Expected severity, 0 (safe) to 1. */
  readonly riskScore: Signal | undefined;
  readonly riskIndex?: Signal;
  readonly version: string;
  /** True when the policy in force is past its validity. It may then not change structure. */
  readonly expired?: boolean;
}

/** Everything one assessment looks at. The policy's own annotations are not evidence and are not read. */
export interface RiskInput {
  /** What the policy proposes. Its type must not be UNKNOWN. */
  readonly draft: CommandDraft;
  readonly packet: SystemStatePacket;
  readonly policy: PolicyInput;
  readonly blueprint: BlueprintInput;
  readonly coverage: CoverageInput | undefined;
  readonly at: Instant;
  /** The run's step, for the record. Nothing is counted by it: it falls when a run is rolled back. */
  readonly step: number;
  /** Set only where a host answers a timeout with a command all the same (feature flag FF-01). */
  readonly timeouts?: { readonly inference: boolean; readonly metadata: boolean };
}
