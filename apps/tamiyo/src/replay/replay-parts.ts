import { createWorker } from '@esper/async-worker';
import { nodeWorkerPorts } from '@esper/async-worker/node';
import type { Vocabularies } from '@esper/policy';
import { ok } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { ArrowRunner } from '../decision/arrows.js';
import { DecisionDeadline } from '../decision/deadline.js';
import { instantOf, RecordedMoments } from '../decision/moments.js';
import { Turns } from '../decision/turns.js';
import { soleOwner } from '../ownership/run-ownership.js';
import type { DecisionBasis } from '../records/basis.js';
import type { DecisionRecord } from '../records/record.js';
import type { DecisionScene } from '../records/scene.js';
import type { RunState } from '../runs/run-state.js';
import { conservativeByConfiguration, RunTable } from '../runs/run-table.js';
import type { ActivePolicy, DecisionParts, DecisionSession } from '../stages/parts.js';

/** Everything a recorded decision is made again from. */
export interface ReplayInputs {
  readonly record: DecisionRecord;
  readonly basis: DecisionBasis;
  /** The state of the run before. */
  readonly before: RunState;
  readonly scene: DecisionScene;
  readonly policy: ActivePolicy;
  /** The names that were known when the decision was made. */
  readonly vocabularies: Vocabularies;
}

/** A replay waits for nobody; it only must not hang. */
const DEADLINE_MS = 60_000;

/** The session of a decision that is made again. */
export function replaySession({ record, basis, before }: ReplayInputs): DecisionSession {
  const { decisionId, trainingRunId, packetId, atMs, packet } = record;
  const { openedAt } = basis;
  const deadline = new DecisionDeadline(DEADLINE_MS, { clock: systemClock, timers: nodeWorkerPorts().timers });
  const state = openedAt === undefined ? before : conservativeByConfiguration(before, instantOf(openedAt)).state;
  return {
    decisionId,
    arrows: new ArrowRunner(deadline, systemClock),
    atMs,
    about: { trainingRunId, packetId },
    packet,
    begin: { state: before, isRecorded: basis.before === undefined, ...(openedAt === undefined ? {} : { openedAt }) },
    moments: new RecordedMoments(basis.moments),
    state,
    events: [],
  };
}

/** The ports of the stages up to the judgement. The others are never asked: nothing is sealed, recorded or told. */
export function replayParts({ record, basis, scene, policy, vocabularies }: ReplayInputs): DecisionParts {
  const known = new Set(scene.blueprints.map(({ blueprintId }) => blueprintId));
  for (const id of scene.unknownIds) known.delete(id);
  const workerPorts = nodeWorkerPorts();
  return {
    clock: systemClock,
    timers: workerPorts.timers,
    ids: { decisionId: () => record.decisionId },
    worker: createWorker(workerPorts),
    blueprints: {
      candidates: async () => scene.blueprints,
      lookup: async (id) => scene.blueprints.find(({ blueprintId }) => blueprintId === id),
      knownIds: () => known,
    },
    policy: () => ok(policy),
    holdPolicy: (work) => work(),
    names: { vocabularies: () => vocabularies, offer: () => undefined },
    scenes: { idOf: () => basis.scene },
    riskConfig: scene.risk,
    sealer: { seal: unasked },
    journal: { append: unasked },
    reporter: UNASKED_REPORTER,
    reports: { ofDecision: unasked, ofFailure: unasked },
    runs: new RunTable({ riskConfig: scene.risk }),
    answers: { find: unasked, keep: unasked },
    turns: new Turns(1),
    ownership: soleOwner(record.identity.issuerEpoch),
    settings: {
      inferenceDeadlineMs: 0,
      metadataDeadlineMs: 0,
      consumer: scene.consumer,
      expiresInMs: record.identity.expiresAtMs - record.identity.issuedAtMs,
      configDigest: record.digests.config,
      flags: { isOn: (flag) => flag === 'FF-05' && basis.guardBypassed === true },
    },
  };
}

function unasked(): never {
  throw new TypeError('a replay seals, records and tells nothing');
}

const UNASKED_REPORTER = {
  delivered: unasked,
  failed: unasked,
  recorded: unasked,
  refused: unasked,
  ordered: unasked,
  recordLost: unasked,
};
