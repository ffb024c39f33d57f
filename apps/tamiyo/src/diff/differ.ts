import type { RiskConfig } from '@esper/risk-engine';
import { asDecisionError, type TamiyoErrorCode } from '../errors.js';
import type { DecisionRecord, HostRecord } from '../records/record.js';
import type { DecisionScene } from '../records/scene.js';
import type { Unreplayable } from '../replay/replayed.js';
import { RunChain } from '../replay/run-chain.js';
import { newRunState } from '../runs/run-state.js';
import { type Flip, flipOf } from './flip.js';
import { type JudgedDecision, judgeAgain, type Verdict } from './judge-again.js';

/** What past decisions are held against. */
export interface Alternative {
  /** The risk configuration in the place of a scene's own. */
  risk(scene: DecisionScene): RiskConfig;
  /** Decides through the network, for another policy or blend; `undefined` where only the judgement differs. */
  decide(decision: JudgedDecision, risk: RiskConfig): Promise<Verdict | undefined>;
}

/** What became of one decision. */
export type DiffOutcome =
  | { readonly kind: 'same' }
  | { readonly kind: 'flip'; readonly flip: Flip }
  /** It would get no command at all. */
  | { readonly kind: 'fails'; readonly code: TamiyoErrorCode; readonly message: string }
  | { readonly kind: 'unreplayable'; readonly why: Unreplayable };

export interface DifferWorld {
  scene(id: string): Promise<DecisionScene | undefined>;
}

/** Holds the decisions of a log against an alternative, record by record, in order. Memory: a few states for each run. */
export class Differ {
  readonly #chain = new RunChain();
  readonly #world: DifferWorld;
  readonly #alternative: Alternative;

  constructor(world: DifferWorld, alternative: Alternative) {
    this.#world = world;
    this.#alternative = alternative;
  }

  /** Takes the next record; for a decision that `wanted` names, says what would become of it. */
  async take(
    record: HostRecord,
    wanted: (record: DecisionRecord) => boolean = () => true,
  ): Promise<DiffOutcome | undefined> {
    if (!('stateAfter' in record)) return undefined;
    const outcome = record.kind === 'decision' && wanted(record) ? await this.#compare(record) : undefined;
    this.#chain.take(record);
    return outcome;
  }

  async #compare(record: DecisionRecord): Promise<DiffOutcome> {
    const { basis } = record;
    if (basis === undefined) return { kind: 'unreplayable', why: record.standIn === true ? 'stand_in' : 'no_basis' };
    const scene = await this.#world.scene(basis.scene);
    if (scene === undefined) return { kind: 'unreplayable', why: 'scene_gone' };
    const fresh = basis.before ?? newRunState(scene.risk);
    const before = this.#chain.before(record.trainingRunId, basis.marks.before, fresh);
    if (before === undefined) return { kind: 'unreplayable', why: 'state_gone' };
    return this.#judge({ record, basis, before, scene });
  }

  async #judge(decision: JudgedDecision): Promise<DiffOutcome> {
    // Settings that cannot be used are nobody's decision.
    const risk = this.#alternative.risk(decision.scene);
    try {
      const verdict = (await this.#alternative.decide(decision, risk)) ?? judgeAgain(decision, risk);
      const flip = flipOf(decision.record, verdict);
      return flip === undefined ? { kind: 'same' } : { kind: 'flip', flip };
    } catch (cause) {
      const { code, message } = asDecisionError(cause);
      return { kind: 'fails', code, message };
    }
  }
}
