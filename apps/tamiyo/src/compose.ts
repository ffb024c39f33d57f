import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createWorker } from '@esper/async-worker';
import { nodeWorkerPorts } from '@esper/async-worker/node';
import { createBytesSigner, createSealer, type KeyRingHolder } from '@esper/command-verifier';
import { randomIds } from '@esper/command-verifier/node';
import type { FieldReports } from '@esper/field-reports';
import type { TelemetryEvent } from '@esper/leyline';
import { type Bus, openEmbeddedBus } from '@esper/oona';
import { systemTimers as busTimers } from '@esper/oona/node';
import { type FileCatalogue, openFileCatalogue } from '@esper/registry/node';
import { ok } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { buildNoticePacket, createTelemetry, type Telemetry } from '@esper/telemetry';
import { systemTimers as telemetryTimers, uuidIds } from '@esper/telemetry/node';
import { openWal, type Wal, type WalObserver } from '@esper/wal';
import { nodeDisk, nodeRandom } from '@esper/wal/node';
import { fieldReporting, openFieldReports } from './adapters/field-reporting.js';
import { flushLoop } from './adapters/flush-loop.js';
import { folderJournal } from './adapters/folder-journal.js';
import { hostReporter } from './adapters/host-reporter.js';
import { type LearnedNames, openLearnedNames } from './adapters/learned-names.js';
import { type OpenedPolicy, openPolicyBundle } from './adapters/policy-bundle.js';
import { readLog } from './adapters/read-log.js';
import { riskSettings } from './adapters/risk-settings.js';
import { walJournal } from './adapters/wal-journal.js';
import type { ResolvedConfig } from './config/resolve.js';
import { AnswerMemory } from './decision/answer-memory.js';
import { DecisionEngine } from './engine.js';
import { OpenParts } from './host/open-parts.js';
import type { Recovered } from './records/recover.js';
import { restoreFrom } from './records/restore-from.js';
import { RunTable } from './runs/run-state.js';
import type { DecisionJournal, DecisionParts } from './stages/parts.js';

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
  readonly telemetry: Telemetry;
  readonly fieldReports: FieldReports;
  readonly recovered: Recovered;
  readonly issuerEpoch: number;
  /** Answers what is under way, publishes what is due, drains telemetry, closes the logs. Idempotent. */
  close(): Promise<void>;
}

const ANSWERS_MAX = 100_000;
const DRAIN_MS = 2_000;
const FLUSH_EVERY_MS = 1_000;
const BUSY_LOOKUPS_MAX = 8;

/** The only place that constructs adapters and joins ports. Rejects with what is missing; then nothing is left open. */
export async function openHost(setup: HostSetup): Promise<Host> {
  const open = new OpenParts();
  try {
    const carriers = await openCarriers(setup, open);
    const memory = await openMemory(setup, carriers, open);
    const policy = await openPolicy(setup);
    open.keep(() => policy.host.close());
    const issuerEpoch = await startEpoch(setup, { carriers, memory, policy });
    const parts = decisionParts(setup, { carriers, memory, policy, issuerEpoch }, open);
    const engine = createEngine(setup, parts, open);
    const { log, bus, telemetry } = carriers;
    const { fieldReports, recovered, catalogue } = memory;
    return {
      engine,
      policy,
      catalogue,
      log,
      bus,
      telemetry,
      fieldReports,
      recovered,
      issuerEpoch,
      close: () => open.closeAll(),
    };
  } catch (cause) {
    await open.closeAll();
    throw cause;
  }
}

/** What carries records and messages: the log, the bus with its outbox, telemetry with its own journal. */
interface Carriers {
  readonly log: Wal;
  readonly journal: DecisionJournal;
  readonly bus: Bus;
  readonly telemetry: Telemetry;
}

async function openCarriers(setup: HostSetup, open: OpenParts): Promise<Carriers> {
  const nowMs = () => systemClock.wallMs();
  const log = await openLog(setup, 'log');
  open.keep(() => log.close());
  const outbox = await openLog(setup, 'bus');
  open.keep(() => outbox.close());
  const telemetryLog = await openLog(setup, 'telemetry');
  open.keep(() => telemetryLog.close());
  const bus = await openEmbeddedBus({ journal: folderJournal(outbox, nowMs), timers: busTimers });
  open.keep(() => bus.close());
  const telemetry = await createTelemetry({
    bus,
    journal: folderJournal(telemetryLog, nowMs),
    clock: systemClock,
    timers: telemetryTimers,
    ids: uuidIds,
  });
  open.keep(() => telemetry.drain(DRAIN_MS));
  return { log, journal: walJournal(log), bus, telemetry };
}

/** What the host knew before: runs and reports, folded from the log; names, from their tables; and the blueprints. */
interface Memory {
  readonly recovered: Recovered;
  readonly names: LearnedNames;
  readonly fieldReports: FieldReports;
  readonly catalogue: FileCatalogue;
}

async function openMemory(
  { config }: HostSetup,
  { log, journal, bus, telemetry }: Carriers,
  open: OpenParts,
): Promise<Memory> {
  const { values } = config;
  const catalogue = await openFileCatalogue(
    values.catalogueFile === '' ? join(values.dataDir, 'catalogue.json') : values.catalogueFile,
  );
  const tell = (event: TelemetryEvent): void => {
    const timestampMs = systemClock.wallMs();
    telemetry.emit(
      buildNoticePacket({ packetId: `tamiyo-${event.description}-${randomUUID()}`, timestampMs, events: [event] }),
    );
  };
  const names = await openLearnedNames(join(values.dataDir, 'tables'), tell);
  open.keep(() => names.close());
  const fieldReports = openFieldReports({ journal, bus, clock: systemClock, random: Math.random, observe: tell });
  const recovered = await readLog(log, systemClock.wallMs() - values.idempotencyMs, (record) =>
    restoreFrom(record, { fieldReports }),
  );
  await fieldReports.restored();
  return { recovered, names, fieldReports, catalogue };
}

interface Opened {
  readonly carriers: Carriers;
  readonly memory: Memory;
  readonly policy: OpenedPolicy;
}

/** The epoch of this start, above every earlier one, durable before the first command is sealed. */
async function startEpoch({ config }: HostSetup, { carriers, memory, policy }: Opened): Promise<number> {
  const issuerEpoch = memory.recovered.issuerEpoch + 1;
  const digests = { policy: policy.active.digest, config: config.digest };
  await carriers.journal.append({ kind: 'epoch', issuerEpoch, atMs: systemClock.wallMs(), digests });
  return issuerEpoch;
}

function decisionParts(
  setup: HostSetup,
  at: Opened & { readonly issuerEpoch: number },
  open: OpenParts,
): DecisionParts {
  const { values: config, digest } = setup.config;
  const { carriers, memory, policy } = at;
  const worker = createWorker({ ...nodeWorkerPorts(), concurrencyMax: BUSY_LOOKUPS_MAX });
  open.keep(() => worker.shutdown());
  const { timers } = nodeWorkerPorts();
  open.keep(() => memory.fieldReports.flush());
  open.keep(flushLoop(FLUSH_EVERY_MS, () => memory.fieldReports.flush(), timers));
  const riskConfig = riskSettings(config);
  return {
    clock: systemClock,
    timers,
    ids: { decisionId: () => randomUUID() },
    worker,
    blueprints: memory.catalogue,
    policy: () => ok(policy.active),
    names: memory.names,
    riskConfig,
    sealer: createSealer({ keyRing: setup.keys, clock: systemClock, ids: randomIds }),
    journal: carriers.journal,
    reporter: hostReporter({
      config,
      telemetry: carriers.telemetry,
      fieldReports: memory.fieldReports,
      policy: policy.active,
      clock: systemClock,
    }),
    reports: fieldReporting(policy.active),
    runs: new RunTable(riskConfig, memory.recovered.runs),
    settings: {
      inferenceDeadlineMs: config['deadlines.inferenceMs'],
      metadataDeadlineMs: config['deadlines.metadataMs'],
      consumer: config['seal.consumer'],
      expiresInMs: config['seal.expiresInMs'],
      issuerEpoch: at.issuerEpoch,
      configDigest: digest,
    },
  };
}

function createEngine({ config }: HostSetup, parts: DecisionParts, open: OpenParts): DecisionEngine {
  const { values } = config;
  const limits = {
    decisionDeadlineMs: values['deadlines.decisionMs'],
    queueMax: values['run.queueMax'],
    countMax: values['run.countMax'],
  };
  const engine = new DecisionEngine(
    parts,
    limits,
    new AnswerMemory({ keepMs: values.idempotencyMs, countMax: ANSWERS_MAX }, systemClock),
  );
  open.keep(() => engine.close());
  return engine;
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
    // Without the operator's word the policy chooses among the modes that can be served.
    blend: {
      enabled: values['blend.annotationsEnabled'],
      ...(config.sources['blend.modeDefault'] === 'default' ? {} : { mode: values['blend.modeDefault'] }),
    },
  });
}
