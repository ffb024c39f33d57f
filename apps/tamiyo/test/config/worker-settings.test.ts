import { createWorker } from '@esper/async-worker';
import { nodeWorkerPorts } from '@esper/async-worker/node';
import { describe, expect, it } from 'vitest';
import { workerSettings } from '../../src/adapters/worker-settings.js';
import { configOf } from '../support/told-fixture.js';

const workerUnder = (environment: Readonly<Record<string, string>>) =>
  createWorker({ ...nodeWorkerPorts(), ...workerSettings(configOf({ environment }).values) });

describe('the shared worker', () => {
  it.each([
    [{}, 8],
    [{ ASYNC_WORKER_MAX_CONCURRENCY: '3' }, 3],
  ])('AW-08: under %j it runs %i tasks at once, and the others wait', async (environment, most) => {
    const worker = workerUnder(environment);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handles = Array.from({ length: 10 }, () => worker.submit(() => held));
    expect(worker.stats()).toMatchObject({ running: most, queued: 10 - most });
    release();
    for (const { outcome } of handles) expect((await outcome).kind).toBe('completed');
    await worker.shutdown();
  });

  it('AW-08: the configured grace is how long a shutdown waits for tasks that do not listen', async () => {
    const impatient = workerUnder({ ASYNC_WORKER_SHUTDOWN_TIMEOUT_S: '0' });
    const { outcome } = impatient.submit(() => new Promise<void>(() => undefined));
    const report = await impatient.shutdown();
    expect(report).toMatchObject({ cancelled: 1, lingering: 1 });
    // Far below the 5 s that are waited by default.
    expect(report.elapsedMs).toBeLessThan(2_500);
    expect((await outcome).kind).toBe('cancelled');
  });
});
