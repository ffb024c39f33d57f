import { describe, expect, it } from 'vitest';
import { exchange } from '../../apps/tamiyo/test/support/http-fixture.ts';
import { scrapeOf } from '../../apps/tamiyo/test/support/scrape.ts';
import { service } from '../../apps/tamiyo/test/support/whole-service.ts';
import { buildPacket, buildSeed, settle, tempFolder } from '../../packages/testkit/src/index.ts';
import { usedMetrics } from '../monitoring/used-metrics.ts';

const DAY_MS = 86_400_000;
/** More than enough for a policy that proposes grafts most of the time to propose one. */
const DECISIONS_MAX = 60;

describe('what dashboards and rules ask for', () => {
  it('a host that makes decisions emits every metric of it', async () => {
    const used = usedMetrics();
    expect(used.size).toBeGreaterThan(60);
    const data = await tempFolder();
    const policy = { expiresAtMs: Date.now() + DAY_MS, actionPrior: { seed: 0.8, optimizer: 0.1, pause: 0.1 } };
    const served = await service(data.path, {}, policy);
    const address = served.addresses[0] ?? '';
    const missing = async (): Promise<readonly string[]> => {
      const { samples } = scrapeOf((await exchange(address, '/metrics')).bytes.toString());
      const there = new Set(samples.map(({ name }) => name));
      return [...used].filter((name) => !there.has(name));
    };
    // Grafts have blueprints and a loss that jumps gives risk a reason; a request without a token gives HTTP a problem.
    for (let step = 1; step <= DECISIONS_MAX && (await missing()).length > 0; step += 1) {
      const packet = buildPacket({
        packetId: `p-${step}`,
        globalStep: step,
        validationLoss: step === 1 ? 0.5 : 0.75,
        seedStates: [buildSeed({ stage: 'DORMANT' })],
      });
      expect((await served.host.decide(packet.trainingRunId, packet)).ok).toBe(true);
      expect((await exchange(address, '/v1/runs')).status).toBe(401);
      await settle();
    }
    expect(await missing()).toEqual([]);
    await served.close();
    await data.remove();
  }, 300_000);
});
