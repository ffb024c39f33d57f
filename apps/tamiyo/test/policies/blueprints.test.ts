import { buildBlueprint, buildPacket, buildSeed } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { engineFixture } from '../support/engine-fixture.js';

const packet = (packetId: string) => buildPacket({ packetId, seedStates: [buildSeed({ stage: 'DORMANT' })] });

describe('blueprints in a decision', () => {
  it('BM-01: a SEED carries a blueprint of the library, looked up once in its decision', async () => {
    const { engine, library } = engineFixture();
    const outcome = await engine.decide('run-1', packet('p-1'));
    expect(outcome.ok && outcome.value.proposed).toMatchObject({
      commandType: 'SEED',
      seedOperation: { blueprintId: library.blueprints[0]?.blueprintId },
    });
    expect(library.lookups).toBe(1);
  });

  it('BM-10: the library is never asked for a packet or a run as if it were a blueprint', async () => {
    const { engine, library } = engineFixture();
    const asked: string[] = [];
    library.lookup = async (id) => {
      asked.push(id);
      return undefined;
    };
    await engine.decide('run-1', packet('p-1'));
    await engine.decide('run-1', packet('p-2'));
    expect(asked).toEqual([]);
    expect(library.lookups).toBe(2);
  });

  it('BM-06: a safety sheet raises the risk of its blueprint, and never lowers it', async () => {
    const commandFor = async (risk: number, riskScore: number | undefined) => {
      const { engine, library } = engineFixture();
      const sheet = {
        signature: 'absent' as const,
        ...(riskScore === undefined ? {} : { riskScore }),
      };
      library.blueprints = [{ ...buildBlueprint(), risk, sheet }];
      const outcome = await engine.decide('run-1', packet('p-1'));
      return outcome.ok ? outcome.value.command.commandType : outcome.error.code;
    };
    const calm = await commandFor(0.1, undefined);
    expect(calm).toBe('SEED');
    expect(await commandFor(0.1, 0.99)).not.toBe('SEED');
    expect(await commandFor(0.99, 0)).toBe(await commandFor(0.99, undefined));
    expect(await commandFor(0.99, 0)).not.toBe('SEED');
  });
});
