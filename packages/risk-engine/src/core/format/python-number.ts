/** Largest number of decimals {@link formatFixed} prints. */
const DIGITS_MAX = 12;
const MANTISSA_BITS = 52n;
const HIDDEN_BIT = 1n << MANTISSA_BITS;

const bits = new DataView(new ArrayBuffer(8));

/** The exact value of a finite double as `sign * mantissa * 2^exponent`. */
function decompose(value: number): {
  readonly negative: boolean;
  readonly mantissa: bigint;
  readonly exponent: number;
} {
  bits.setFloat64(0, value);
  const raw = bits.getBigUint64(0);
  const biased = Number((raw >> MANTISSA_BITS) & 0x7ffn);
  const fraction = raw & (HIDDEN_BIT - 1n);
  return {
    negative: raw >> 63n === 1n,
    mantissa: biased === 0 ? fraction : fraction | HIDDEN_BIT,
    exponent: (biased === 0 ? 1 : biased) - 1075,
  };
}

/** `numerator / 2^shift`, exact ties to the even neighbour. */
function roundHalfEven(numerator: bigint, shift: bigint): bigint {
  const quotient = numerator >> shift;
  const rest = numerator - (quotient << shift);
  const half = 1n << (shift - 1n);
  if (rest > half || (rest === half && (quotient & 1n) === 1n)) return quotient + 1n;
  return quotient;
}

const nonFinite = (value: number): string => (Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf');

function formatExactly(value: number, digits: number): string {
  const { negative, mantissa, exponent } = decompose(value);
  const scaled = mantissa * 10n ** BigInt(digits);
  const rounded = exponent >= 0 ? scaled << BigInt(exponent) : roundHalfEven(scaled, BigInt(-exponent));
  const text = rounded.toString().padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  const body = digits === 0 ? whole : `${whole}.${text.slice(text.length - digits)}`;
  return negative ? `-${body}` : body;
}

/**
 * `value` with `digits` decimals (0..12) as Python's `f"{value:.3f}"` prints it: the exact binary value is rounded, exact
 * ties go to the even digit, negative zero keeps its sign, and no exponent appears at any size. Not finite: `nan`,
 * `inf`, `-inf`. JavaScript's `toFixed` differs in all of these.
 */
export function formatFixed(value: number, digits: number): string {
  if (!(digits >= 0 && digits <= DIGITS_MAX)) throw new RangeError(`digits must be 0 to ${DIGITS_MAX}, got ${digits}`);
  if (!Number.isFinite(value)) return nonFinite(value);
  return cannotTie(value, digits) ? value.toFixed(digits) : formatExactly(value, digits);
}

/**
 * `toFixed` rounds the exact value too and differs only for exact ties, negative zero and from 1e21. A tie at `digits`
 * decimals is an odd multiple of 1/2^(digits+1), so a value that is no whole multiple of it cannot be one.
 */
function cannotTie(value: number, digits: number): boolean {
  return Math.abs(value) < 1e21 && !Number.isInteger(value * 2 ** (digits + 1));
}

/** `str(int(value))`: truncated towards zero, all digits printed. `value` must be finite. */
export const formatTruncated = (value: number): string => BigInt(Math.trunc(value)).toString();

/**
 * `str(value)` of a Python float: the shortest digits that read back the same, always with a point or an exponent,
 * an exponent (of at least two digits) below 1e-4 and from 1e16.
 */
export function formatPythonFloat(value: number): string {
  if (!Number.isFinite(value)) return nonFinite(value);
  if (Object.is(value, -0)) return '-0.0';
  const scientific = value.toExponential();
  const mark = scientific.indexOf('e');
  const exponent = Number(scientific.slice(mark + 1));
  if (exponent >= -4 && exponent < 16) return plainDecimal(value);
  const size = Math.abs(exponent).toString().padStart(2, '0');
  return `${scientific.slice(0, mark)}e${exponent < 0 ? '-' : '+'}${size}`;
}

/** JavaScript uses no exponent between 1e-6 and 1e21, which holds the whole range Python prints plainly. */
function plainDecimal(value: number): string {
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}
