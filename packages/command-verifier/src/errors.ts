import { CodedError, type ErrorTable } from '@esper/std';
import type { RefusalReason } from './core/refusal.js';

const ISSUER = 'Look at the issuer of that key; the command was not executed.';
const STRANGER = 'If it repeats, look for whoever sends it; nothing was executed.';

/** Everything this package refuses or fails with. Lower case: reasons of a refusal. Upper case: thrown errors. */
export const VERIFIER_ERRORS = {
  verifier_unavailable: {
    means: 'No usable key is loaded, or a part of the verifier failed; every command is refused.',
    next: 'Load a key ring, and look at the cause.',
  },
  command_too_large: { means: 'The bytes are over the size limit; they were not looked into.', next: STRANGER },
  malformed_envelope: { means: 'The bytes are not a version 1 command envelope.', next: STRANGER },
  wrong_domain: { means: 'The signed part is not a command: its domain tag is another.', next: STRANGER },
  missing_signature: { means: 'The command carries no signature.', next: STRANGER },
  unknown_key: {
    means: 'No signature names a key of this ring.',
    next: 'Compare the key ids of issuer and consumer; after a rotation, load the new ring here first.',
  },
  key_not_valid: {
    means: 'The key that is named is known, but not valid at this time.',
    next: 'Compare its dates with the clocks of both machines; rotate if it has run out.',
  },
  invalid_signature: { means: 'A signature of a trusted key does not match the bytes.', next: STRANGER },
  malformed_header: { means: 'A trusted key signed a header that breaks the format.', next: ISSUER },
  wrong_audience: {
    means: 'The command is genuine, but for another training run or consumer.',
    next: 'Find out who redirects commands.',
  },
  missing_command_id: { means: 'The command has no id.', next: ISSUER },
  missing_timestamp: { means: 'The command has no time of issue.', next: ISSUER },
  issued_in_future: {
    means: 'The command is dated further ahead than the tolerated skew.',
    next: 'Compare the clocks of issuer and consumer.',
  },
  stale_command: {
    means: 'The command is older than the freshness window.',
    next: 'Compare the clocks, and look at what delayed the delivery.',
  },
  expired_command: {
    means: 'The command is past the time its issuer gave it.',
    next: 'Look at what delayed the delivery.',
  },
  nonce_replayed: { means: 'This very command was accepted before.', next: 'Find out who sends it again.' },
  issuer_epoch_regressed: {
    means: 'The command comes from an issuer that another one has taken over from.',
    next: 'Stop the old issuer.',
  },
  sequence_not_rising: {
    means: 'A command of this run with this or a higher sequence number was accepted before.',
    next: 'Look for a replay, for reordering on the way, or for two issuers of one run.',
  },
  issued_before_watermark: {
    means: 'The command is from before a restart or a clock step, and may have been accepted then.',
    next: 'None, for up to two seconds after a restart; otherwise compare the clocks.',
  },
  replay_memory_full: {
    means: 'The replay memory is full of live entries; none is given up for a new command.',
    next: 'Raise its capacity or find out who issues that many commands.',
  },
  key_quota_full: {
    means: 'Commands of one key fill that key’s share of the replay memory.',
    next: 'Find out why this key issues so many commands.',
  },
  replay_journal_failed: {
    means: 'The watermark could not be stored, so the command could be accepted again after a restart.',
    next: 'Look at the cause (disk full, I/O error) and restart with a working journal.',
  },
  malformed_payload: { means: 'A trusted key signed a payload that is no command.', next: ISSUER },
  command_not_allowed: { means: 'The key may not issue commands of this type.', next: ISSUER },
  SEAL_NO_SIGNING_KEY: {
    means: 'No current key of the ring can sign now.',
    next: 'Load a ring with a valid current key; `tamiyo keys age` shows the dates.',
  },
  SEAL_TOO_LARGE: {
    means: 'The command is over the size limit of the envelope.',
    next: 'Shorten its annotations, or raise the limit at issuer and consumer.',
  },
  SEAL_SEQUENCE_NOT_RISING: {
    means: 'The sequence number or the issuer epoch is not above the last sealed one of this run.',
    next: 'Restore the run state from the journal before deciding for this run again.',
  },
  SEAL_INVALID_FIELD: {
    means: 'A field of the command identity is outside its range.',
    next: 'Correct the named field.',
  },
  KEY_TOO_SHORT: {
    means: 'The secret has fewer than 32 bytes.',
    next: 'Make a new key; short secrets are for compatibility alone and must be allowed by name.',
  },
  KEY_RING_INVALID: {
    means: 'The key ring breaks a rule: duplicate id, bad dates, wrong algorithm, too many keys.',
    next: 'Correct the named entry; the ring loaded before stays in force.',
  },
  KEY_FILE_EXPOSED: {
    means: 'A key file or its folder can be read or written by others.',
    next: 'chmod 600 the file, 700 the folder, and rotate the key.',
  },
  KEY_FILE_UNREADABLE: {
    means: 'A key file is missing, too large or not in its format.',
    next: 'Check the path and the format in docs/formats/command-v1.md.',
  },
  JOURNAL_POISONED: {
    means: 'A write to the watermark journal failed; what it holds is uncertain.',
    next: 'Restart: loading reads what is there, and everything from before is refused.',
  },
  JOURNAL_UNREADABLE: {
    means: 'The watermark journal cannot be read, or is damaged before its end.',
    next: 'Restore it, or move it away: everything issued before the start is then refused.',
  },
  JOURNAL_BUSY: {
    means: 'Too many claims wait for the watermark journal.',
    next: 'Find out why the journal is slow, or raise waitingMax.',
  },
  OPTION_INVALID: { means: 'An option is outside its range.', next: 'Correct the named option.' },
} as const satisfies ErrorTable & Readonly<Record<RefusalReason, unknown>>;

/** Codes this package throws. Reasons of refusals are never thrown. */
export type VerifierErrorCode = Exclude<keyof typeof VERIFIER_ERRORS, RefusalReason>;

/** A failure to seal, load keys or keep the journal. Never contains key or payload bytes. */
export class VerifierError extends CodedError<VerifierErrorCode> {
  override readonly name = 'VerifierError';

  constructor(code: VerifierErrorCode, message: string, cause?: unknown) {
    super(code, message, VERIFIER_ERRORS[code], cause === undefined ? {} : { cause });
  }
}
