import type { SystemStatePacket } from '@esper/leyline';
import type { ShadowReport } from '@esper/registry';
import { carefulnessOf } from '@esper/risk-engine';
import { ok } from '@esper/std';
import { ArrowRunner } from '../decision/arrows.js';
import { DecisionDeadline, type Timers } from '../decision/deadline.js';
import { ReadMoments } from '../decision/moments.js';
import { Turns } from '../decision/turns.js';
import { asDecisionError } from '../errors.js';
import type { DecisionRecord } from '../records/record.js';
import type { RunState } from '../runs/run-state.js';
import { createStages } from '../stages/create-stages.js';
import type { ActivePolicy, DecisionParts, DecisionSession } from '../stages/parts.js';
import { BoundedWait } from './bounded-wait.js';

/** A decision that was delivered, and the state its run was in before. */
export interface LiveDecision {
  readonly record: Pick<DecisionRecord, 'packet' | 'command' | 'trainingRunId' | 'packetId' | 'atMs'>;
  readonly before: RunState;
}

/** What a policy would have commanded, through the same stages as a live one, risk engine included. Nothing is kept. */
export async function decideInShadow(policy: ActivePolicy, live: LiveDecision, parts: DecisionParts) {
  const { packet, trainingRunId, packetId, atMs } = live.record;
  const session = shadowSession({ packet, trainingRunId, packetId, atMs, before: live.before }, parts);
  const stages = createStages(session, {
    ...withoutScenes(parts),
    policy: () => ok(policy),
    turns: new Turns(1),
  });
  const resolved = await stages.resolve({ packet });
  const inferred = await stages.infer(await stages.observe(resolved));
  return stages.assess(stages.guard(stages.decode(inferred))).assessment.command;
}

/** Nothing of a shadow is kept. */
function withoutScenes({ scenes: _scenes, ...parts }: DecisionParts): DecisionParts {
  return parts;
}

interface Shadowed {
  readonly packet: SystemStatePacket;
  readonly trainingRunId: string;
  readonly packetId: string;
  readonly atMs: number;
  readonly before: RunState;
}

/** The live decision has its deadline; a shadow only must not stay for ever. */
const SHADOW_DEADLINE_MS = 10_000;

function shadowSession(of: Shadowed, parts: DecisionParts): DecisionSession {
  const deadline = new DecisionDeadline(SHADOW_DEADLINE_MS, parts);
  return {
    decisionId: parts.ids.decisionId(),
    arrows: new ArrowRunner(deadline, parts.clock),
    atMs: of.atMs,
    about: { trainingRunId: of.trainingRunId, packetId: of.packetId },
    packet: of.packet,
    begin: { state: of.before, isRecorded: true },
    moments: new ReadMoments(parts.clock),
    state: of.before,
    events: [],
  };
}

export interface ShadowLimits {
  /** Decisions that are wanted. */
  readonly decisions: number;
  /** How long they are waited for, in milliseconds. */
  readonly withinMs: number;
}

/** Live decisions that wait for the candidate. Beyond: not compared, so that a slow candidate never delays a live one. */
const WAITING_MAX = 32;
const NAME_CHARS_MAX = 64;

/** Compares a candidate with the live policy, decision by decision, beside the decisions and never in their way. */
export class ShadowRun {
  readonly #limits: ShadowLimits;
  readonly #decide: (live: LiveDecision) => ReturnType<typeof decideInShadow>;
  readonly #agreement = new Map<string, number>();
  readonly #looser: string[] = [];
  readonly #wait: BoundedWait;
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #decisions = 0;

  constructor(limits: ShadowLimits, timers: Timers, decide: (live: LiveDecision) => ReturnType<typeof decideInShadow>) {
    this.#limits = limits;
    this.#decide = decide;
    this.#wait = new BoundedWait(limits.withinMs, timers);
    if (limits.decisions === 0) this.#wait.end();
  }

  /** Takes a live decision. Never waits, never throws. */
  offer(live: LiveDecision): void {
    if (this.#waiting >= WAITING_MAX || this.#decisions + this.#waiting >= this.#limits.decisions) return;
    this.#waiting += 1;
    this.#turn = this.#turn.then(() => this.#compare(live));
  }

  /** Waits for no more decisions: the host is closing. */
  end(): void {
    this.#wait.end();
  }

  /** Resolves when enough decisions were compared, or their time is over. */
  async report(): Promise<ShadowReport> {
    await this.#wait.over;
    return {
      decisions: this.#decisions,
      wanted: this.#limits.decisions,
      agreement: Object.fromEntries(this.#agreement),
      looser: this.#looser,
    };
  }

  async #compare(live: LiveDecision): Promise<void> {
    const { command, packetId } = live.record;
    try {
      const other = await this.#decide(live);
      const pair = `${command.commandType}→${other.commandType}`;
      this.#count(pair);
      this.#decisions += 1;
      if (carefulnessOf(other) < carefulnessOf(command))
        this.#looser.push(`packet ${packetId.slice(0, NAME_CHARS_MAX)}: ${pair}`);
    } catch (cause) {
      // A candidate that gives no command has not decided: one that keeps failing never gets enough decisions.
      this.#count(`${command.commandType}→${asDecisionError(cause).code}`);
    }
    this.#waiting -= 1;
    if (this.#decisions >= this.#limits.decisions) this.#wait.end();
  }

  #count(pair: string): void {
    this.#agreement.set(pair, (this.#agreement.get(pair) ?? 0) + 1);
  }
}
