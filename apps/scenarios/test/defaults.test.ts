import { resolveTrainerOptions } from '@esper/harness';
import { resolveConfig } from '@esper/tamiyo';
import { describe, expect, it } from 'vitest';

describe('limits as they are without configuration', () => {
  const config = resolveConfig({ flags: { dataDir: '/nowhere' }, environment: {} });
  const values = config.ok ? config.value.values : undefined;

  it('PF-15: the blueprint library has 25 ms', () => {
    expect(values?.['deadlines.metadataMs']).toBe(25);
  });

  it('PF-42: 120 packets a minute go past the queue at the host, 60 events at the trainer', () => {
    expect(values?.['telemetry.emergencyPerMinuteMax']).toBe(120);
    expect(resolveTrainerOptions({ trainingRunId: 'run' }).emergency.perMinuteMax).toBe(60);
  });
});
