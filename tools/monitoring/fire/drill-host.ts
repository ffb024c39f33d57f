import { join } from 'node:path';
import { initPolicyBundle } from '../../../apps/tamiyo/src/adapters/policy-bundle.ts';
import { resolveConfig } from '../../../apps/tamiyo/src/config/resolve.ts';
import { makeMissing } from '../../../apps/tamiyo/src/host/first-start.ts';
import type { HostSetup } from '../../../apps/tamiyo/src/host/host-setup.ts';
import { openService, type Service } from '../../../apps/tamiyo/src/http/open-service.ts';
import { pinoLog } from '../../../apps/tamiyo/src/http/pino-log.ts';
import { createBytesSigner, createKeyRing } from '../../../packages/command-verifier/src/index.ts';
import { hmacKey } from '../../../packages/command-verifier/src/node.ts';
import { readNameTables } from '../../../packages/registry/src/node.ts';
import { systemClock } from '../../../packages/std/src/node.ts';

/** What is particular about a host of the drill. */
export interface HostToOpen {
  readonly dataDir: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly faults?: Pick<HostSetup, 'disk' | 'blueprints'>;
  /** Where Redis is, for hosts that share their runs. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Probability of a graft among the proposals; default 0. */
  readonly grafts?: number;
  /** Of the policy's weights; default 1. */
  readonly policySeed?: number;
  readonly policyExpiresAtMs?: number;
  /** Default: a year. */
  readonly keyExpiresInMs?: number;
}

/** What a busy machine may take, so that nothing but the fault makes an alert fire. */
const PATIENT = { 'deadlines.inferenceMs': 2_000, 'deadlines.metadataMs': 2_000, 'deadlines.decisionMs': 10_000 };
const YEAR_MS = 365 * 86_400_000;
const SECRET = new Uint8Array(32).fill(7);
/** What trainers verify the commands of such a host with. */
export const DRILL_KEY = { keyId: 'drill', algorithm: 'hmac-sha256', key: SECRET } as const;

/** What `tamiyo serve` opens, in this process, with its port where Prometheus looks. */
export async function openDrillHost(host: HostToOpen, port: number): Promise<Service> {
  const nowMs = systemClock.wallMs();
  const dates = { createdAtMs: 1, notBeforeMs: 0, notAfterMs: nowMs + (host.keyExpiresInMs ?? YEAR_MS) };
  const keys = createKeyRing([{ keyId: DRILL_KEY.keyId, state: 'current', ...dates, material: hmacKey(SECRET) }]);
  const { dataDir, environment = {} } = host;
  const own = { dataDir, 'http.port': port, 'inference.host': 'thread', 'inference.standbyCount': 0 };
  const config = resolveConfig({ flags: { ...own, ...PATIENT, ...host.settings } });
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  if (host.grafts !== undefined || host.policyExpiresAtMs !== undefined) {
    const seed = host.grafts ?? 0;
    await initPolicyBundle({
      folder: join(dataDir, 'policy'),
      seed: host.policySeed ?? 1,
      actionPrior: seed === 0 ? { optimizer: 0.7, pause: 0.3 } : { seed, optimizer: 1 - seed },
      tables: await readNameTables(join(dataDir, 'tables')),
      signer: createBytesSigner({ keyRing: keys, clock: systemClock }),
      clock: systemClock,
      ...(host.policyExpiresAtMs === undefined ? {} : { expiresAtMs: host.policyExpiresAtMs }),
    });
  }
  await makeMissing(config.value, keys);
  const log = pinoLog('silent', { write: () => undefined });
  return openService({ config: config.value, keys, log, version: '0.0.0', environment, ...host.faults });
}
