import type { EnterAnswer, EnterAsk, RunLedger } from '../ports.js';

/** One promise of a ledger. `run` rejects when it is broken. Each case takes runs of its own, so one ledger serves all. */
export interface LedgerCase {
  readonly name: string;
  run(ledger: RunLedger, runId: string): Promise<void>;
}

/** What every adapter keeps, as cases for any test runner. A lease of 0 ms is over at once, one of an hour never. */
export const ledgerContract: readonly LedgerCase[] = [
  { name: 'a new run is granted under a token above the floor, without a state', run: fresh },
  { name: 'the holder goes on under its token, and gets the state only when it has not seen it', run: renewal },
  { name: 'another host is told who holds the run, and for how long', run: held },
  { name: 'a lease that ran out goes to another host: a higher token, state and sequence with it', run: expired },
  { name: 'a write ends the lease, and the run may go to anybody at once', run: handedOver },
  { name: 'a host that was overtaken cannot write, and changes nothing', run: fenced },
  { name: 'a sequence number is accepted once, and never falls', run: sequences },
  { name: 'an answered packet gets its stored bytes from whoever is asked, and no second answer', run: answers },
  { name: 'an answer can be taken back until somebody has got it, and by its own command alone', run: withdrawals },
  { name: 'a run from elsewhere is taken once, and never over one that is known', run: adoption },
  { name: 'a host that forgot its token does not wait for itself, and its earlier self cannot write', run: forgetful },
  { name: 'a run that this host has written to and that is not there is missing, not new', run: missing },
  { name: 'a lease given back is over; one of an earlier token is not touched', run: releases },
];

const HOUR_MS = 3_600_000;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

const ask = (owner: string, more: Partial<EnterAsk> = {}): EnterAsk => ({
  owner,
  token: 0,
  revision: 0,
  floor: 0,
  leaseMs: HOUR_MS,
  ...more,
});

const decision = (token: number, sequence: number, packetId = `p-${sequence}`) => ({
  token,
  sequence,
  state: bytes(`state ${sequence}`),
  answer: { packetId, commandId: `c-${sequence}`, bytes: bytes(`bytes ${sequence}`) },
});

type Granted = Extract<EnterAnswer, { readonly kind: 'granted' }>;

function granted(answer: EnterAnswer): Granted {
  if (answer.kind !== 'granted') throw new Error(`the run should be granted, not ${answer.kind}`);
  return answer;
}

function equal(found: unknown, wanted: unknown): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`found ${left}, wanted ${right}`);
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}

async function fresh(ledger: RunLedger, run: string): Promise<void> {
  const answer = granted(await ledger.enter(run, ask('a', { floor: 7_000 })));
  check(answer.token > 7_000, 'the token is above the floor');
  equal([answer.revision, answer.sequence, answer.state, answer.from], [0, 0, undefined, undefined]);
}

async function renewal(ledger: RunLedger, run: string): Promise<void> {
  const { token } = granted(await ledger.enter(run, ask('a')));
  equal(await ledger.commit(run, decision(token, 1)), { kind: 'accepted', revision: 1 });
  const seen = granted(await ledger.enter(run, ask('a', { token, revision: 1 })));
  equal([seen.token, seen.state], [token, undefined]);
  const unseen = granted(await ledger.enter(run, ask('a', { token, revision: 0 })));
  equal([unseen.token, text(unseen.state), unseen.sequence, unseen.revision], [token, 'state 1', 1, 1]);
}

async function held(ledger: RunLedger, run: string): Promise<void> {
  await ledger.enter(run, ask('a'));
  const answer = await ledger.enter(run, ask('b'));
  if (answer.kind !== 'held') throw new Error(`held, not ${answer.kind}`);
  equal(answer.owner, 'a');
  check(answer.leftMs > 0 && answer.leftMs <= HOUR_MS, 'what is left is within the lease');
}

async function expired(ledger: RunLedger, run: string): Promise<void> {
  const first = granted(await ledger.enter(run, ask('a')));
  await ledger.commit(run, decision(first.token, 4));
  const again = granted(await ledger.enter(run, ask('a', { token: first.token, revision: 1, leaseMs: 0 })));
  const next = granted(await ledger.enter(run, ask('b')));
  check(next.token > again.token, 'tokens rise');
  equal([next.sequence, text(next.state), next.from], [4, 'state 4', { owner: 'a', how: 'expired' }]);
}

async function handedOver(ledger: RunLedger, run: string): Promise<void> {
  const { token } = granted(await ledger.enter(run, ask('a')));
  await ledger.commit(run, decision(token, 1));
  const next = granted(await ledger.enter(run, ask('b')));
  check(next.token > token, 'tokens rise');
  equal(next.from, { owner: 'a', how: 'released' });
}

async function fenced(ledger: RunLedger, run: string): Promise<void> {
  const late = granted(await ledger.enter(run, ask('a', { leaseMs: 0 })));
  const next = granted(await ledger.enter(run, ask('b')));
  equal(await ledger.commit(run, decision(late.token, 9)), { kind: 'lost', token: next.token, owner: 'b' });
  equal(await ledger.commit(run, decision(next.token, 1)), { kind: 'accepted', revision: 1 });
  equal((await ledger.commit(run, decision(late.token, 10))).kind, 'lost');
  const { sequence, state } = granted(await ledger.enter(run, ask('c')));
  equal([sequence, text(state)], [1, 'state 1']);
}

async function sequences(ledger: RunLedger, run: string): Promise<void> {
  const { token } = granted(await ledger.enter(run, ask('a')));
  await ledger.commit(run, decision(token, 5));
  equal(await ledger.commit(run, decision(token, 5, 'other')), { kind: 'sequence', stored: 5 });
  equal(await ledger.commit(run, decision(token, 4, 'other')), { kind: 'sequence', stored: 5 });
  const stateOnly = { token, sequence: 5, state: bytes('after an order') };
  equal(await ledger.commit(run, stateOnly), { kind: 'accepted', revision: 2 });
  equal(await ledger.commit(run, { ...stateOnly, sequence: 4 }), { kind: 'sequence', stored: 5 });
}

async function answers(ledger: RunLedger, run: string): Promise<void> {
  const { token } = granted(await ledger.enter(run, ask('a', { packetId: 'p' })));
  await ledger.commit(run, decision(token, 1, 'p'));
  const stored = await ledger.enter(run, ask('b', { packetId: 'p' }));
  equal(stored.kind === 'answered' && text(stored.bytes), 'bytes 1');
  // Nobody's lease has changed: the token that wrote is still in force.
  equal(await ledger.commit(run, decision(token, 2, 'p')), { kind: 'answered' });
  equal((await ledger.commit(run, decision(token, 2, 'q'))).kind, 'accepted');
  equal((await ledger.enter(run, ask('b', { packetId: 'r' }))).kind, 'granted');
}

async function withdrawals(ledger: RunLedger, run: string): Promise<void> {
  const { token } = granted(await ledger.enter(run, ask('a')));
  await ledger.commit(run, decision(token, 1, 'p'));
  equal(await ledger.withdraw(run, { packetId: 'p', commandId: 'another' }), 'gone');
  equal(await ledger.withdraw(run, { packetId: 'p', commandId: 'c-1' }), 'withdrawn');
  equal(await ledger.withdraw(run, { packetId: 'p', commandId: 'c-1' }), 'gone');
  equal(await ledger.commit(run, decision(token, 1, 'p')), { kind: 'sequence', stored: 1 });
  await ledger.commit(run, decision(token, 2, 'p'));
  equal((await ledger.enter(run, ask('b', { packetId: 'p' }))).kind, 'answered');
  equal(await ledger.withdraw(run, { packetId: 'p', commandId: 'c-2' }), 'given');
  equal((await ledger.enter(run, ask('b', { packetId: 'p' }))).kind, 'answered');
}

async function adoption(ledger: RunLedger, run: string): Promise<void> {
  equal(await ledger.adopt(run, { state: bytes('from a log'), sequence: 40 }), true);
  equal(await ledger.adopt(run, { state: bytes('from another'), sequence: 50 }), false);
  const { state, sequence, revision, from } = granted(await ledger.enter(run, ask('a')));
  equal([text(state), sequence, revision, from], ['from a log', 40, 1, undefined]);
}

async function forgetful(ledger: RunLedger, run: string): Promise<void> {
  const earlier = granted(await ledger.enter(run, ask('a')));
  const later = granted(await ledger.enter(run, ask('a')));
  check(later.token > earlier.token, 'tokens rise');
  equal((await ledger.commit(run, decision(earlier.token, 1))).kind, 'lost');
  equal((await ledger.commit(run, decision(later.token, 1))).kind, 'accepted');
}

async function missing(ledger: RunLedger, run: string): Promise<void> {
  equal(await ledger.enter(run, ask('a', { token: 3, revision: 2 })), { kind: 'missing' });
  equal(await ledger.commit(run, decision(3, 7)), { kind: 'missing' });
  await ledger.enter(run, ask('b'));
  equal(await ledger.enter(run, ask('a', { token: 3, revision: 2 })), { kind: 'missing' });
}

async function releases(ledger: RunLedger, run: string): Promise<void> {
  const { token } = granted(await ledger.enter(run, ask('a')));
  await ledger.release(run, token - 1);
  equal((await ledger.enter(run, ask('b'))).kind, 'held');
  await ledger.release(run, token);
  equal((await ledger.enter(run, ask('b'))).kind, 'granted');
}
