import type { SeedStage } from './enums.js';
import type { Signal } from './signal.js';

/** One seed as the executing side (Kasmina) reports it. */
export interface SeedState {
  readonly seedId: string;
  readonly stage: SeedStage;
  /** Absent means not measured; 0 means zero. */
  readonly learningRate?: Signal;
  readonly gradientNorm?: Signal;
  /** 0 (safe) to 1. */
  readonly riskScore?: Signal;
  /** Zero-based index of the host layer the seed watches. */
  readonly layerDepth?: number;
  readonly ageEpochs?: number;
  /** For example `alpha`, `alpha_steps`, `alpha_total_steps`, `alpha_temperature`, `blend_allowed`, `risk_tolerance`. */
  readonly metrics: Readonly<Record<string, Signal>>;
}

/** The machine the run trains on. Every field may be absent. */
export interface HardwareContext {
  readonly deviceType?: string;
  readonly deviceId?: string;
  readonly totalMemoryGb?: Signal;
  readonly availableMemoryGb?: Signal;
  readonly temperatureCelsius?: Signal;
  readonly utilizationPercent?: Signal;
  readonly computeCapability?: number;
}

/**
 * What a training run reports each step. Latencies among the metrics are those of the *previous* step (D-28): they must
 * be known when the packet is sent.
 */
export interface SystemStatePacket {
  readonly version: 1;
  /** Unique per packet, and the key of idempotency. */
  readonly packetId: string;
  readonly trainingRunId: string;
  /** For example `tolaria`. */
  readonly sourceSubsystem: string;
  readonly experimentName?: string;
  readonly currentEpoch: number;
  readonly globalStep: number;
  /** Wall time at the sender, in nanoseconds since 1970; 64 bits. */
  readonly timestampNs?: bigint;
  readonly trainingLoss?: Signal;
  readonly validationLoss?: Signal;
  readonly validationAccuracy?: Signal;
  /** Keys are catalogue names such as `loss`, `gradient_norm`, `hook_latency_ms`, `kasmina.apply_ms`. */
  readonly trainingMetrics: Readonly<Record<string, Signal>>;
  readonly hardwareContext?: HardwareContext;
  readonly seedStates: readonly SeedState[];
}
