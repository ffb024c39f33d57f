/**
 * `value` with `digits` decimals as consumers of the prototype's annotations expect: the exact binary value is rounded,
 * exact ties go to the even digit, negative zero keeps its sign, large numbers print all their digits. `value` is finite.
 */
export function fixedDecimal(value: number, digits: number): string {
  const magnitude = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (magnitude >= 1e21) return `${sign}${BigInt(magnitude)}.${'0'.repeat(digits)}`;
  const rounded = magnitude.toFixed(digits);
  return sign + (isTie(magnitude, digits) ? evenOf(rounded, digits) : rounded);
}

/**
 * A tie is `n + 1/2` units of the last digit. In binary that is an odd number over `2^(digits + 1)`, and nothing else is: the
 * power of five in ten's power is odd. Multiplying by a power of two is exact.
 */
const isTie = (magnitude: number, digits: number): boolean => (magnitude * 2 ** (digits + 1)) % 2 === 1;

/** `toFixed` has rounded the tie up: step back to the even neighbour when the last digit came out odd. */
function evenOf(rounded: string, digits: number): string {
  const whole = BigInt(rounded.replace('.', ''));
  const even = (whole % 2n === 0n ? whole : whole - 1n).toString().padStart(digits + 1, '0');
  return digits === 0 ? even : `${even.slice(0, -digits)}.${even.slice(-digits)}`;
}
