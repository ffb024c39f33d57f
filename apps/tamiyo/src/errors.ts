import { CodedError, type ErrorTable } from '@esper/std';

/** How a decision can fail, and what else the host reports. Codes are API. */
export const TAMIYO_ERRORS = {
  PACKET_INVALID: {
    means: 'The packet is no valid SystemStatePacket.',
    next: 'Correct the field that the message names; docs/contracts/trainer.md has the packet.',
  },
  TIMEOUT_INFERENCE: {
    means: 'The policy did not answer within the inference deadline.',
    next: 'Raise TAMIYO_STEP_TIMEOUT_MS, or look for what keeps the machine busy.',
  },
  TIMEOUT_URZA: {
    means: 'The blueprint library did not answer within the metadata deadline.',
    next: 'Raise TAMIYO_METADATA_TIMEOUT_MS, or look at the blueprint library.',
  },
  DEADLINE_DECISION: {
    means: 'The whole decision took too long; a command that was under way is withheld.',
    next: 'Read the latencies of the decision record; a slow disk shows at the arrow "record".',
  },
  INFERENCE_UNAVAILABLE: {
    means: 'No inference host was ready.',
    next: 'Wait for a standby; if it lasts, start with more standbys or read the log of the host.',
  },
  INFERENCE_FAILED: {
    means: 'The runtime failed, or its input or output was not finite.',
    next: 'Check the policy bundle with a known good one.',
  },
  BREAKER_OPEN: {
    means: 'A breaker stopped the call it guards.',
    next: 'Wait for its cool-down; the events before it say what failed.',
  },
  CATALOGUE_FAILED: { means: 'The blueprint library failed.', next: 'Read the cause; check the catalogue file.' },
  DEPENDENCY_VIOLATION: {
    means: 'The decision needs an id or artefact that is not there.',
    next: 'Supply what the message names: a seed, a blueprint, a host layer.',
  },
  OBSERVATION_REFUSED: {
    means: 'The packet cannot be shown to the network.',
    next: 'Correct the field that the message names.',
  },
  POLICY_REFUSED: {
    means: 'The outputs of the network give no command.',
    next: 'Check the policy bundle; its golden decisions should have caught this.',
  },
  SEAL_FAILED: {
    means: 'The command could not be sealed.',
    next: 'Check the key ring: a current key must be able to sign.',
  },
  RECORD_FAILED: {
    means: 'The decision could not be made durable, so its command was not issued.',
    next: 'Free disk space, or read the state of the log.',
  },
  RUN_QUEUE_FULL: {
    means: 'Too many packets of one run are waiting.',
    next: 'Send the next packet after the answer to the last.',
  },
  TOO_MANY_RUNS: {
    means: 'The host holds as many runs as it may.',
    next: 'Raise TAMIYO_RUN_COUNT_MAX or start another host.',
  },
  SHUTTING_DOWN: {
    means: 'The host is stopping.',
    next: 'Send the packet to the host that takes over, or after the restart.',
  },
  RUN_HELD: {
    means: 'An operator holds the run: it gets no command.',
    next: 'Ask whoever the message names, or release the run.',
  },
  RUN_ELSEWHERE: {
    means: 'Another host is deciding for this run right now.',
    next: 'Send the same packet again, here or there, after the time that left_ms names.',
  },
  LEASE_LOST: {
    means: 'Another host has taken the run over meanwhile; the command was not issued and never will be.',
    next: 'Send the same packet again, here or there: it gets the answer of the host that has the run.',
  },
  LEDGER_UNAVAILABLE: {
    means: 'The ledger that hosts share their runs by did not answer, so nothing was delivered.',
    next: 'Look at Redis and the network; send the same packet again: if it was answered, it gets those bytes.',
  },
  LEDGER_LOST_RUN: {
    means: 'The ledger does not know a run any more that this host has written to: Redis has lost data.',
    next: 'Restore Redis from its append-only file, or restart the hosts: each brings what its own log knows.',
  },
  LEDGER_LOSSY: {
    means: 'Hosts would share their runs by a Redis that may lose what it has answered, and then repeat commands.',
    next: 'Run Redis with appendonly yes and appendfsync always; or accept it with TAMIYO_LOSSY_REDIS=accept, or share no runs with TAMIYO_SHARED_RUNS=off.',
  },
  LEDGER_UNTRUSTED: {
    means: 'What the ledger holds of the run was not written by a host with the same secret and version.',
    next: 'Compare ESPER_LEYLINE_SECRET and the versions of the hosts; look for who else writes to this Redis.',
  },
  DECISION_CANCELLED: {
    means: 'The caller went away before there was a command.',
    next: 'Send the packet again if an answer is still wanted.',
  },
  PACKET_EXPIRED: {
    means: 'The packet was answered longer ago than answers are kept.',
    next: 'Send a new packet with an id of its own; TAMIYO_IDEMPOTENCY_MS is how long answers are kept.',
  },
  OPERATOR_REFUSED: {
    means: 'An order lacks a name, a reason, or ends before it begins.',
    next: 'Say who, why, and an end that lies ahead.',
  },
  INTERNAL: { means: 'Our own reasoning was wrong.', next: 'Report it, with the decision record.' },
  CONFIG_INVALID: {
    means: 'The configuration has values that cannot be used.',
    next: 'Correct each line of the list; tamiyo config show prints what is in force.',
  },
  OPTION_INVALID: {
    means: 'An option or argument of the command line cannot be used.',
    next: 'Correct what the message names; the command with --help says what it takes.',
  },
  INPUT_UNREADABLE: {
    means: 'A file that the command line names cannot be read.',
    next: 'Check its path, its permissions and its size.',
  },
  PATH_UNUSABLE: {
    means: 'The system refuses a file or folder that the host needs.',
    next: 'Check that every folder on the way to it is one, that this user may use it, and that the disk has room.',
  },
  POLICY_MISSING: {
    means: 'There is no policy bundle where one is expected.',
    next: 'Make one with: tamiyo policy init --seed 1',
  },
  POLICY_UNUSABLE: {
    means: 'The policy bundle was refused.',
    next: 'Read the reason; get the bundle again from where it came.',
  },
  CHECKPOINT_REFUSED: {
    means: 'The file is no checkpoint of the policy network.',
    next: 'Read the reason; docs/formats/policy-weights-v1.md lists the tensors. Pickles are never read.',
  },
  CATALOGUE_MISSING: {
    means: 'There is no blueprint catalogue; without one no seed can be grafted.',
    next: 'Give its path with TAMIYO_CATALOGUE_FILE.',
  },
  KEYS_MISSING: {
    means: 'There is no key to sign with.',
    next: 'Set ESPER_LEYLINE_SECRET (at least 32 bytes) or TAMIYO_KEY_FOLDER.',
  },
  RECORD_DAMAGED: {
    means: 'A record of the log cannot be read as what it claims to be.',
    next: 'Restore the log from a backup; the record was written by another version or changed.',
  },
  DECISION_UNKNOWN: {
    means: 'The log holds no decision of this id.',
    next: 'Name the data folder with --data; `tamiyo wal dump` lists what the log holds; retention may have given it up.',
  },
  REPLAY_NOTHING: {
    means: 'There is no decision in the log that can be made again.',
    next: 'Name the data folder with --data; decisions recorded by this version can be made again as long as their policy is kept.',
  },
  HOST_UNREACHABLE: {
    means: 'No running host answers, or it does not let the token read.',
    next: 'Start one with: tamiyo serve; name it with --url and its token with --token-file; --log looks at the log instead.',
  },
  DEMO_FAILED: {
    means: 'Something the demo asserts did not hold.',
    next: 'Read the list above; run it again with --json for every event.',
  },
} as const satisfies ErrorTable;

export type TamiyoErrorCode = keyof typeof TAMIYO_ERRORS;

export class TamiyoError extends CodedError<TamiyoErrorCode> {
  override readonly name = 'TamiyoError';

  constructor(code: TamiyoErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(code, message, TAMIYO_ERRORS[code], options);
  }
}

/** A failure that the risk engine and telemetry are told about, in their words. */
export interface FailureFacts {
  /** What the breakers and the risk engine count it as. */
  readonly kind: 'timeout_inference' | 'timeout_urza' | 'deadline_decision' | 'dependency' | 'persistence' | 'other';
  /** The event name on the wire, for example `timeout_inference` or `no_seed_candidates`. */
  readonly reason: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A decision that failed. There is no command. */
export class DecisionError extends CodedError<TamiyoErrorCode> {
  override readonly name = 'DecisionError';
  readonly facts: FailureFacts;

  constructor(
    code: TamiyoErrorCode,
    message: string,
    facts: Partial<FailureFacts> & { readonly cause?: unknown } = {},
  ) {
    super(code, message, TAMIYO_ERRORS[code], facts.cause === undefined ? {} : { cause: facts.cause });
    this.facts = {
      kind: facts.kind ?? 'other',
      reason: facts.reason ?? code.toLowerCase(),
      attributes: facts.attributes ?? {},
    };
  }
}

/** Anything that was thrown, as a failed decision. What we did not foresee is INTERNAL, with its cause. */
export function asDecisionError(failure: unknown): DecisionError {
  if (failure instanceof DecisionError) return failure;
  const message = failure instanceof Error ? failure.message : String(failure);
  return new DecisionError('INTERNAL', `unforeseen: ${message.slice(0, 300)}`, { cause: failure });
}
