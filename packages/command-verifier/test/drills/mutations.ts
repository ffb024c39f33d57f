import { createHmac } from 'node:crypto';
import type { SeededRandom } from '@esper/testkit';
import { concatBytes } from '../../src/core/compose-envelope.js';
import { type Envelope, readEnvelope, type Span } from '../../src/core/envelope.js';
import { readSignedSpans, type SignedSpans } from '../../src/core/signed-part.js';

/** Good envelopes to start from. */
export type Corpus = readonly Uint8Array[];

type Mutation = (bytes: Uint8Array, random: SeededRandom, corpus: Corpus) => Uint8Array;

const ED25519_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

type Layout = Omit<Envelope, 'signatures'> &
  SignedSpans & { readonly signatures: readonly (Envelope['signatures'][number] & { readonly signatureSpan: Span })[] };

const layouts = new WeakMap<Uint8Array, Layout>();

/** Where the parts of a good envelope lie. */
function layoutOf(bytes: Uint8Array): Layout {
  const known = layouts.get(bytes) ?? readLayout(bytes);
  layouts.set(bytes, known);
  return known;
}

function readLayout(bytes: Uint8Array): Layout {
  const envelope = readEnvelope(bytes);
  if (typeof envelope === 'string') throw new Error(`the corpus holds a bad envelope: ${envelope}`);
  const spans = readSignedSpans(bytes, envelope.audienceFrom);
  if (spans === undefined) throw new Error('the corpus holds a bad signed part');
  const signatures = envelope.signatures.map((named) => {
    const from = named.signature.byteOffset - bytes.byteOffset;
    return { ...named, signatureSpan: { from, to: from + named.signature.length } };
  });
  return { ...envelope, ...spans, signatures };
}

const cut = (bytes: Uint8Array, at: number, length: number): Uint8Array =>
  concatBytes([bytes.subarray(0, at), bytes.subarray(at + length)]);

const replaced = (bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy.set(part.subarray(0, Math.max(0, bytes.length - at)), at);
  return copy;
};

function flipped(bytes: Uint8Array, random: SeededRandom, range: { from: number; to: number }): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const flips = random.chance(0.7) ? 1 : random.int(2, 8);
  for (let flip = 0; flip < flips; flip++) {
    const at = random.int(range.from, range.to - 1);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.int(0, 7));
  }
  return copy;
}

const whole = (bytes: Uint8Array) => ({ from: 0, to: bytes.length });

/** Ways to turn a good envelope into another one. Each is a pure function of the seed. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  flipAnywhere: (bytes, random) => flipped(bytes, random, whole(bytes)),
  flipSignature: (bytes, random) => flipped(bytes, random, random.pick(layoutOf(bytes).signatures).signatureSpan),
  flipHeader: (bytes, random) => flipped(bytes, random, layoutOf(bytes).header),
  flipAudience: (bytes, random) => flipped(bytes, random, random.pick([layoutOf(bytes).run, layoutOf(bytes).consumer])),
  flipPayload: (bytes, random) => flipped(bytes, random, layoutOf(bytes).payload),
  setBytes: (bytes, random) => replaced(bytes, random.int(0, bytes.length - 1), random.bytes(random.int(1, 16))),
  truncate: (bytes, random) => bytes.slice(0, random.int(0, bytes.length - 1)),
  extend: (bytes, random) => concatBytes([bytes, random.bytes(random.int(1, 64))]),
  remove: (bytes, random) => cut(bytes, random.int(0, bytes.length - 2), random.int(1, 32)),
  insert: (bytes, random) => {
    const at = random.int(0, bytes.length);
    return concatBytes([bytes.subarray(0, at), random.bytes(random.int(1, 32)), bytes.subarray(at)]);
  },
  splice: (bytes, random, corpus) => {
    const other = random.pick(corpus);
    return concatBytes([
      bytes.subarray(0, random.int(0, bytes.length)),
      other.subarray(random.int(0, other.length - 1)),
    ]);
  },
  foreignSignature: (bytes, random, corpus) => {
    const other = layoutOf(random.pick(corpus)).signatures[0];
    const own = layoutOf(bytes).signatures[0];
    return own === undefined || other === undefined ? bytes : replaced(bytes, own.signatureSpan.from, other.signature);
  },
  foreignPart: (bytes, random, corpus) => {
    const donor = random.pick(corpus);
    const part = random.pick(['run', 'consumer', 'header', 'payload'] as const);
    const [own, other] = [layoutOf(bytes)[part], layoutOf(donor)[part]];
    const between = [bytes.subarray(0, own.from), donor.subarray(other.from, other.to), bytes.subarray(own.to)];
    const copy = concatBytes(between);
    new DataView(copy.buffer).setUint32(own.from - 4, other.to - other.from);
    return copy;
  },
  rekey: (bytes, random, corpus) => {
    const donor = random.pick(corpus);
    const [own, other] = [layoutOf(bytes), layoutOf(donor)];
    const outside = donor.subarray(0, other.signedFrom);
    const named = donor.subarray(other.signedFrom, other.audienceFrom);
    return random.chance(0.5)
      ? concatBytes([outside, bytes.subarray(own.signedFrom)])
      : concatBytes([outside, named, bytes.subarray(own.audienceFrom)]);
  },
  dropSignature: (bytes) => {
    const [first, ...rest] = layoutOf(bytes).signatures;
    if (first === undefined) return bytes;
    const copy = cut(bytes, first.signatureSpan.from - 1, first.signature.length + 1);
    copy[4] = rest.length;
    return copy;
  },
  swapSignatures: (bytes) => {
    const [first, second] = layoutOf(bytes).signatures;
    if (first === undefined || second === undefined) return cut(bytes, 5, 1);
    return replaced(
      replaced(bytes, first.signatureSpan.from, second.signature),
      second.signatureSpan.from,
      first.signature,
    );
  },
  addOrder: (bytes) => {
    const signature = layoutOf(bytes).signatures.find((named) => named.signature.length === 64);
    if (signature === undefined) return replaced(bytes, 5, Uint8Array.of(64));
    const scalar = [...signature.signature.subarray(32)].reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
    const moved = scalar + ED25519_ORDER;
    const little = Uint8Array.from({ length: 32 }, (_, index) => Number((moved >> BigInt(8 * index)) & 255n));
    return replaced(bytes, signature.signatureSpan.from + 32, little);
  },
  strangerKey: (bytes, random) => {
    const { signedFrom, signatures } = layoutOf(bytes);
    const forged = createHmac('sha256', random.bytes(32)).update(bytes.subarray(signedFrom)).digest();
    const own = random.pick(signatures);
    return replaced(bytes, own.signatureSpan.from, forged.subarray(0, own.signature.length));
  },
  reAim: (bytes, random) => {
    const { run, consumer } = layoutOf(bytes);
    const part = random.pick([run, consumer]);
    const name = new TextEncoder().encode(
      random.pick(['kasmina', 'tolaria', 'run-1', `run-${random.int(0, 10 ** 9)}`]),
    );
    const copy = concatBytes([bytes.subarray(0, part.from), name, bytes.subarray(part.to)]);
    new DataView(copy.buffer).setUint32(part.from - 4, name.length);
    return copy;
  },
  zeroSignature: (bytes, random) => {
    const signature = random.pick(layoutOf(bytes).signatures);
    const zeros = new Uint8Array(signature.signature.length);
    return replaced(bytes, signature.signatureSpan.from, zeros);
  },
  shortSignature: (bytes, random) => {
    const signature = random.pick(layoutOf(bytes).signatures);
    const length = random.int(1, signature.signature.length - 1);
    const copy = cut(bytes, signature.signatureSpan.from + length, signature.signature.length - length);
    copy[signature.signatureSpan.from - 1] = length;
    return copy;
  },
};
