import { join } from 'node:path';
import { nodeWorkerPorts } from '@esper/async-worker/node';
import { createBytesSigner } from '@esper/command-verifier';
import type { FieldReports } from '@esper/field-reports';
import type { Bus } from '@esper/oona';
import type { FileCatalogue } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import type { Telemetry } from '@esper/telemetry';
import type { Wal } from '@esper/wal';
import { blendSettings } from './adapters/blend-settings.js';
import { type OpenedPolicy, openPolicyBundle } from './adapters/policy-bundle.js';
import { FeatureFlags, type FlagView } from './config/flags.js';
import type { DecisionEngine } from './engine.js';
import { assemble } from './host/assemble.js';
import type { DecisionHost } from './host/decision-host.js';
import type { HostSetup } from './host/host-setup.js';
import { type Carriers, openCarriers } from './host/open-carriers.js';
import { type Memory, openMemory } from './host/open-memory.js';
import { OpenParts } from './host/open-parts.js';
import { readinessOf } from './host/readiness.js';
import { startUpkeep } from './host/upkeep.js';
import type { Recovered } from './records/recover.js';

export type { HostSetup } from './host/host-setup.js';

/** A host that is ready to decide: what channels ask of it, and its parts for whoever looks inside. */
export interface Host extends DecisionHost {
  readonly engine: DecisionEngine;
  readonly policy: OpenedPolicy;
  readonly catalogue: FileCatalogue;
  readonly log: Wal;
  readonly bus: Bus;
  readonly telemetry: Telemetry;
  readonly fieldReports: FieldReports;
  readonly recovered: Recovered;
  readonly issuerEpoch: number;
  /** The feature flags as they stand now. */
  flags(): readonly FlagView[];
}

/** The only place that constructs adapters and joins ports. Rejects with what is missing; then nothing is left open. */
export async function openHost(setup: HostSetup): Promise<Host> {
  const open = new OpenParts();
  try {
    const flags = new FeatureFlags(setup.config.values, systemClock.wallMs());
    const carriers = await openCarriers(setup, flags, open);
    const memory = await openMemory(setup, carriers, open);
    const policy = await openPolicy(setup);
    open.keep(() => policy.host.close());
    const issuerEpoch = await startEpoch(setup, { carriers, memory, policy });
    const assembled = assemble(setup, { carriers, memory, policy, flags, issuerEpoch }, open);
    const { timers } = nodeWorkerPorts();
    const { fieldReports, recovered, catalogue } = memory;
    const upkeep = { setup, carriers, assembled, fieldReports, flags, issuerEpoch, timers };
    startUpkeep({ ...upkeep, policyDigest: policy.active.digest }, open);
    const { engine, events, lookup, runs } = assembled;
    open.keep(() => engine.close());
    const { log, bus, telemetry } = carriers;
    return {
      decide: (trainingRunId, input, options) => engine.decide(trainingRunId, input, options),
      decision: (decisionId) => lookup.byId(decisionId),
      run: (trainingRunId) => engine.run(trainingRunId),
      runIds: () => runs.ids(),
      operate: (action) => engine.operate(action),
      subscribe: (listener) => events.subscribe(listener),
      readiness: () => readinessOf({ state: open.state, log, policy, catalogue }),
      close: () => open.closeAll(),
      flags: () => flags.views(systemClock.wallMs()),
      ...{ engine, policy, catalogue, log, bus, telemetry, fieldReports, recovered, issuerEpoch },
    };
  } catch (cause) {
    await open.closeAll();
    throw cause;
  }
}

interface BeforeEpoch {
  readonly carriers: Carriers;
  readonly memory: Memory;
  readonly policy: OpenedPolicy;
}

/** The epoch of this start, above every earlier one, durable before the first command is sealed. */
async function startEpoch({ config }: HostSetup, { carriers, memory, policy }: BeforeEpoch): Promise<number> {
  const issuerEpoch = memory.recovered.issuerEpoch + 1;
  const digests = { policy: policy.active.digest, config: config.digest };
  await carriers.journal.append({ kind: 'epoch', issuerEpoch, atMs: systemClock.wallMs(), digests });
  return issuerEpoch;
}

function openPolicy({ config, keys }: HostSetup): Promise<OpenedPolicy> {
  const { values } = config;
  return openPolicyBundle({
    folder: values.policyDir === '' ? join(values.dataDir, 'policy') : values.policyDir,
    signer: createBytesSigner({ keyRing: keys, clock: systemClock }),
    host: values['inference.host'],
    standbyCount: values['inference.standbyCount'],
    blend: blendSettings(config),
  });
}
