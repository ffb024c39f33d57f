import { FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { RunOwner } from '../../src/index.js';
import { MemoryLedger } from '../../src/testing.js';

const state = new Uint8Array([1]);
const answer = (packetId: string) => ({ packetId, commandId: `of ${packetId}`, bytes: state });

function fixture() {
  const clock = new FakeClock();
  const ledger = new MemoryLedger(clock);
  const owner = (name: string) => new RunOwner(ledger, { owner: name, floor: 10, leaseMs: 100 });
  return { clock, ledger, a: owner('a'), b: owner('b') };
}

describe('one host and its runs', () => {
  it('goes on under one token while nobody else asks, and loads nothing that it knows', async () => {
    const { a } = fixture();
    expect(await a.enter('run', 'p-1')).toMatchObject({ kind: 'granted', token: 11 });
    await a.commit('run', { sequence: 1, state, answer: answer('p-1') });
    const again = await a.enter('run', 'p-2');
    expect(again).toMatchObject({ kind: 'granted', token: 11, sequence: 1 });
    expect(again).not.toHaveProperty('state');
    expect(a.tokenOf('run')).toBe(11);
  });

  it('a frozen host wakes up after its lease: its write is lost, and it must ask anew', async () => {
    const { clock, a, b } = fixture();
    await a.enter('run', 'p-1');
    clock.advance(100);
    expect(await b.enter('run', 'p-1')).toMatchObject({ kind: 'granted', from: { owner: 'a', how: 'expired' } });
    await b.commit('run', { sequence: 1, state, answer: answer('p-1') });
    expect(await a.commit('run', { sequence: 1, state, answer: answer('p-1') })).toMatchObject({
      kind: 'lost',
      owner: 'b',
    });
    expect(a.tokenOf('run')).toBe(0);
    expect(await a.enter('run', 'p-1')).toMatchObject({ kind: 'answered' });
    expect([a.counts(), b.counts()]).toMatchObject([
      { lost: 1, repeated: 1 },
      { takenOver: 1, lost: 0 },
    ]);
  });

  it('a ledger that has lost what it held is refused, not begun anew', async () => {
    const { ledger, a } = fixture();
    await a.enter('run', 'p-1');
    await a.commit('run', { sequence: 1, state, answer: answer('p-1') });
    ledger.lose();
    expect(await a.enter('run', 'p-2')).toEqual({ kind: 'missing' });
    a.forget('run');
    expect(await a.enter('run', 'p-2')).toMatchObject({ kind: 'granted', sequence: 0 });
  });

  it('tokens stay above every one this host has seen, whatever the ledger has lost', async () => {
    const { ledger, a } = fixture();
    for (const run of ['r1', 'r2', 'r3']) await a.enter(run);
    ledger.lose();
    expect(await a.enter('r4')).toMatchObject({ kind: 'granted', token: 14 });
  });

  it('asks for a run only when its last write is answered', async () => {
    const { a } = fixture();
    await a.enter('run');
    const write = a.commit('run', { sequence: 0, state });
    const asked = await a.enter('run', 'p-1');
    expect(await write).toEqual({ kind: 'accepted', revision: 1 });
    // The write's answer was known by then: the state it wrote is not sent back.
    expect(asked).not.toHaveProperty('state');
  });

  it('what the ledger does not answer is counted, and nothing is forgotten for it', async () => {
    const { ledger, a } = fixture();
    await a.enter('run');
    ledger.failing = 'away';
    await expect(a.commit('run', { sequence: 1, state, answer: answer('p') })).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
    });
    await expect(a.leave('run')).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    ledger.failing = undefined;
    expect(await a.enter('run', 'p')).toMatchObject({ kind: 'granted', token: 11 });
    expect(a.counts().unavailable).toBe(2);
  });

  it('an order without a packet is a write of the state alone; a run given back is free at once', async () => {
    const { a, b } = fixture();
    await a.enter('run');
    expect(await a.commit('run', { sequence: 0, state })).toEqual({ kind: 'accepted', revision: 1 });
    await a.enter('run');
    expect(await b.enter('run')).toMatchObject({ kind: 'held', owner: 'a' });
    await a.leave('run');
    expect(await b.enter('run')).toMatchObject({ kind: 'granted', from: { how: 'released' } });
  });
});
