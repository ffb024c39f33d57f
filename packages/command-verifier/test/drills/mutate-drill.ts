import { createPrivateKey } from 'node:crypto';
import { FakeClock, SeededRandom } from '@esper/testkit';
import type { DrillFlags, DrillOutcome, DrillSpec } from '../../../../tools/drill/drill.ts';
import {
  createKeyRing,
  createReplayGuard,
  createSealer,
  createVerifier,
  type KeyRingHolder,
  type Verifier,
} from '../../src/index.js';
import { ed25519PrivateKey, hmacKey } from '../../src/node.js';
import { makeKey, pauseDraft, START_MS, seedDraft, seededIds } from '../support/fixtures.js';
import { MUTATE_SABOTAGES, sabotageKey, sabotageVerifier } from './mutate-faults.js';
import { type Corpus, MUTATIONS } from './mutations.js';

export const MUTATE_DRILL: DrillSpec = {
  name: 'verifier:mutate',
  defaultBudgetMs: 10_000,
  sabotages: MUTATE_SABOTAGES,
};

/** What stands before the 32 bytes of an Ed25519 key in PKCS#8. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
/** Ed25519 takes thirty times as long as HMAC: every seventh envelope carries one, so that most of the time goes into cases. */
const CORPUS_SIZE = 70;
const BATCH = 500;

interface Tally {
  mutations: number;
  accepted: number;
  threw: number;
  readonly distinct: Set<number>;
  readonly byReason: Map<string, number>;
}

/** Ring of two HMAC keys and an Ed25519 key; each envelope is signed by one of them or by two. */
function makeRings(
  random: SeededRandom,
  fault: string | undefined,
): { all: KeyRingHolder; signing: readonly KeyRingHolder[] } {
  const materials = [hmacKey(random.bytes(32)), hmacKey(random.bytes(48)), ed25519PrivateKey(ed25519Pem(random))];
  const keys = materials.map((material, index) =>
    makeKey(['hmac-a', 'hmac-b', 'ed-c'][index] ?? '', { material: sabotageKey(fault, material, index) }),
  );
  const [a, b, c] = keys;
  if (a === undefined || b === undefined || c === undefined) throw new Error('three keys were made');
  return {
    all: createKeyRing(keys),
    signing: [[a], [b], [a, b], [a], [b], [b, a], [a, c]].map((ring) => createKeyRing(ring)),
  };
}

function ed25519Pem(random: SeededRandom): string {
  const key = Buffer.concat([PKCS8_ED25519, random.bytes(32)]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }).toString();
}

function makeCorpus(signing: readonly KeyRingHolder[], clock: FakeClock): Corpus {
  const ids = seededIds(99);
  return Array.from({ length: CORPUS_SIZE }, (_, index) => {
    const keyRing = signing[index % signing.length];
    if (keyRing === undefined) throw new Error('every envelope has a ring');
    const sealer = createSealer({ keyRing, clock, ids });
    const draft = index % 2 === 0 ? pauseDraft : seedDraft;
    const consumer = index % 5 === 4 ? 'tolaria' : 'kasmina';
    const request = {
      trainingRunId: `run-${index}`,
      consumer,
      issuerEpoch: 1,
      sequence: index + 1,
      expiresInMs: 30_000,
    };
    return sealer.seal(draft, request).bytes;
  });
}

async function tryOne(verifier: Verifier, bytes: Uint8Array, tally: Tally): Promise<void> {
  tally.mutations += 1;
  tally.distinct.add(hash53(bytes));
  try {
    const result = await verifier.verify(bytes);
    if (result.ok) tally.accepted += 1;
    const reason = result.ok ? 'ok' : result.error.reason;
    tally.byReason.set(reason, (tally.byReason.get(reason) ?? 0) + 1);
    if (!result.ok && result.error.reason === 'verifier_unavailable') tally.threw += 1;
  } catch {
    tally.threw += 1;
  }
}

/** Mutates good envelopes until the budget or the count is used up, and counts what a verifier lets through. */
export async function mutateDrill(flags: DrillFlags): Promise<DrillOutcome> {
  const random = new SeededRandom(flags.seed);
  const clock = new FakeClock(START_MS);
  const rings = makeRings(random, flags.sabotage);
  const corpus = makeCorpus(rings.signing, clock);
  const audience = { trainingRunId: 'any', consumer: 'kasmina' };
  const honest = createVerifier({ keyRing: rings.all, clock, replay: createReplayGuard({ clock }), audience });
  const verifier = sabotageVerifier(flags.sabotage, honest);
  const originals = new Set(corpus.map(hash53));
  const tally: Tally = { mutations: 0, accepted: 0, threw: 0, distinct: new Set(), byReason: new Map() };
  const names = Object.keys(MUTATIONS);
  const endAt = performance.now() + flags.budgetMs;
  const countMax = flags.count ?? Number.POSITIVE_INFINITY;
  let turn = 0;
  while (tally.mutations < countMax && (flags.count !== undefined || performance.now() < endAt)) {
    for (let index = 0; index < BATCH && tally.mutations < countMax; index++) {
      turn += 1;
      const mutation = MUTATIONS[names[turn % names.length] ?? ''];
      const mutated = mutation?.(random.pick(corpus), random, corpus);
      if (mutated !== undefined && !originals.has(hash53(mutated))) await tryOne(verifier, mutated, tally);
    }
  }
  return report(tally, await controls(verifier, corpus));
}

/** The untouched envelopes: ours are accepted, those for another consumer are not. Otherwise the drill proves nothing. */
async function controls(verifier: Verifier, corpus: Corpus): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const [index, bytes] of corpus.entries()) {
    const result = await verifier.verify(bytes);
    if (result.ok !== (index % 5 !== 4))
      failures.push(`control ${index}: ${result.ok ? 'accepted' : result.error.reason}`);
  }
  return failures.length === 0 ? [] : [`${failures.length} controls went wrong, first ${failures[0]}`];
}

function report(tally: Tally, failures: readonly string[]): DrillOutcome {
  const { mutations, accepted, threw } = tally;
  const found = [...failures];
  if (accepted > 0) found.push(`${accepted} mutated envelopes were accepted`);
  if (threw > 0) found.push(`${threw} mutated envelopes made verify throw or fail inside`);
  const byReason = Object.fromEntries([...tally.byReason].sort());
  return { json: { mutations, accepted, threw, distinct: tally.distinct.size, byReason }, failures: found };
}

/** 53 bits of two FNV-1a hashes: tells cases apart for counting. */
function hash53(bytes: Uint8Array): number {
  let [low, high] = [0x811c9dc5, 0xcbf29ce4];
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte, 0x01000197) ^ (high >>> 15);
  }
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}
