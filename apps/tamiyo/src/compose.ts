import { nodeWorkerPorts } from '@esper/async-worker/node';
import type { FieldReports } from '@esper/field-reports';
import type { Bus } from '@esper/oona';
import type { FileCatalogue } from '@esper/registry/node';
import type { RunOwnerCounts } from '@esper/run-ownership';
import { systemClock } from '@esper/std/node';
import type { Telemetry } from '@esper/telemetry';
import type { Wal } from '@esper/wal';
import type { LivePolicies } from './adapters/policy-store.js';
import type { LibraryStats } from './adapters/spared-library.js';
import { FeatureFlags, type FlagView } from './config/flags.js';
import type { DecisionEngine } from './engine.js';
import { assemble } from './host/assemble.js';
import { carryOutPolicyOrder } from './host/carry-out-policy-order.js';
import type { DecisionHost } from './host/decision-host.js';
import type { HostSetup } from './host/host-setup.js';
import { type Carriers, openCarriers } from './host/open-carriers.js';
import { type Memory, openMemory } from './host/open-memory.js';
import { OpenParts } from './host/open-parts.js';
import { joinPolicyStream, openPolicies } from './host/open-policies.js';
import { readinessOf } from './host/readiness.js';
import { startUpkeep } from './host/upkeep.js';
import { openSharing } from './ownership/open-sharing.js';
import type { Recovered } from './records/recover.js';

export type { HostSetup } from './host/host-setup.js';

/** A host that is ready to decide: what channels ask of it, and its parts for whoever looks inside. */
export interface Host extends DecisionHost {
  readonly engine: DecisionEngine;
  /** The policy in force and how it comes to be another one. */
  readonly policies: LivePolicies;
  readonly catalogue: FileCatalogue;
  readonly log: Wal;
  readonly bus: Bus;
  readonly telemetry: Telemetry;
  readonly fieldReports: FieldReports;
  readonly recovered: Recovered;
  readonly issuerEpoch: number;
  /** What was counted of runs shared with other hosts; `undefined` for a host on its own. */
  readonly sharing: (() => RunOwnerCounts) | undefined;
  /** How the blueprint library answers. */
  libraryStats(): LibraryStats;
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
    const policies = await openPolicies(setup, { carriers, memory }, open);
    const policyDigest = () => digestOf(policies);
    const issuerEpoch = await startEpoch(setup, { carriers, memory, policies });
    const sharing = await openSharing(setup, { issuerEpoch, runs: memory.recovered.runs }, open);
    const assembled = assemble(setup, { carriers, memory, policies, flags, issuerEpoch, sharing }, open);
    await joinPolicyStream(setup, { carriers, policies }, open);
    const { timers } = nodeWorkerPorts();
    const { fieldReports, recovered, catalogue } = memory;
    const upkeep = { setup, carriers, assembled, fieldReports, flags, issuerEpoch, timers };
    startUpkeep({ ...upkeep, policyDigest }, open);
    const { engine, events, lookup, runs } = assembled;
    open.keep(() => engine.close());
    const { log, bus, telemetry } = carriers;
    return {
      decide: (trainingRunId, input, options) => engine.decide(trainingRunId, input, options),
      decision: (decisionId) => lookup.byId(decisionId),
      run: (trainingRunId) => engine.run(trainingRunId),
      runIds: () => runs.ids(),
      operate: (action) => engine.operate(action),
      orderPolicy: (order) => carryOutPolicyOrder(order, policies),
      subscribe: (listener) => events.subscribe(listener),
      readiness: () => readinessOf({ state: open.state, log, policies, catalogue }),
      close: () => open.closeAll(),
      sharing: sharing === undefined ? undefined : () => sharing.owner.counts(),
      libraryStats: () => assembled.library.stats(),
      flags: () => flags.views(systemClock.wallMs()),
      ...{ engine, policies, catalogue, log, bus, telemetry, fieldReports, recovered, issuerEpoch },
    };
  } catch (cause) {
    await open.closeAll();
    throw cause;
  }
}

interface BeforeEpoch {
  readonly carriers: Carriers;
  readonly memory: Memory;
  readonly policies: LivePolicies;
}

/** Empty while there is none. */
function digestOf(policies: LivePolicies): string {
  const active = policies.inForce();
  return active.ok ? active.value.digest : '';
}

/** The epoch of this start, above every earlier one, durable before the first command is sealed. */
async function startEpoch({ config }: HostSetup, { carriers, memory, policies }: BeforeEpoch): Promise<number> {
  const issuerEpoch = memory.recovered.issuerEpoch + 1;
  const digests = { policy: digestOf(policies), config: config.digest };
  await carriers.journal.append({ kind: 'epoch', issuerEpoch, atMs: systemClock.wallMs(), digests });
  return issuerEpoch;
}
