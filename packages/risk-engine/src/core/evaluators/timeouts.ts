import type { RiskContext } from '../context.js';
import { type Evaluation, finding, type RawFinding } from '../finding.js';
import type { Evaluator } from './evaluator.js';

function timedOut(reason: 'timeout_inference' | 'timeout_urza', { input }: RiskContext): RawFinding {
  return finding({
    signal: reason,
    value: true,
    verdict: 'fail',
    mitigation: 'pause',
    reason,
    level: 'CRITICAL',
    attributes: { training_run_id: input.packet.trainingRunId, packet_id: input.packet.packetId, reason },
    entersMode: reason === 'timeout_inference',
    event: reason,
  });
}

/**
 * A host that answers a timeout with a command (FF-01) gets a pause (RE-24, RE-26). Normally a timeout is a failure, has
 * no command and goes through `onFailure`.
 */
export const timeouts: Evaluator = {
  name: 'timeouts',
  worst: { mitigation: 'pause', entersMode: true },
  evaluate(context): Evaluation {
    const given = context.input.timeouts;
    const findings: RawFinding[] = [];
    if (given?.inference === true) findings.push(timedOut('timeout_inference', context));
    if (given?.metadata === true) findings.push(timedOut('timeout_urza', context));
    return { facts: [], findings };
  },
};
