/** One deliberate difference from the prototype. */
export interface Deviation {
  readonly id: string;
  /** What we do, in one sentence. */
  readonly rule: string;
  /** Why it differs. */
  readonly why: string;
  /** Which input it shows on, and what the expected value is computed from. */
  readonly recognisedBy: string;
}

/** Every deliberate difference of the verifier. The naive ledger computes the one value each of them expects. */
export const deviations = [
  {
    id: 'DEV-CV-01',
    rule: 'The nonce is claimed last: a stale, future or undated command is told as such however often it comes, and burns nothing.',
    why: 'The prototype registers the nonce before freshness, so a command sent early is refused when it is due (D-32a).',
    recognisedBy:
      'Recorded nonce_replayed for a command that fails freshness, or that was never accepted. The time of issue and the window of the line give the verdict.',
  },
  {
    id: 'DEV-CV-02',
    rule: 'A nonce is kept at least as long as its command is fresh, whatever lifetime is configured.',
    why: 'With a lifetime below the freshness window the prototype accepts the same command again.',
    recognisedBy:
      'Recorded ok for an id that was accepted before, is within window plus skew of that, and was not evicted for room.',
  },
  {
    id: 'DEV-CV-03',
    rule: 'A full memory refuses new commands and gives up no live nonce.',
    why: 'The prototype evicts the earliest entry, which makes its command acceptable again (D-32c, SV-08).',
    recognisedBy: 'As many live accepted ids as the ledger of the line has entries, or an id whose entry was evicted.',
  },
  {
    id: 'DEV-CV-04',
    rule: 'A signature that is no base64 and a time outside the years 1 to 9999 are refusals.',
    why: 'The prototype throws out of the verifier (SV-03, W-D-14, W-D-20).',
    recognisedBy: 'Recorded raises. TypeError: invalid_signature. ValueError: malformed_header.',
  },
  {
    id: 'DEV-CV-05',
    rule: 'Bytes that do not parse are refused with malformed_envelope.',
    why: 'In the prototype they never reach the verifier: its parser throws at the caller.',
    recognisedBy: 'Recorded parse_error, or the letter P of the bit-flip line.',
  },
  {
    id: 'DEV-CV-06',
    rule: 'What was issued before the newest forgotten nonce is refused when no sequence number proves it new.',
    why: 'After its nonce is forgotten, a command can become fresh again when a clock steps back; the prototype accepts it twice.',
    recognisedBy:
      'Recorded ok for a command issued at or before the newest accepted command whose time in the memory is over.',
  },
] as const satisfies readonly Deviation[];

/** Ids of the deviations. */
export type DeviationId = (typeof deviations)[number]['id'];
