import { randomFillSync } from 'node:crypto';
import { createWorker } from '@esper/async-worker';
import { nodeWorkerPorts } from '@esper/async-worker/node';
import { createSealer } from '@esper/command-verifier';
import { randomIds } from '@esper/command-verifier/node';
import { sha256 } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import { blendSettings } from '../adapters/blend-settings.js';
import { DecisionLookup } from '../adapters/decision-lookup.js';
import { fieldReporting } from '../adapters/field-reporting.js';
import { hostReporter } from '../adapters/host-reporter.js';
import { judgingSettings } from '../adapters/judging-settings.js';
import { librarySettings } from '../adapters/library-settings.js';
import { NO_NESTING } from '../adapters/no-nesting.js';
import { ARCHITECTURE } from '../adapters/policy-bundle.js';
import { runtimeOf } from '../adapters/policy-runtime.js';
import type { LivePolicies } from '../adapters/policy-store.js';
import { decideInShadow } from '../adapters/policy-store-shadow.js';
import { watchedReporter } from '../adapters/policy-store-watch.js';
import { riskSettings } from '../adapters/risk-settings.js';
import { SceneNotes } from '../adapters/scene-notes.js';
import { SparedLibrary } from '../adapters/spared-library.js';
import { workerSettings } from '../adapters/worker-settings.js';
import type { FeatureFlags } from '../config/flags.js';
import type { Config } from '../config/knobs.js';
import { AnswerIndex } from '../decision/answer-index.js';
import { DecisionIds } from '../decision/decision-ids.js';
import { RecentAnswers } from '../decision/recent-answers.js';
import { Turns } from '../decision/turns.js';
import { DecisionEngine } from '../engine.js';
import type { Sharing } from '../ownership/open-sharing.js';
import { soleOwner } from '../ownership/run-ownership.js';
import { ANSWERS_OF_THE_LEDGER, SharedOwner } from '../ownership/shared-owner.js';
import type { Recovered } from '../records/recover.js';
import { RunTable } from '../runs/run-table.js';
import type { DecisionParts } from '../stages/parts.js';
import { HostEvents } from './host-events.js';
import type { HostSetup } from './host-setup.js';
import type { Carriers } from './open-carriers.js';
import type { Memory } from './open-memory.js';
import type { OpenParts } from './open-parts.js';

/** What has been opened so far. */
export interface Opened {
  readonly carriers: Carriers;
  readonly memory: Memory;
  readonly policies: LivePolicies;
  readonly flags: FeatureFlags;
  readonly issuerEpoch: number;
  /** Absent for a host on its own. */
  readonly sharing: Sharing | undefined;
}

/** The engine, and what belongs to it. */
export interface Assembled {
  readonly engine: DecisionEngine;
  readonly events: HostEvents;
  readonly lookup: DecisionLookup;
  readonly runs: RunTable;
  readonly scenes: SceneNotes;
  readonly library: SparedLibrary;
}

/** Answered packets that are remembered, over all runs. */
const ANSWERS_MAX = 2 ** 18;

/**
 * One that the runtime works on, and one that is ready for it: with one alone a runtime idles until the event loop comes round, and what
 * has piled up behind a slow disk is worked off half as fast.
 */
const TURNS_PER_RUNTIME = 2;

/** Joins every port of a decision to what stands behind it. */
export function assemble(setup: HostSetup, opened: Opened, open: OpenParts): Assembled {
  const { values } = setup.config;
  const { log, marks, recent, tell } = opened.carriers;
  const lookup = new DecisionLookup({ log, marks, recent, decisionDeadlineMs: values['deadlines.decisionMs'] });
  const events = new HostEvents((cause) => {
    const error = cause instanceof Error ? cause.message.slice(0, 200) : String(cause);
    tell({ description: 'listener_failed', level: 'WARNING', attributes: { error } });
  });
  const scenes = sceneNotes(setup, opened);
  const { catalogue } = opened.memory;
  const library = new SparedLibrary(setup.blueprints?.(catalogue) ?? catalogue, systemClock, librarySettings(values));
  const parts = decisionParts(setup, { ...opened, lookup, events, scenes, library }, open);
  opened.policies.compareWith((policy, live) => decideInShadow(policy, live, parts));
  const limits = {
    decisionDeadlineMs: values['deadlines.decisionMs'],
    queueMax: values['run.queueMax'],
    countMax: values['run.countMax'],
  };
  return { engine: new DecisionEngine(parts, limits), events, lookup, runs: parts.runs, scenes, library };
}

function decisionParts(
  setup: HostSetup,
  at: Opened & Omit<Assembled, 'engine' | 'runs'>,
  open: OpenParts,
): DecisionParts {
  const { values: config, digest } = setup.config;
  const { carriers, memory, policies, flags } = at;
  const workerPorts = nodeWorkerPorts();
  const worker = createWorker({ ...workerPorts, scope: NO_NESTING, ...workerSettings(config) });
  open.keep(() => worker.shutdown());
  const riskConfig = riskSettings(config);
  const runs = new RunTable({
    riskConfig,
    recovered: memory.recovered.runs,
    countMax: config['run.countMax'],
    startsConservative: config['risk.conservativeMode'],
    onForgotten: (runId) => at.sharing?.owner.forget(runId),
  });
  const decisionIds = new DecisionIds(systemClock, (bytes) => randomFillSync(bytes), memory.recovered.lastIdMs);
  return {
    clock: systemClock,
    timers: workerPorts.timers,
    ids: { decisionId: () => decisionIds.next() },
    worker,
    blueprints: at.library,
    policy: () => policies.inForce(),
    holdPolicy: (work) => policies.hold(work),
    names: memory.names,
    scenes: at.scenes,
    riskConfig,
    sealer: createSealer({ keyRing: setup.keys, clock: systemClock, ids: randomIds }),
    journal: carriers.journal,
    reporter: watchedReporter(
      hostReporter({
        config,
        telemetry: carriers.telemetry,
        fieldReports: memory.fieldReports,
        clock: systemClock,
        flags,
        events: at.events,
      }),
      { policies, runs },
    ),
    reports: fieldReporting({ version: ARCHITECTURE }),
    runs,
    turns: new Turns(TURNS_PER_RUNTIME * (1 + config['inference.standbyCount'])),
    ...answering(setup, at, runs),
    settings: {
      inferenceDeadlineMs: config['deadlines.inferenceMs'],
      metadataDeadlineMs: config['deadlines.metadataMs'],
      consumer: config['seal.consumer'],
      expiresInMs: config['seal.expiresInMs'],
      configDigest: digest,
      flags,
    },
  };
}

/** What decisions of this host have in common, as the log keeps it. */
function sceneNotes({ config }: HostSetup, { carriers, policies }: Opened): SceneNotes {
  const rest = {
    risk: riskSettings(config.values),
    blend: blendSettings(config),
    settings: judgingSettings(config),
    consumer: config.values['seal.consumer'],
  };
  return new SceneNotes({
    journal: carriers.journal,
    sha256,
    rest: () => ({ ...rest, runtime: runtimeOf(policies.current()) }),
    onLost: (cause) => {
      const detail = cause instanceof Error ? cause.message.slice(0, 200) : String(cause);
      carriers.tell({ description: 'record_lost', level: 'CRITICAL', attributes: { what: 'scene', detail } });
    },
  });
}

/** Where earlier answers come from, and who may decide: the log and this host; or, where hosts share their runs, the ledger. */
function answering(
  { config: { values } }: HostSetup,
  { carriers, memory, lookup, issuerEpoch, sharing }: Opened & { readonly lookup: DecisionLookup },
  runs: RunTable,
): Pick<DecisionParts, 'answers' | 'ownership'> {
  if (sharing === undefined) {
    const answers = new RecentAnswers(answerIndex(values, memory.recovered), lookup, systemClock);
    return { answers, ownership: soleOwner(issuerEpoch) };
  }
  const { journal, tell } = carriers;
  return {
    answers: ANSWERS_OF_THE_LEDGER,
    ownership: new SharedOwner({ ...sharing, runs, journal, clock: systemClock, tell }),
  };
}

/** The index of answers, with those of the log already in it. */
function answerIndex(config: Config, recovered: Recovered): AnswerIndex {
  const index = new AnswerIndex({ keepMs: config.idempotencyMs, countMax: ANSWERS_MAX });
  for (const { trainingRunId, packetId, logSequence, atMs } of recovered.answers) {
    index.keep(trainingRunId, packetId, { logSequence, atMs });
  }
  return index;
}
