const OFFSET_A = 0x811c9dc5;
const OFFSET_B = 0x9747b28c;
const PRIME_A = 0x01000193;
const PRIME_B = 0x85ebca6b;

/** A 53-bit hash of run and packet id: quick, not secret, and never taken for proof of equality. */
export function answerKey(trainingRunId: string, packetId: string): number {
  let a = OFFSET_A ^ trainingRunId.length;
  let b = OFFSET_B ^ packetId.length;
  for (const text of [trainingRunId, packetId]) {
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      a = Math.imul(a ^ unit, PRIME_A);
      b = Math.imul(b ^ unit, PRIME_B);
      b ^= b >>> 13;
    }
  }
  a ^= a >>> 16;
  b ^= b >>> 15;
  return (b & 0x1f_ffff) * 0x1_0000_0000 + (a >>> 0);
}
