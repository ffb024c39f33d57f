import type { CommandDraft } from '@esper/leyline';
import {
  askBreaker,
  assess,
  type BlueprintInput,
  type RiskConfig,
  type RiskInput,
  type RiskState,
  reportBreaker,
} from '@esper/risk-engine';
import { elapsedMs, invariant } from '@esper/std';
import { instantOf } from '../decision/moments.js';
import type { DecisionBasis } from '../records/basis.js';
import type { DecisionRecord } from '../records/record.js';
import type { DecisionScene } from '../records/scene.js';
import type { RunState } from '../runs/run-state.js';
import { conservativeByConfiguration } from '../runs/run-table.js';

/** A recorded decision, as far as the risk engine looks at it. */
export interface JudgedDecision {
  readonly record: DecisionRecord;
  readonly basis: DecisionBasis;
  readonly before: RunState;
  readonly scene: DecisionScene;
}

/** What a judgement comes to. */
export interface Verdict {
  readonly command: CommandDraft;
  /** The deciding reason. */
  readonly reason: string;
}

/** How another risk configuration judges the recorded proposal, in the state it was made in. Pure; no network is asked. */
export function judgeAgain(decision: JudgedDecision, other: RiskConfig): Verdict {
  const { command, reason } = assess(stateAtJudgement(decision), inputOf(decision), other);
  return { command, reason };
}

/** The state before, with what the breakers saw of look-up and inference since. */
function stateAtJudgement({ basis, before, scene }: JudgedDecision): RiskState {
  const { openedAt, moments } = basis;
  const opened = openedAt === undefined ? before : conservativeByConfiguration(before, instantOf(openedAt)).state;
  let state = opened.risk;
  for (const [at, name] of (['metadata', 'inference'] as const).entries()) {
    const [asked, answered] = [momentAt(moments, 2 * at), momentAt(moments, 2 * at + 1)];
    const permission = askBreaker(state, { name, at: asked }, scene.risk);
    const durationMs = elapsedMs(asked.monoMs, answered.monoMs);
    const report = { kind: 'success' as const, durationMs, ticket: permission.ticket };
    state = reportBreaker(permission.state, { name, report, at: answered }, scene.risk).state;
  }
  return state;
}

function inputOf({ record, basis, scene }: JudgedDecision): RiskInput {
  const { proposed, packet } = record;
  return {
    draft: proposed,
    packet,
    policy: basis.policy,
    blueprint: blueprintOf(proposed.seedOperation?.blueprintId, scene),
    // What was missing of which family is recorded in no record, and not judged.
    coverage: { ...basis.coverage, byType: {} },
    at: momentAt(basis.moments, basis.moments.length - 1),
    step: packet.globalStep,
  };
}

function blueprintOf(blueprintId: string | undefined, { blueprints }: DecisionScene): BlueprintInput {
  if (blueprintId === undefined) return { kind: 'none' };
  const descriptor = blueprints.find((one) => one.blueprintId === blueprintId);
  return descriptor === undefined ? { kind: 'missing', blueprintId } : { kind: 'known', descriptor };
}

function momentAt(moments: DecisionBasis['moments'], place: number) {
  const moment = moments[place];
  invariant(moment !== undefined, 'a decision has five moments');
  return instantOf(moment);
}
