import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type AsyncWorker, createWorker } from '@esper/async-worker';
import { nodeWorkerPorts } from '@esper/async-worker/node';
import { createBytesSigner, createSealer, type KeyRingHolder } from '@esper/command-verifier';
import { randomIds } from '@esper/command-verifier/node';
import { type Bus, openEmbeddedBus } from '@esper/oona';
import { type FileCatalogue, openFileCatalogue } from '@esper/registry/node';
import { ok } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { openWal, type Wal, type WalObserver } from '@esper/wal';
import { nodeDisk, nodeRandom } from '@esper/wal/node';
import { fieldReporting } from './adapters/field-reporting.js';
import { hostReporter } from './adapters/host-reporter.js';
import { type HostTelemetry, openTelemetry } from './adapters/host-telemetry.js';
import { LearnedNames } from './adapters/learned-names.js';
import { outboxJournal } from './adapters/outbox-journal.js';
import { type OpenedPolicy, openPolicyBundle } from './adapters/policy-bundle.js';
import { readLog } from './adapters/read-log.js';
import { riskSettings } from './adapters/risk-settings.js';
import { walJournal } from './adapters/wal-journal.js';
import type { ResolvedConfig } from './config/resolve.js';
import { AnswerMemory } from './decision/answer-memory.js';
import { DecisionEngine } from './engine.js';
import { nameNote, restoreName } from './records/name-note.js';
import type { Recovered } from './records/recover.js';
import { RunTable } from './runs/run-state.js';
import type { DecisionParts } from './stages/parts.js';

/** What a host is made of, beside its configuration. */
export interface HostSetup {
  readonly config: ResolvedConfig;
  readonly keys: KeyRingHolder;
  readonly onWal?: WalObserver;
}

/** A host that is ready to decide. */
export interface Host {
  readonly engine: DecisionEngine;
  readonly policy: OpenedPolicy;
  readonly catalogue: FileCatalogue;
  readonly log: Wal;
  readonly bus: Bus;
  readonly telemetry: HostTelemetry;
  readonly recovered: Recovered;
  readonly issuerEpoch: number;
  readonly parts: DecisionParts;
  /** Answers what is under way, drains telemetry, closes the log. Idempotent. */
  close(): Promise<void>;
}

const OUTBOX_FOLDER = 'bus';
const LOG_FOLDER = 'log';
const ANSWERS_MAX = 100_000;
const DRAIN_MS = 2_000;

/** The only place that constructs adapters and joins ports. Rejects with what is missing; then nothing is left open. */
export async function openHost(setup: HostSetup): Promise<Host> {
  const opened: (() => Promise<unknown>)[] = [];
  try {
    return await assemble(setup, opened);
  } catch (cause) {
    for (const close of opened.reverse()) await close();
    throw cause;
  }
}

async function assemble(setup: HostSetup, opened: (() => Promise<unknown>)[]): Promise<Host> {
  const { values: config } = setup.config;
  const keep = <T>(part: T, close: () => Promise<unknown>): T => {
    opened.push(close);
    return part;
  };
  const catalogue = await openFileCatalogue(
    config.catalogueFile === '' ? join(config.dataDir, 'catalogue.json') : config.catalogueFile,
  );
  const log = await openLog(setup, LOG_FOLDER);
  keep(log, () => log.close());
  const names: LearnedNames = new LearnedNames((table, name, index) => {
    journal.append(nameNote(table, name, index)).catch((cause: unknown) => reporter.recordLost('name', cause));
  });
  const journal = walJournal(log);
  const recovered = await readLog(log, systemClock.wallMs() - config.idempotencyMs, (note) => restoreName(note, names));
  const policy = await openPolicy(setup);
  keep(policy, () => policy.host.close());
  const outbox = await openLog(setup, OUTBOX_FOLDER);
  keep(outbox, () => outbox.close());
  const timers = nodeWorkerPorts().timers;
  const bus = await openEmbeddedBus({ journal: outboxJournal(outbox, () => systemClock.wallMs()), timers });
  keep(bus, () => bus.close());
  const telemetry = openTelemetry({ bus, journal, clock: systemClock, timers });
  keep(telemetry, () => telemetry.close(DRAIN_MS));
  const reporter = hostReporter({ config, telemetry, policy: policy.active, clock: systemClock });
  const worker = keep(createWorker({ ...nodeWorkerPorts(), concurrencyMax: 8 }), () =>
    worker.shutdown(),
  ) as AsyncWorker;
  const issuerEpoch = recovered.issuerEpoch + 1;
  const digests = { policy: policy.active.digest, config: setup.config.digest };
  await journal.append({ kind: 'epoch', issuerEpoch, atMs: systemClock.wallMs(), digests });
  const riskConfig = riskSettings(config);
  const parts: DecisionParts = {
    clock: systemClock,
    timers,
    ids: { decisionId: () => randomUUID() },
    worker,
    blueprints: catalogue,
    policy: () => ok(policy.active),
    names,
    riskConfig,
    sealer: createSealer({ keyRing: setup.keys, clock: systemClock, ids: randomIds }),
    journal,
    reporter,
    reports: fieldReporting(policy.active),
    runs: new RunTable(riskConfig, recovered.runs),
    settings: {
      inferenceDeadlineMs: config['deadlines.inferenceMs'],
      metadataDeadlineMs: config['deadlines.metadataMs'],
      consumer: config['seal.consumer'],
      expiresInMs: config['seal.expiresInMs'],
      issuerEpoch,
      configDigest: setup.config.digest,
    },
  };
  const engine = new DecisionEngine(
    parts,
    {
      decisionDeadlineMs: config['deadlines.decisionMs'],
      queueMax: config['run.queueMax'],
      countMax: config['run.countMax'],
    },
    new AnswerMemory({ keepMs: config.idempotencyMs, countMax: ANSWERS_MAX }, systemClock),
  );
  keep(engine, () => engine.close());
  return { engine, policy, catalogue, log, bus, telemetry, recovered, issuerEpoch, parts, close: closer(opened) };
}

/** Closes in the reverse order of opening, once, and reports the first failure after trying all. */
function closer(opened: readonly (() => Promise<unknown>)[]): () => Promise<void> {
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const close of [...opened].reverse()) await close().catch((cause: unknown) => failures.push(cause));
    if (failures.length > 0) throw failures[0];
  };
  return () => {
    closing ??= closeAll();
    return closing;
  };
}

function openLog({ config, onWal }: HostSetup, folder: string): Promise<Wal> {
  const { values } = config;
  return openWal({
    disk: nodeDisk(),
    directory: join(values.dataDir, folder),
    clock: systemClock,
    random: nodeRandom,
    ...(onWal === undefined ? {} : { observe: onWal }),
    options: { durability: values['wal.durability'], recovery: values['wal.strict'] ? 'tail' : 'salvage' },
  });
}

function openPolicy({ config, keys }: HostSetup): Promise<OpenedPolicy> {
  const { values } = config;
  return openPolicyBundle({
    folder: values.policyDir === '' ? join(values.dataDir, 'policy') : values.policyDir,
    signer: createBytesSigner({ keyRing: keys, clock: systemClock }),
    host: values['inference.host'],
    standbyCount: values['inference.standbyCount'],
    blend: { enabled: values['blend.annotationsEnabled'], mode: values['blend.modeDefault'] },
  });
}
