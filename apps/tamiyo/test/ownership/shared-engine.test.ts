import { RunOwner } from '@esper/run-ownership';
import { MemoryLedger } from '@esper/run-ownership/testing';
import { buildPacket, FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import type { OperatorActionKind } from '../../src/host/operator-action.js';
import { engineFixture } from '../support/engine-fixture.js';

const LEASE_MS = 2_000;
const POLL = { timeout: 60_000, interval: 5 };
const packet = (step: number) => buildPacket({ packetId: `p-${step}`, globalStep: step });
const order = { who: 'mara', why: 'to see whether it moves' };

/** Two engines that share their runs; the ledger's clock is under the test's hand. */
function pair(given: Parameters<typeof engineFixture>[0] = {}) {
  const clock = new FakeClock();
  const ledger = new MemoryLedger(clock);
  const host = (owner: string) =>
    engineFixture({ ...given, owner: new RunOwner(ledger, { owner, floor: 0, leaseMs: LEASE_MS }) });
  return { clock, ledger, a: host('a'), b: host('b') };
}

type Fixture = ReturnType<typeof engineFixture>;
const decide = ({ engine }: Fixture, step: number) => engine.decide('run-1', packet(step));

/** The first decision of a host that something holds up until its deadline, which is long enough to come that far. */
const lateAt = ({ engine }: Fixture) => engine.decide('run-1', packet(1), { deadlineMs: 1_000 });

async function decided(fixture: Fixture, step: number) {
  const outcome = await decide(fixture, step);
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

const operate = ({ engine }: Fixture, kind: OperatorActionKind) =>
  engine.operate({ kind, trainingRunId: 'run-1', order, breaker: 'metadata' });

/** Host `a` is stopped in the middle of a decision: its record is on its way to the disk. */
function frozen({ journal }: Fixture) {
  let wake: () => void = () => undefined;
  journal.gate = new Promise((resolve) => {
    wake = () => {
      journal.gate = undefined;
      resolve();
    };
  });
  return () => wake();
}

/** The ledger takes writes at once, and says so only when told to. */
function slowAnswers(ledger: MemoryLedger) {
  const { commit } = ledger;
  let wake: () => void = () => undefined;
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  ledger.commit = async (...asked) => {
    const answer = await commit.apply(ledger, asked);
    await woken;
    return answer;
  };
  return () => wake();
}

/** Everything that was started and needs no clock has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('two hosts that share their runs', () => {
  it('a run moves with its state: sequence, mode, hold, breakers and what the risk engine remembers', async () => {
    const { a, b } = pair();
    await decided(a, 1);
    for (const kind of ['conservative_set', 'breaker_disable'] as const) expect((await operate(a, kind)).ok).toBe(true);
    const second = await decided(b, 2);
    expect(second.identity.sequence).toBe(2);
    const [left, right] = [a.engine.run('run-1')?.state, b.engine.run('run-1')?.state];
    expect(right?.risk.mode.kind).toBe('on');
    expect(right?.risk.breakers['metadata']?.kind).toBe('disabled');
    expect(right?.risk.decisions).toBe((left?.risk.decisions ?? 0) + 1);
    expect((await operate(b, 'hold')).ok).toBe(true);
    expect(await decide(a, 3)).toMatchObject({ ok: false, error: { code: 'RUN_HELD' } });
    // Held is not deciding: nobody waits for a lease.
    expect((await operate(b, 'release')).ok).toBe(true);
    expect((await decided(a, 3)).identity.sequence).toBe(3);
  });

  it('issuer epochs rise with each move, so that no executor takes the next host for an old one', async () => {
    const { a, b } = pair();
    const epochs = [await decided(a, 1), await decided(a, 2), await decided(b, 3), await decided(a, 4)];
    expect(epochs.map(({ identity }) => identity.issuerEpoch)).toEqual([1, 1, 2, 3]);
  });

  it('a packet that comes again gets the same bytes from whichever host', async () => {
    const { a, b } = pair();
    const first = await decided(a, 1);
    const again = await decided(b, 1);
    expect([again.repeated, again.decisionId, again.bytes]).toEqual([true, first.decisionId, first.bytes]);
    expect(again.assessment.reason).toBe(first.assessment.reason);
    expect((await decided(a, 1)).repeated).toBe(true);
    expect(b.journal.kinds()).toEqual([]);
  });

  it('while one host decides, the other says so and for how long', async () => {
    const { a, b } = pair();
    const wake = frozen(a);
    const deciding = decide(a, 1);
    await settled();
    expect(await decide(b, 1)).toMatchObject({
      ok: false,
      error: { code: 'RUN_ELSEWHERE', facts: { attributes: { owner: 'a', left_ms: `${LEASE_MS}` } } },
    });
    wake();
    expect((await deciding).ok).toBe(true);
    expect((await decided(b, 1)).repeated).toBe(true);
  });

  it('a host that wakes up after its lease delivers nothing: LEASE_LOST, withheld in its log, and it goes on from there', async () => {
    const { clock, a, b } = pair();
    const wake = frozen(a);
    const late = decide(a, 1);
    await settled();
    clock.advance(LEASE_MS);
    const taken = await decided(b, 1);
    expect(b.heard.told).toMatchObject([{ description: 'run_taken_over', attributes: { from: 'a' } }]);
    wake();
    expect(await late).toMatchObject({ ok: false, error: { code: 'LEASE_LOST' } });
    await settled();
    expect(a.journal.kinds()).toEqual(['decision', 'withheld', 'failure']);
    expect(a.heard.delivered).toEqual([]);
    expect((await decided(a, 1)).bytes).toEqual(taken.bytes);
    expect((await decided(a, 2)).identity.sequence).toBe(2);
  });

  it('without a ledger there is no command, and nothing of the run has changed', async () => {
    const { ledger, a } = pair();
    const before = await decided(a, 1);
    ledger.failing = 'away';
    const state = a.engine.run('run-1')?.state;
    const outcome = await decide(a, 2);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'LEDGER_UNAVAILABLE' } });
    expect(a.engine.run('run-1')?.state).toEqual(state);
    expect((await operate(a, 'conservative_set')).ok).toBe(false);
    expect(a.engine.run('run-1')?.state).toEqual(state);
    ledger.failing = undefined;
    expect((await decided(a, 2)).identity.sequence).toBe(before.identity.sequence + 1);
  });

  it('a write whose answer was lost: no command now; sent again, the packet gets the stored bytes', async () => {
    const { ledger, a, b } = pair();
    const wake = frozen(a);
    const deciding = decide(a, 1);
    await settled();
    ledger.failing = 'mute';
    wake();
    expect(await deciding).toMatchObject({ ok: false, error: { code: 'LEDGER_UNAVAILABLE' } });
    await settled();
    ledger.failing = undefined;
    // Nobody knows whether it left: the log does not claim that it did not.
    expect(a.journal.kinds()).toEqual(['decision', 'failure']);
    const stored = await decided(b, 1);
    expect([stored.repeated, stored.identity.sequence]).toEqual([true, 1]);
    expect((await decided(b, 2)).identity.sequence).toBe(2);
    expect((await decided(a, 3)).identity.sequence).toBe(3);
  });

  it('a decision that the disk took too late is not stored any more, and the packet is decided anew', async () => {
    const { a, b } = pair();
    const wake = frozen(a);
    expect(await lateAt(a)).toMatchObject({ ok: false, error: { code: 'DEADLINE_DECISION' } });
    wake();
    await expect.poll(() => a.journal.kinds().toSorted(), POLL).toEqual(['decision', 'failure', 'withheld']);
    const anew = await decided(b, 1);
    expect([anew.repeated, anew.identity.sequence]).toEqual([false, 2]);
  });

  it('a decision that the ledger took too late is taken back, and the packet is decided anew', async () => {
    const { ledger, a, b } = pair();
    const wake = slowAnswers(ledger);
    expect(await lateAt(a)).toMatchObject({ ok: false, error: { code: 'DEADLINE_DECISION' } });
    wake();
    await expect.poll(() => a.journal.kinds().toSorted(), POLL).toEqual(['decision', 'failure', 'withheld']);
    const anew = await decided(b, 1);
    expect([anew.repeated, anew.identity.sequence]).toEqual([false, 2]);
  });

  it('unless somebody who asked again has got it meanwhile: then it has left, and is not called withheld', async () => {
    const { ledger, a, b } = pair();
    const wake = slowAnswers(ledger);
    expect(await lateAt(a)).toMatchObject({ ok: false, error: { code: 'DEADLINE_DECISION' } });
    expect(await decided(b, 1)).toMatchObject({ repeated: true, identity: { sequence: 1 } });
    wake();
    await a.engine.close();
    await settled();
    expect(a.journal.kinds().toSorted()).toEqual(['decision', 'failure']);
    expect((await decided(b, 2)).identity.sequence).toBe(2);
  });

  it('a ledger that has lost the run is refused: nobody begins it anew', async () => {
    const { ledger, a } = pair();
    await decided(a, 1);
    ledger.lose();
    expect(await decide(a, 2)).toMatchObject({ ok: false, error: { code: 'LEDGER_LOST_RUN' } });
  });

  it('a state that somebody else wrote is refused', async () => {
    const { ledger, a, b } = pair();
    await decided(a, 1);
    const stored = ledger.entry('run-1')?.state ?? new Uint8Array();
    const forged = Buffer.from(stored);
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    ledger.lose();
    await ledger.adopt('run-1', { state: forged, sequence: 1 });
    await ledger.adopt('run-2', { state: stored, sequence: 1 });
    expect(await decide(b, 2)).toMatchObject({ ok: false, error: { code: 'LEDGER_UNTRUSTED' } });
    const moved = await b.engine.decide('run-2', buildPacket({ trainingRunId: 'run-2', packetId: 'q-1' }));
    expect(moved).toMatchObject({ ok: false, error: { code: 'LEDGER_UNTRUSTED' } });
  });

  it('what fails counts for the next host too', async () => {
    const { a, b } = pair();
    for (const { inference } of [a, b]) inference.answer = { failure: { code: 'inference_failed', reason: 'a test' } };
    for (const step of [1, 2]) expect((await decide(a, step)).ok).toBe(false);
    expect(a.engine.run('run-1')?.state.risk.breakers['inference']?.kind).toBe('closed');
    expect((await decide(b, 3)).ok).toBe(false);
    expect(b.engine.run('run-1')?.state.risk.breakers['inference']?.kind).toBe('open');
  });

  it('what is no packet makes no run known to the ledger for longer than a lease', async () => {
    const { ledger, a } = pair();
    expect(await a.engine.decide('run-9', { version: 1 })).toMatchObject({ error: { code: 'PACKET_INVALID' } });
    await settled();
    expect(ledger.entry('run-9')).toMatchObject({ revision: 0, untilMs: 0 });
  });
});
