import { join } from 'node:path';
import { createBytesSigner, createKeyRing } from '@esper/command-verifier';
import { hmacKey } from '@esper/command-verifier/node';
import { readNameTables } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import { initPolicyBundle, type PolicyToInit } from '../../src/adapters/policy-bundle.js';
import { resolveConfig } from '../../src/config/resolve.js';
import { makeMissing } from '../../src/host/first-start.js';
import { openService, type Service } from '../../src/http/open-service.js';
import { pinoLog } from '../../src/http/pino-log.js';

const FOREVER = { createdAtMs: 0, notBeforeMs: 0, notAfterMs: 8_640_000_000_000_000 } as const;
/** What a busy machine may take. */
const PATIENT = { 'deadlines.inferenceMs': 5_000, 'deadlines.metadataMs': 5_000, 'deadlines.decisionMs': 20_000 };

/** A whole host with its interface, in this process. It has a key without a date, and one that runs out within the hour. */
export async function service(
  dataDir: string,
  flags: Readonly<Record<string, unknown>> = {},
  policy: Partial<Pick<PolicyToInit, 'expiresAtMs' | 'actionPrior'>> = {},
): Promise<Service> {
  const nowMs = systemClock.wallMs();
  const keys = createKeyRing([
    { keyId: 'k1', state: 'current', ...FOREVER, material: hmacKey(new Uint8Array(32).fill(7)) },
    {
      keyId: 'dated',
      state: 'retired',
      createdAtMs: nowMs - 60_000,
      notBeforeMs: nowMs - 60_000,
      notAfterMs: nowMs + 3_600_000,
      material: hmacKey(new Uint8Array(32).fill(8)),
    },
  ]);
  const config = resolveConfig({
    flags: { dataDir, 'http.port': 0, 'inference.host': 'thread', 'inference.standbyCount': 0, ...PATIENT, ...flags },
  });
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  if (Object.keys(policy).length > 0) {
    await initPolicyBundle({
      folder: join(dataDir, 'policy'),
      seed: 1,
      actionPrior: { optimizer: 0.7, pause: 0.3 },
      tables: await readNameTables(join(dataDir, 'tables')),
      signer: createBytesSigner({ keyRing: keys, clock: systemClock }),
      clock: systemClock,
      ...policy,
    });
  }
  await makeMissing(config.value, keys);
  const log = pinoLog('silent', { write: () => undefined });
  return openService({ config: config.value, keys, log, version: '0.1.0' });
}
