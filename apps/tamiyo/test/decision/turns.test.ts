import { buildPacket, settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { type LeaveTurn, Turns } from '../../src/decision/turns.js';
import { engineFixture } from '../support/engine-fixture.js';

const packetOf = (run: string) => buildPacket({ trainingRunId: run, packetId: `${run}-1` });

describe('turns', () => {
  it('so many are taken at once; the next goes to whoever waits longest', async () => {
    const turns = new Turns(2);
    const order: string[] = [];
    const take = async (name: string): Promise<LeaveTurn> => {
      const leave = await turns.take();
      order.push(name);
      return leave;
    };
    const [first] = await Promise.all([take('a'), take('b')]);
    const third = take('c');
    const fourth = take('d');
    await settle();
    expect(order).toEqual(['a', 'b']);
    expect(turns.waitingCount).toBe(2);
    first?.();
    // Given back twice is given back once.
    first?.();
    const leaveThird = await third;
    await settle();
    expect(order).toEqual(['a', 'b', 'c']);
    leaveThird();
    await fourth;
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  it.each([0, -1, 1.5, Number.NaN])('a host with %d turns would never decide', (max) => {
    expect(() => new Turns(max)).toThrow(RangeError);
  });
});

describe('decisions that take turns', () => {
  it('a burst waits for its turns and not at the network, and every packet is answered', async () => {
    const fixture = engineFixture({ turns: new Turns(2) });
    let atNetwork = 0;
    let most = 0;
    const infer = fixture.inference.infer.bind(fixture.inference);
    fixture.inference.infer = async (inputs, deadlineMs) => {
      atNetwork += 1;
      most = Math.max(most, atNetwork);
      await settle();
      atNetwork -= 1;
      return infer(inputs, deadlineMs);
    };
    const runs = Array.from({ length: 12 }, (_, at) => `run-${at}`);
    const outcomes = await Promise.all(runs.map((run) => fixture.engine.decide(run, packetOf(run))));
    expect(outcomes.map(({ ok }) => ok)).toEqual(runs.map(() => true));
    expect(most).toBe(2);
  });

  it('a decision whose turn does not come fails at its own deadline, and the turn is not lost with it', async () => {
    const turns = new Turns(1);
    const fixture = engineFixture({ turns, decisionDeadlineMs: 40 });
    const leave = await turns.take();
    const outcome = await fixture.engine.decide('run-1', packetOf('run-1'));
    expect(outcome).toMatchObject({ ok: false, error: { code: 'DEADLINE_DECISION' } });
    leave();
    await settle();
    const patient = engineFixture({ turns });
    expect((await patient.engine.decide('run-2', packetOf('run-2'))).ok).toBe(true);
  });

  it.each(['a network that breaks', 'a network that fails'])('%s gives its turn back', async (what) => {
    const fixture = engineFixture({ turns: new Turns(1) });
    if (what === 'a network that fails') {
      fixture.inference.answer = { failure: { code: 'inference_failed', reason: 'broken' } };
    } else {
      fixture.inference.infer = () => Promise.reject(new Error('never asked'));
    }
    expect((await fixture.engine.decide('run-1', packetOf('run-1'))).ok).toBe(false);
    expect(fixture.parts.turns.waitingCount).toBe(0);
    const leave = await fixture.parts.turns.take();
    leave();
  });
});
