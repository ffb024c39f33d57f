import { join } from 'node:path';
import {
  DEMO_KEY_ID,
  type DemoFiles,
  type Host,
  openHost,
  prepareDemoFiles,
  type ResolvedConfig,
  resolveConfig,
} from '@esper/tamiyo';
import { nodeDisk } from '@esper/wal/node';
import { FaultDisk } from './fault-disk.js';
import { FaultLibrary } from './fault-library.js';

/** Sizes of the trainer's network; the blueprints are made for it. */
export const SHAPE = { inputs: 256, width: 48, classes: 10 } as const;
export const KEY_ID = DEMO_KEY_ID;
/** An untrained policy of this seed prefers a blueprint that risk lets through: there are grafts to roll back. */
const POLICY_SEED = 7;

/** Limits that a busy machine keeps, so that a scenario shows its own fault and not the machine. */
const SETTINGS = {
  profile: 'harness',
  'deadlines.inferenceMs': 2_000,
  'deadlines.metadataMs': 2_000,
  'deadlines.decisionMs': 8_000,
  'risk.hookLatencyMsMax': 2_000,
  'risk.stepLatencyMsMax': 10_000,
  'risk.applyMsMax': 1_000,
  'risk.finalizeMsMax': 1_000,
  'policy.latencyMsMax': 2_000,
} as const;

/** The real host over real files, and the two places where a scenario can make the world go wrong. */
export interface ScenarioHost {
  readonly host: Host;
  readonly files: DemoFiles;
  readonly dataDir: string;
  readonly consumer: string;
  readonly disk: FaultDisk;
  readonly library: FaultLibrary;
}

/** Configuration, keys, catalogue and policy of a host in `dataDir`, before it is opened. Rejects with what is wrong with the settings. */
export async function prepareScenario(
  dataDir: string,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly config: ResolvedConfig; readonly files: DemoFiles }> {
  const flags = { ...SETTINGS, ...settings, dataDir, 'seal.keyFolder': join(dataDir, 'keys') };
  const config = resolveConfig({ flags, environment: {} });
  if (!config.ok) throw new RangeError(config.error.map(({ key, message }) => `${key}: ${message}`).join('; '));
  const files = await prepareDemoFiles(dataDir, { shape: SHAPE, policySeed: POLICY_SEED });
  return { config: config.value, files };
}

/** Opens a host in `dataDir` with `settings` over the harness's own. Rejects with what is wrong with them. */
export async function openScenarioHost(
  dataDir: string,
  settings: Readonly<Record<string, unknown>> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<ScenarioHost> {
  const { config, files } = await prepareScenario(dataDir, settings);
  const disk = new FaultDisk(nodeDisk());
  const library = new FaultLibrary();
  const host = await openHost({
    config,
    keys: files.keys,
    environment,
    disk,
    blueprints: (real) => library.before(real),
  });
  return { host, files, dataDir, consumer: config.values['seal.consumer'], disk, library };
}
