import type { Vocabularies } from '@esper/policy';
import { asDecisionError } from '../errors.js';
import type { DecisionRecord, HostRecord, VocabularySizes } from '../records/record.js';
import type { DecisionScene, SceneRuntime } from '../records/scene.js';
import { newRunState } from '../runs/run-state.js';
import { inputMarkOf } from '../stages/basis.js';
import type { ActivePolicy } from '../stages/parts.js';
import { findFlip } from './find-flip.js';
import { type Determined, type Recomputed, recompute } from './recompute.js';
import type { ReplayInputs } from './replay-parts.js';
import { type PartDiffers, partsThatDiffer, type ReplayOutcome, UNREPLAYABLE, type Unreplayable } from './replayed.js';
import { RunChain } from './run-chain.js';

/** What a replay needs beside the log's decisions. */
export interface ReplayWorld {
  /** A scene by its name, wherever in the log it stands. */
  scene(id: string): Promise<DecisionScene | undefined>;
  /** A policy that is still kept, with that blend. */
  policy(digest: string, scene: Pick<DecisionScene, 'blend'>): Promise<ActivePolicy | undefined>;
  /** The first so many names of each table. */
  vocabularies(sizes: VocabularySizes): Vocabularies | undefined;
  /** What runs here. */
  runtime(): SceneRuntime;
}

/** One decision of the log, and what came out now. */
export interface Replayed {
  readonly record: DecisionRecord;
  readonly outcome: ReplayOutcome;
  /** Where it was recorded, if that is known and is not here. */
  readonly recordedOn?: SceneRuntime;
}

type Found = { readonly inputs: ReplayInputs } | { readonly why: Unreplayable; readonly detail?: string };

/** Makes the decisions of a log again, record by record, in order. Memory: a few states for each run. */
export class Replayer {
  readonly #world: ReplayWorld;
  readonly #chain = new RunChain();

  constructor(world: ReplayWorld) {
    this.#world = world;
  }

  /** Takes the next record; for a decision that `wanted` names, says what came out. */
  async take(
    record: HostRecord,
    wanted: (record: DecisionRecord) => boolean = () => true,
  ): Promise<Replayed | undefined> {
    if (!('stateAfter' in record)) return undefined;
    if (record.kind !== 'decision' || !wanted(record)) {
      this.#chain.take(record);
      return undefined;
    }
    const found = await this.#find(record);
    if ('why' in found) {
      this.#chain.take(record);
      const { why, detail = UNREPLAYABLE[why] } = found;
      return { record, outcome: { kind: 'unreplayable', why, detail } };
    }
    const { outcome, stateAfter } = await this.#again(found.inputs);
    this.#chain.take(record, stateAfter);
    const { runtime } = found.inputs.scene;
    return { record, outcome, ...(isHere(runtime, this.#world.runtime()) ? {} : { recordedOn: runtime }) };
  }

  async #find(record: DecisionRecord): Promise<Found> {
    const { basis, digests } = record;
    if (basis === undefined) return { why: record.standIn === true ? 'stand_in' : 'no_basis' };
    const scene = await this.#world.scene(basis.scene);
    if (scene === undefined) return { why: 'scene_gone' };
    // Kept in the record itself where the one before may be missing.
    const fresh = basis.before ?? newRunState(scene.risk);
    const before = this.#chain.before(record.trainingRunId, basis.marks.before, fresh);
    if (before === undefined) return { why: 'state_gone' };
    const policy = await this.#world.policy(digests.policy, scene);
    if (policy === undefined) return { why: 'policy_gone', detail: `${UNREPLAYABLE.policy_gone}: ${digests.policy}` };
    const vocabularies = this.#world.vocabularies(record.vocabularySizes);
    if (vocabularies === undefined) return { why: 'names_gone' };
    return { inputs: { record, basis, before, scene, policy, vocabularies } };
  }

  async #again(inputs: ReplayInputs): Promise<{ outcome: ReplayOutcome; stateAfter?: Determined['stateAfter'] }> {
    const input = inputsThatDiffer(inputs);
    const recorded = { ...inputs.record, basis: inputs.basis };
    try {
      const now = await recompute(inputs, { trustProposal: false });
      const differs = [...input, ...partsThatDiffer(recorded, now)];
      const { stateAfter } = now.determined;
      if (differs.length === 0) return { outcome: { kind: 'identical' }, stateAfter };
      if (await this.#isOnlyElsewhere(inputs, differs)) return { outcome: { kind: 'elsewhere', differs } };
      return { outcome: { kind: 'differs', differs }, stateAfter };
    } catch (cause) {
      const { code, message } = asDecisionError(cause);
      return { outcome: { kind: 'refused', code, message, differs: input } };
    }
  }

  /** True when this is another runtime, only the network says something else, and all that follows from its recorded word holds. */
  async #isOnlyElsewhere(inputs: ReplayInputs, differs: readonly PartDiffers[]): Promise<boolean> {
    const isFirst = differs[0]?.part === 'inference';
    if (!isFirst || isHere(inputs.scene.runtime, this.#world.runtime())) return false;
    const trusting: Recomputed = await recompute(inputs, { trustProposal: true });
    const rest = partsThatDiffer({ ...inputs.record, basis: inputs.basis }, trusting);
    return rest.every(({ part }) => part === 'inference');
  }
}

/** The recorded inputs against their fingerprint of the time. */
function inputsThatDiffer({ record, basis }: ReplayInputs): readonly PartDiffers[] {
  const { packet, vocabularySizes } = record;
  const { marks, policy: _policy, coverage: _coverage, ...rest } = basis;
  const inputs = { packet, vocabularySizes, ...rest };
  if (inputMarkOf(inputs) === marks.inputs) return [];
  const flip = findFlip(inputs, marks.inputs);
  const differences = flip === undefined ? [] : [{ path: flip.path, recorded: flip.recorded, now: flip.decidedOn }];
  return [{ part: 'input', differences, ...(flip === undefined ? {} : { flip }) }];
}

const isHere = (there: SceneRuntime, here: SceneRuntime): boolean =>
  there.inference === here.inference && there.cpu === here.cpu;
