import { type Difference, differencesOf } from './differences.js';
import type { FlippedBit } from './find-flip.js';
import type { Determined, Recomputed } from './recompute.js';

/** The parts of a decision, in the order in which they follow from one another. */
export type ReplayPart = 'input' | 'graph' | 'inference' | 'proposal' | 'risk' | 'state' | 'seal';

/** Why a decision cannot be made again. */
export const UNREPLAYABLE = {
  no_basis: 'recorded before what decisions depend on was kept',
  stand_in: 'a pause in the place of a failed decision (FF-01, FF-06)',
  state_gone: 'the state of the run before it is not in the log (any more)',
  scene_gone: 'its blueprints and configuration are not in the log (any more)',
  policy_gone: 'its policy is not kept (any more)',
  names_gone: 'the name tables hold fewer names than it knew',
} as const;
export type Unreplayable = keyof typeof UNREPLAYABLE;

/** Differences of one part. */
export interface PartDiffers {
  readonly part: ReplayPart;
  readonly differences: readonly Difference[];
  /** The flipped bit that explains it, for the part `input`. */
  readonly flip?: FlippedBit;
}

/** What became of one decision. */
export type ReplayOutcome =
  | { readonly kind: 'identical' }
  /** Only what the network said differs, and this is another runtime or processor than it was recorded on. */
  | { readonly kind: 'elsewhere'; readonly differs: readonly PartDiffers[] }
  | { readonly kind: 'differs'; readonly differs: readonly PartDiffers[] }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly differs: readonly PartDiffers[];
    }
  | { readonly kind: 'unreplayable'; readonly why: Unreplayable; readonly detail: string };

const SHOWN_MAX = 8;

/** What differs between a record and the decision made again, part by part, the first cause first. */
export function partsThatDiffer(recorded: Determined, { determined: now, sealed }: Recomputed): readonly PartDiffers[] {
  const { marks, policy, coverage } = recorded.basis;
  const pairs: readonly (readonly [ReplayPart, unknown, unknown])[] = [
    [
      'graph',
      { coverage, vocabularySizes: recorded.vocabularySizes, feeds: marks.feeds },
      { coverage: now.basis.coverage, vocabularySizes: now.vocabularySizes, feeds: now.basis.marks.feeds },
    ],
    ['inference', { outputs: marks.outputs }, { outputs: now.basis.marks.outputs }],
    ['proposal', { proposed: recorded.proposed, policy }, { proposed: now.proposed, policy: now.basis.policy }],
    ['risk', judgementOf(recorded), judgementOf(now)],
    ['state', { stateAfter: recorded.stateAfter }, { stateAfter: now.stateAfter }],
    ['seal', { sealed: asBytes(sealed.recorded) }, { sealed: asBytes(sealed.now) }],
  ];
  return pairs.flatMap(([part, before, after]) => {
    const differences = differencesOf(before, after, { path: '', max: SHOWN_MAX });
    return differences.length === 0 ? [] : [{ part, differences }];
  });
}

const judgementOf = ({ command, findings, deciding, reasons, decidingAt, conservative }: Determined): object => ({
  command,
  findings,
  deciding,
  reasons,
  decidingAt,
  conservative,
});

/** Bytes that can be compared one by one. */
const asBytes = (sealed: Uint8Array | string): unknown => (typeof sealed === 'string' ? sealed : [...sealed]);
