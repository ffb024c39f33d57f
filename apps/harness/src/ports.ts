import type { AdaptationCommand, HardwareContext, SystemStatePacket } from '@esper/leyline';
import type { MonoClock, Result, WallClock } from '@esper/std';
import type { TrainerEvent } from './core/trainer-event.js';

/** Tells whether bytes are a command to execute. Whoever composes the trainer joins it to the command verifier. */
export type CommandGate = (bytes: Uint8Array) => Promise<Result<AdaptationCommand, { readonly reason: string }>>;

/** The answer to a packet: sealed bytes, or a failure with its code. There is no third answer. */
export type Decision =
  | { readonly kind: 'command'; readonly bytes: Uint8Array }
  | { readonly kind: 'failure'; readonly code: string };

/** Asks for the decision on a packet. May take any time, or reject: both count as failures. */
export type DecisionSource = (packet: SystemStatePacket) => Promise<Decision>;

/** A checkpoint as it was stored. */
export interface StoredCheckpoint {
  readonly step: number;
  readonly bytes: Uint8Array;
  /** As it was written; whoever reads compares. */
  readonly digest: string;
}

/** Where full checkpoints are kept. */
export interface CheckpointStore {
  /** Resolves when the checkpoint is durable and an older one may be gone. */
  write(checkpoint: StoredCheckpoint): Promise<void>;
  /** The newest checkpoint, or `undefined`. Rejects when it can not be read. */
  latest(): Promise<StoredCheckpoint | undefined>;
}

/** What the machine looks like now. */
export interface HardwareSample {
  readonly hardware: HardwareContext;
  /** This process's share of all processors since the last sample, 0 to 100; absent on the first. */
  readonly cpuUtilPercent?: number;
}

/** Everything a trainer needs from outside. */
export interface TrainerPorts {
  readonly clock: WallClock & MonoClock;
  /** Calls `fire` once after `ms`; the result cancels. */
  startTimer(ms: number, fire: () => void): () => void;
  /** SHA-256, lower-case hex. */
  digest(bytes: Uint8Array): string;
  readonly gate: CommandGate;
  /** Absent: the run is uncontrolled; packets are still built. */
  readonly decide?: DecisionSource;
  /** Absent: the full tier of rollback has nothing to restore. */
  readonly checkpoints?: CheckpointStore;
  sampleHardware(): HardwareSample;
  /** Must not throw. */
  onEvent(event: TrainerEvent): void;
}
