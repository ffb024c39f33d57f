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

/** `toFixed` shows up to 100 exact decimals; a tie ends in 5 right after the kept ones. */
function isTie(magnitude: number, digits: number): boolean {
  const exact = magnitude.toFixed(Math.min(100, digits + 60));
  const rest = exact.slice(exact.indexOf('.') + 1 + digits);
  return rest.startsWith('5') && /^50*$/.test(rest);
}

/** `toFixed` has rounded the tie up: step back to the even neighbour when the last digit came out odd. */
function evenOf(rounded: string, digits: number): string {
  const whole = BigInt(rounded.replace('.', ''));
  const even = (whole % 2n === 0n ? whole : whole - 1n).toString().padStart(digits + 1, '0');
  return digits === 0 ? even : `${even.slice(0, -digits)}.${even.slice(-digits)}`;
}
