import type { Signal } from '@esper/leyline';
import type { Moment } from '../decision/moments.js';
import type { RunState } from '../runs/run-state.js';

/**
 * What a decision depended on, beside its packet, the run's state before it and the bytes of its policy. With it the decision
 * can be made again to the bit, and judged again without the network. Records of before it was kept have none.
 */
export interface DecisionBasis {
  /** The scene it was made in: blueprints, risk configuration, blend, runtime. A note of the log holds it. */
  readonly scene: string;
  /** Readings of both clocks that the outcome depends on: look-up asked and answered, inference asked and answered, assessment. */
  readonly moments: readonly Moment[];
  /** When the configuration put the run into conservative mode at the beginning of this decision. */
  readonly openedAt?: Moment;
  /** The run's state before, where its own record may be missing: right behind a failure, whose record nobody waits for. */
  readonly before?: RunState;
  /** True when a flag let an unknown blueprint pass (FF-05). */
  readonly guardBypassed?: true;
  /** What the policy said of itself. */
  readonly policy: {
    readonly riskScore: Signal;
    readonly riskIndex: Signal;
    readonly version: string;
    readonly expired: boolean;
  };
  readonly coverage: { readonly ratio: Signal; readonly missing: number };
  readonly marks: BasisMarks;
}

/** Fingerprints: of the run's state before, of the inputs in the record, of what went into the network and came out. */
export interface BasisMarks {
  readonly before: number;
  readonly inputs: number;
  readonly feeds: number;
  readonly outputs: number;
}
