import type { MetricFamily } from '@esper/telemetry/prometheus';
import type { DecisionError, TamiyoErrorCode } from '../../errors.js';
import type { DecisionHost } from '../../host/decision-host.js';
import { hostFamily, hostValue } from './host-family.js';

type Fault = 'host' | 'caller' | 'operator';

/**
 * Whose doing it is that a packet gets no command, by code; `none` for codes no packet ends with: those of commands, of a start, of
 * operators' orders. What is not the host's doing costs no error budget. Whoever adds a code says here which it is.
 */
const FAULTS: Readonly<Record<TamiyoErrorCode, Fault | 'none'>> = {
  PACKET_INVALID: 'caller',
  TIMEOUT_INFERENCE: 'host',
  TIMEOUT_URZA: 'host',
  DEADLINE_DECISION: 'host',
  INFERENCE_UNAVAILABLE: 'host',
  INFERENCE_FAILED: 'host',
  BREAKER_OPEN: 'host',
  CATALOGUE_FAILED: 'host',
  DEPENDENCY_VIOLATION: 'host',
  OBSERVATION_REFUSED: 'host',
  POLICY_REFUSED: 'host',
  SEAL_FAILED: 'host',
  RECORD_FAILED: 'host',
  RUN_QUEUE_FULL: 'host',
  TOO_MANY_RUNS: 'host',
  SHUTTING_DOWN: 'operator',
  RUN_HELD: 'operator',
  DECISION_CANCELLED: 'caller',
  PACKET_EXPIRED: 'caller',
  OPERATOR_REFUSED: 'none',
  RUN_ELSEWHERE: 'operator',
  LEASE_LOST: 'host',
  LEDGER_UNAVAILABLE: 'host',
  LEDGER_LOST_RUN: 'host',
  LEDGER_UNTRUSTED: 'host',
  INTERNAL: 'host',
  CONFIG_INVALID: 'none',
  OPTION_INVALID: 'none',
  INPUT_UNREADABLE: 'none',
  PATH_UNUSABLE: 'none',
  POLICY_MISSING: 'none',
  POLICY_UNUSABLE: 'host',
  CHECKPOINT_REFUSED: 'none',
  CATALOGUE_MISSING: 'none',
  KEYS_MISSING: 'none',
  RECORD_DAMAGED: 'none',
  DECISION_UNKNOWN: 'none',
  REPLAY_NOTHING: 'none',
  HOST_UNREACHABLE: 'none',
  LEDGER_LOSSY: 'none',
  DEMO_FAILED: 'none',
};

/** Counts how packets were answered, whatever channel they came by. */
export class DecisionOutcomes {
  #delivered = 0;
  #repeated = 0;
  readonly #failed = new Map<TamiyoErrorCode, number>();

  constructor() {
    for (const code of Object.keys(FAULTS) as TamiyoErrorCode[]) if (FAULTS[code] !== 'none') this.#failed.set(code, 0);
  }

  /** The same host; each answer is counted once it is there. */
  counting<Counted extends Pick<DecisionHost, 'decide'>>(host: Counted): Counted {
    return {
      ...host,
      decide: async (...asked: Parameters<DecisionHost['decide']>) => {
        const outcome = await host.decide(...asked);
        if (!outcome.ok) this.#count(outcome.error);
        else if (outcome.value.repeated) this.#repeated += 1;
        else this.#delivered += 1;
        return outcome;
      },
    };
  }

  families(): readonly MetricFamily[] {
    const failed = [...this.#failed].map(([code, value]) => ({
      // A code that no packet should end with is ours all the same.
      labels: { code, fault: FAULTS[code] === 'none' ? 'host' : FAULTS[code] },
      value,
    }));
    return [
      hostValue('tamiyo.decisions.delivered_total', this.#delivered),
      hostValue('tamiyo.decisions.repeated_total', this.#repeated),
      hostFamily('tamiyo.decisions.failed_total', failed),
    ];
  }

  #count({ code }: DecisionError): void {
    this.#failed.set(code, (this.#failed.get(code) ?? 0) + 1);
  }
}
