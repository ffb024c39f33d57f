import { createWorker } from '@esper/async-worker';
import { nodeWorkerPorts } from '@esper/async-worker/node';
import { createKeyRing, createSealer } from '@esper/command-verifier';
import { hmacKey, randomIds } from '@esper/command-verifier/node';
import type { BlueprintDescriptor, TelemetryEvent } from '@esper/leyline';
import { hmacBusSigner } from '@esper/oona/redis';
import {
  type BlendConfig,
  DEFAULT_DIMS,
  DEFAULT_GRAPH_LIMITS,
  rememberRelations,
  resolveDecodeConfig,
  resolveObserveLimits,
  type Vocabularies,
} from '@esper/policy';
import { sha256 } from '@esper/registry/node';
import { resolveRiskConfig } from '@esper/risk-engine';
import type { RunOwner } from '@esper/run-ownership';
import { ok } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { buildBlueprint, buildReport } from '@esper/testkit';
import { SceneNotes } from '../../src/adapters/scene-notes.js';
import { FLAG_IDS, type FlagId } from '../../src/config/flags.js';
import { AnswerIndex } from '../../src/decision/answer-index.js';
import { DecisionIds } from '../../src/decision/decision-ids.js';
import { RecentAnswers } from '../../src/decision/recent-answers.js';
import { Turns } from '../../src/decision/turns.js';
import { DecisionEngine } from '../../src/engine.js';
import type { DecisionError } from '../../src/errors.js';
import { LedgerCodec } from '../../src/ownership/ledger-codec.js';
import { soleOwner } from '../../src/ownership/run-ownership.js';
import { ANSWERS_OF_THE_LEDGER, SharedOwner } from '../../src/ownership/shared-owner.js';
import type { DecisionRecord, HostRecord, OperatorRecord } from '../../src/records/record.js';
import { type KnownRun, RunTable } from '../../src/runs/run-table.js';
import type { ActivePolicy, DecisionParts, ReportContext } from '../../src/stages/parts.js';
import type { Recorded } from '../../src/stages/stages.js';
import { FakeInference } from './fake-inference.js';

export const KEY_BYTES = new Uint8Array(32).fill(7);
const FOREVER = { createdAtMs: 0, notBeforeMs: 0, notAfterMs: 8_640_000_000_000_000 } as const;
export const testKeyRing = () =>
  createKeyRing([{ keyId: 'k1', state: 'current', ...FOREVER, material: hmacKey(KEY_BYTES) }]);

/** A journal in memory whose next appends can be made to fail or wait. */
export class MemoryJournal {
  readonly records: HostRecord[] = [];
  failing: Error | undefined;
  /** While set, appends wait for it. */
  gate: Promise<void> | undefined;

  async append(record: HostRecord): Promise<number> {
    const { gate } = this;
    if (gate !== undefined) await gate;
    if (this.failing !== undefined) throw this.failing;
    this.records.push(record);
    return this.records.length;
  }

  /** The decision at a place, as the log would give it back. */
  async at(place: number): Promise<DecisionRecord | undefined> {
    const record = this.records[place - 1];
    return record?.kind === 'decision' ? record : undefined;
  }

  kinds(): readonly string[] {
    return this.records.map((record) => record.kind);
  }
}

/** A blueprint library under the test's hand. */
export class FakeLibrary {
  blueprints: readonly BlueprintDescriptor[] = [buildBlueprint()];
  hanging = false;
  failing: Error | undefined;
  lookups = 0;

  candidates(): Promise<readonly BlueprintDescriptor[]> {
    this.lookups += 1;
    if (this.hanging) return new Promise(() => undefined);
    return this.failing === undefined ? Promise.resolve(this.blueprints) : Promise.reject(this.failing);
  }

  async lookup(id: string): Promise<BlueprintDescriptor | undefined> {
    return this.blueprints.find((blueprint) => blueprint.blueprintId === id);
  }

  knownIds(): ReadonlySet<string> {
    return new Set(this.blueprints.map((blueprint) => blueprint.blueprintId));
  }
}

/** What was told to the outside. */
export class Heard {
  readonly delivered: { readonly decision: Recorded; readonly context: ReportContext }[] = [];
  readonly failed: { readonly error: DecisionError; readonly context: ReportContext }[] = [];
  readonly lost: string[] = [];
  readonly refused: DecisionError[] = [];
  readonly ordered: OperatorRecord[] = [];
  readonly recorded: string[] = [];
  readonly told: TelemetryEvent[] = [];
}

const EMPTY_VOCABULARIES: Vocabularies = {
  seed: new Map(),
  blueprint: new Map(),
  layer_type: new Map(),
  activation_type: new Map(),
};

export const HERE = { inference: 'fake 1.0', node: '20', cpu: 'any' } as const;

const sceneNotes = (journal: MemoryJournal, risk: DecisionParts['riskConfig']): SceneNotes =>
  new SceneNotes({
    journal,
    sha256,
    rest: () => ({ risk, blend: {}, settings: {}, consumer: 'kasmina', runtime: HERE }),
    onLost: (cause) => {
      throw cause;
    },
  });

/** A policy in force, over a network under the test's hand. */
export const activePolicy = (host: FakeInference, blend: Partial<BlendConfig> = {}): ActivePolicy => ({
  host,
  dims: DEFAULT_DIMS,
  observeLimits: resolveObserveLimits(),
  graphLimits: DEFAULT_GRAPH_LIMITS,
  relations: rememberRelations(),
  decode: resolveDecodeConfig({ bundleDigest: 'a'.repeat(64), blend }),
  digest: 'a'.repeat(64),
  version: 'tamiyo_gnn_v1',
  samplesActions: false,
  expired: () => false,
});

/** What a busy machine keeps. */
const PATIENT_MS = 20_000;
const HANGING_MS = 50;

/** A host's engine with real policy code, risk engine, sealer and worker, and fakes where it touches the world. */
export function engineFixture(
  given: {
    readonly decisionDeadlineMs?: number;
    readonly recovered?: ReadonlyMap<string, KnownRun>;
    readonly flags?: readonly FlagId[];
    readonly runCountMax?: number;
    readonly startsConservative?: boolean;
    /** Writes scenes into the journal, as a host does: with them decisions can be made again. */
    readonly keepsScenes?: boolean;
    readonly keepAnswersMs?: number;
    readonly settings?: Partial<DecisionParts['settings']>;
    /** Ports to use instead of the fakes. */
    readonly ports?: Partial<Pick<DecisionParts, 'reporter' | 'reports' | 'names' | 'worker' | 'blueprints'>>;
    readonly queueMax?: number;
    readonly turns?: Turns;
    /** Shares its runs through this; see {@link RunOwner}. */
    readonly owner?: RunOwner;
  } = {},
) {
  const inference = new FakeInference();
  const policy = activePolicy(inference);
  const journal = new MemoryJournal();
  const library = new FakeLibrary();
  const heard = new Heard();
  const riskConfig = resolveRiskConfig();
  let made = 0;
  const decisionIds = new DecisionIds(systemClock, (bytes) => {
    made += 1;
    new DataView(bytes.buffer).setUint32(12, made);
  });
  const answers = new AnswerIndex({ keepMs: given.keepAnswersMs ?? 600_000, countMax: 1_000 });
  const parts: DecisionParts = {
    clock: systemClock,
    timers: nodeWorkerPorts().timers,
    ids: { decisionId: () => decisionIds.next() },
    worker: createWorker(nodeWorkerPorts()),
    blueprints: library,
    policy: () => ok(policy),
    holdPolicy: (work) => work(),
    names: { vocabularies: () => EMPTY_VOCABULARIES, offer: () => undefined },
    riskConfig,
    ...(given.keepsScenes === true ? { scenes: sceneNotes(journal, riskConfig) } : {}),
    sealer: createSealer({ keyRing: testKeyRing(), clock: systemClock, ids: randomIds }),
    journal,
    reporter: {
      delivered: (decision, context) => heard.delivered.push({ decision, context }),
      failed: (error, context) => heard.failed.push({ error, context }),
      recorded: (record) => heard.recorded.push(record.kind),
      recordLost: (what) => heard.lost.push(what),
      refused: (error) => heard.refused.push(error),
      ordered: (record) => heard.ordered.push(record),
    },
    reports: { ofDecision: () => buildReport(), ofFailure: () => buildReport() },
    runs: new RunTable({
      riskConfig,
      ...(given.recovered === undefined ? {} : { recovered: given.recovered }),
      ...(given.runCountMax === undefined ? {} : { countMax: given.runCountMax }),
      startsConservative: given.startsConservative ?? false,
    }),
    answers: new RecentAnswers(answers, journal, systemClock),
    turns: given.turns ?? new Turns(100),
    ownership: soleOwner(1),
    settings: {
      // The fake network answers at once, or says at once that it was late.
      inferenceDeadlineMs: PATIENT_MS,
      consumer: 'kasmina',
      expiresInMs: 60_000,
      configDigest: 'c'.repeat(64),
      flags: { isOn: (flag) => FLAG_IDS.includes(flag) && (given.flags ?? []).includes(flag) },
      ...given.settings,
      // A short deadline is for a library that hangs. One that answers has time, on a busy machine too.
      get metadataDeadlineMs() {
        return library.hanging ? (given.settings?.metadataDeadlineMs ?? HANGING_MS) : PATIENT_MS;
      },
    },
    ...given.ports,
  };
  const { owner } = given;
  if (owner !== undefined) {
    const { runs } = parts;
    const codec = new LedgerCodec(hmacBusSigner('a secret of the tests'));
    const tell = (event: TelemetryEvent): void => void heard.told.push(event);
    Object.assign(parts, {
      answers: ANSWERS_OF_THE_LEDGER,
      ownership: new SharedOwner({ owner, codec, runs, journal, clock: systemClock, tell }),
    });
  }
  const options = {
    decisionDeadlineMs: given.decisionDeadlineMs ?? 3 * PATIENT_MS,
    queueMax: given.queueMax ?? 16,
    countMax: 100,
  };
  const engine = new DecisionEngine(parts, options);
  return { engine, inference, journal, library, heard, parts };
}
