import { fingerprintOf } from '../records/fingerprint.js';

/** One bit that is not as it was when the decision was made. */
export interface FlippedBit {
  /** For example `packet.seedStates[1].gradientNorm`. */
  readonly path: string;
  /** The bit, in words. */
  readonly bit: string;
  readonly recorded: unknown;
  readonly decidedOn: unknown;
}

/** Values tried before the search is given up. */
const TRIES_MAX = 200_000;
const DOUBLE_BITS = 64;
const INTEGER_BITS = 53;
const TEXT_BITS = 8;

/**
 * The one flipped bit that explains why plain data does not have the fingerprint it had. `undefined` when no single flip
 * does: then more than one bit is wrong. The data is left as it is.
 */
export function findFlip(data: unknown, mark: number): FlippedBit | undefined {
  const copy = structuredClone(data);
  let left = TRIES_MAX;
  for (const leaf of leavesOf(copy, '')) {
    for (const { value, bit } of flipsOf(leaf.value)) {
      left -= 1;
      if (left < 0) return undefined;
      leaf.set(value);
      if (fingerprintOf(copy) === mark) return { path: leaf.path, bit, recorded: leaf.value, decidedOn: value };
    }
    leaf.set(leaf.value);
  }
  return undefined;
}

interface Leaf {
  readonly path: string;
  readonly value: unknown;
  readonly set: (value: unknown) => void;
}

function* leavesOf(node: unknown, path: string): Generator<Leaf> {
  if (typeof node !== 'object' || node === null || node instanceof Uint8Array) return;
  const parts = node as Record<string, unknown>;
  for (const key of Object.keys(parts)) {
    const name = Array.isArray(node) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const value = parts[key];
    if (typeof value === 'object') yield* leavesOf(value, name);
    else {
      yield {
        path: name,
        value,
        set: (other) => {
          parts[key] = other;
        },
      };
    }
  }
}

interface Flip {
  readonly value: unknown;
  readonly bit: string;
}

function* flipsOf(value: unknown): Generator<Flip> {
  if (typeof value === 'boolean') yield { value: !value, bit: 'its only bit' };
  if (typeof value === 'string') yield* textFlips(value);
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && value >= 0) yield* integerFlips(value);
    yield* doubleFlips(value);
  }
}

/** Whole numbers are recorded as such. */
function* integerFlips(value: number): Generator<Flip> {
  for (let bit = 0; bit < INTEGER_BITS; bit += 1) {
    yield { value: Number(BigInt(value) ^ (1n << BigInt(bit))), bit: `bit ${bit} of the whole number` };
  }
}

function* doubleFlips(value: number): Generator<Flip> {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  for (let bit = 0; bit < DOUBLE_BITS; bit += 1) {
    view.setBigUint64(0, bits ^ (1n << BigInt(bit)));
    yield { value: view.getFloat64(0), bit: `bit ${bit} of the 64-bit number` };
  }
}

function* textFlips(text: string): Generator<Flip> {
  for (let at = 0; at < text.length; at += 1) {
    for (let bit = 0; bit < TEXT_BITS; bit += 1) {
      const flipped = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
      yield { value: text.slice(0, at) + flipped + text.slice(at + 1), bit: `bit ${bit} of character ${at}` };
    }
  }
}
