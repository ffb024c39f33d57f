import type { TrainerPackets } from './fleet-packet.js';

/** One round of packets for one host: one for each of these runs, so many under way at once. */
export interface RoundOrder {
  readonly runs: readonly string[];
  readonly round: number;
  readonly lanes: number;
}

/** What came of a round. */
export interface RoundResult {
  readonly ms: readonly number[];
  readonly failed: readonly string[];
  /** The sequence number of each run that got a command. */
  readonly sequences: readonly (readonly [run: string, sequence: number])[];
}

export type ToSharedHost =
  | {
      readonly type: 'open';
      readonly dataDir: string;
      readonly name: string;
      readonly redisUrl: string;
      readonly packets: TrainerPackets;
    }
  | { readonly type: 'round'; readonly order: RoundOrder }
  | { readonly type: 'close' };

export type FromSharedHost =
  | { readonly type: 'opened' }
  | { readonly type: 'round'; readonly result: RoundResult }
  | { readonly type: 'closed' }
  | { readonly type: 'failed'; readonly message: string };
