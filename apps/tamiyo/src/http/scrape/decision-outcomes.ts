import type { MetricFamily } from '@esper/telemetry/prometheus';
import { type DecisionError, TAMIYO_ERRORS, type TamiyoErrorCode } from '../../errors.js';
import type { DecisionHost } from '../../host/decision-host.js';
import { hostFamily, hostValue } from './host-family.js';

type Fault = 'host' | 'caller' | 'operator';

/** Codes of packets that get no command, and whose doing that is. What is none of the host's costs no error budget. */
const FAULTS: Partial<Readonly<Record<TamiyoErrorCode, Fault>>> = {
  PACKET_INVALID: 'caller',
  PACKET_EXPIRED: 'caller',
  DECISION_CANCELLED: 'caller',
  RUN_HELD: 'operator',
  SHUTTING_DOWN: 'operator',
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
  POLICY_UNUSABLE: 'host',
  SEAL_FAILED: 'host',
  RECORD_FAILED: 'host',
  RUN_QUEUE_FULL: 'host',
  TOO_MANY_RUNS: 'host',
  INTERNAL: 'host',
};

/** Counts how packets were answered, whatever channel they came by. */
export class DecisionOutcomes {
  #delivered = 0;
  #repeated = 0;
  readonly #failed = new Map<TamiyoErrorCode, number>();

  constructor() {
    for (const code of Object.keys(TAMIYO_ERRORS) as TamiyoErrorCode[]) if (code in FAULTS) this.#failed.set(code, 0);
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
      labels: { code, fault: FAULTS[code] ?? 'host' },
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
