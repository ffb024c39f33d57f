import type { RefusalReason } from '../core/refusal.js';
import type { DeviationId } from './deviations.js';
import { NaiveLedger } from './naive-ledger.js';
import { issuedMicrosOf, type RecordedStep, sessionLimits, type VerifierLine } from './verifier-line.js';

/** The one answer we must give, and the deviations that make it differ from the recorded one. */
export interface ExpectedAnswer {
  readonly answer: 'ok' | RefusalReason;
  readonly deviations: readonly DeviationId[];
}

/** Answers that the prototype gives before it looks at id and time; ours are the same. */
const EARLY: readonly string[] = ['missing_signature', 'invalid_signature', 'missing_command_id'];

/** Computes what each step of a session must give, from the recorded answers and the deviations alone. */
export class ExpectedSession {
  readonly #limits: ReturnType<typeof sessionLimits>;
  readonly #ledger: NaiveLedger;

  constructor(line: VerifierLine) {
    this.#limits = sessionLimits(line);
    this.#ledger = new NaiveLedger(this.#limits.capacity, this.#limits.retentionMs);
  }

  answer(step: RecordedStep): ExpectedAnswer {
    const { raises, reason, parse_error: parseError } = step.expect;
    if (parseError === true) return { answer: 'malformed_envelope', deviations: ['DEV-CV-05'] };
    if (raises === 'TypeError') return { answer: 'invalid_signature', deviations: ['DEV-CV-04'] };
    if (raises === 'ValueError') return { answer: 'malformed_header', deviations: ['DEV-CV-04'] };
    if (reason !== undefined && EARLY.includes(reason)) return { answer: reason as RefusalReason, deviations: [] };
    const answer = this.#judge(step);
    return { answer, deviations: answer === reason ? [] : [this.#cause(answer, step)] };
  }

  /** The signature held and there is an id: freshness, then the ledger. */
  #judge(step: RecordedStep): 'ok' | RefusalReason {
    const issued = issuedMicrosOf(step);
    if (issued === undefined) return 'missing_timestamp';
    const age = BigInt(step.now_us) - issued;
    if (age < -this.#limits.skewMicros) return 'issued_in_future';
    if (age > this.#limits.windowMicros) return 'stale_command';
    const id = step.command?.commandId ?? '';
    const claimed = this.#ledger.claim({ id, issuedAtMs: Number(issued / 1000n), atMs: step.mono * 1000 });
    return claimed === 'fresh' ? 'ok' : claimed;
  }

  #cause(answer: 'ok' | RefusalReason, step: RecordedStep): DeviationId {
    if (step.expect.reason === 'nonce_replayed' && answer !== 'replay_memory_full') return 'DEV-CV-01';
    if (answer === 'issued_before_watermark') return 'DEV-CV-06';
    return answer === 'nonce_replayed' && !this.#isEvicting ? 'DEV-CV-02' : 'DEV-CV-03';
  }

  get #isEvicting(): boolean {
    return this.#limits.capacity < 100;
  }
}
