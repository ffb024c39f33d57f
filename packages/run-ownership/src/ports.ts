/** One-shot timers. */
export interface Timers {
  /** Calls `run` once after `delayMs`; the answer cancels. */
  after(delayMs: number, run: () => void): () => void;
}

/** What Redis answers to a command. Text and bytes both come as bytes. */
export type LedgerReply = null | number | string | Uint8Array | readonly LedgerReply[];

/** One connection to Redis: commands are carried out in the order they are given. Rejects when there is no answer, or an error. */
export interface LedgerConnection {
  command(args: readonly (string | Uint8Array)[]): Promise<LedgerReply>;
}

/** What a host asks with before it decides for a run. */
export interface EnterAsk {
  /** This process; no other may have the name, nor this one after a restart. */
  readonly owner: string;
  /** The token this host last held the run under, and the revision it last saw; both 0 when it never did. */
  readonly token: number;
  readonly revision: number;
  /** A new token will be above this. */
  readonly floor: number;
  readonly leaseMs: number;
  /** The packet that is to be answered; absent when only the state is to be changed. */
  readonly packetId?: string;
}

/** From whom a run came: `released` handed it over, `expired` left its lease to run out. */
export interface TakenFrom {
  readonly owner: string;
  readonly how: 'released' | 'expired';
}

/** What the ledger says to a host that asks. */
export type EnterAnswer =
  /** The packet was answered before: these are the bytes that were stored. Nobody's lease has changed. */
  | { readonly kind: 'answered'; readonly bytes: Uint8Array }
  /** The packet was answered too long ago. */
  | { readonly kind: 'expired' }
  | {
      readonly kind: 'granted';
      readonly token: number;
      readonly revision: number;
      readonly sequence: number;
      /** The stored state; absent when there is none, or when it is the one the host last saw. */
      readonly state?: Uint8Array;
      /** Absent when the run is new, or was this host's. */
      readonly from?: TakenFrom;
    }
  /** Another host decides for the run now; its lease lasts so long if nothing more is heard of it. */
  | { readonly kind: 'held'; readonly owner: string; readonly leftMs: number }
  /** This host has written to the run, and the ledger no longer knows it: the ledger has lost what it held. */
  | { readonly kind: 'missing' };

/** One write under a token. Taken whole or not at all; it ends the lease. */
export interface FencedWrite {
  readonly token: number;
  /** The last sequence number given to a command of the run. */
  readonly sequence: number;
  readonly state: Uint8Array;
  /** The answer to a packet; absent when only the state has changed. */
  readonly answer?: { readonly packetId: string; readonly commandId: string; readonly bytes: Uint8Array };
}

/** What became of a write. Only `accepted` has changed anything. */
export type CommitAnswer =
  | { readonly kind: 'accepted'; readonly revision: number }
  /** Another token is in force: somebody has taken the run over. */
  | { readonly kind: 'lost'; readonly token: number; readonly owner: string }
  | { readonly kind: 'missing' }
  /** The sequence number is not above the stored one. */
  | { readonly kind: 'sequence'; readonly stored: number }
  /** The packet has an answer already. */
  | { readonly kind: 'answered' };

/** What became of an answer that was to be taken back: taken back, given to somebody meanwhile, or not there. */
export type WithdrawAnswer = 'withdrawn' | 'given' | 'gone';

/** Who owns which run, and what was last decided. Each call is one atomic step; all reject with `LEDGER_UNAVAILABLE`. */
export interface RunLedger {
  enter(run: string, ask: EnterAsk): Promise<EnterAnswer>;
  commit(run: string, write: FencedWrite): Promise<CommitAnswer>;
  /** Ends the lease of `token` without a write. */
  release(run: string, token: number): Promise<void>;
  withdraw(run: string, about: { readonly packetId: string; readonly commandId: string }): Promise<WithdrawAnswer>;
  /** Makes a run known with a state from elsewhere. False, and nothing changed, when it is known already. */
  adopt(run: string, found: { readonly state: Uint8Array; readonly sequence: number }): Promise<boolean>;
}
