import { vectorNumber } from '../../packages/risk-engine/src/testing/python-text.ts';
import type { LineRunner, VectorOutcome } from './outcome.ts';
import {
  compareCoverage,
  compareFailure,
  compareGuard,
  comparePacket,
  compareSignature,
} from './service/service-frame.ts';
import type { Before, ServiceLine, ServiceStep } from './service/service-line.ts';
import { compareRisk } from './service/service-risk.ts';

function carry(before: Before, { out }: ServiceStep): void {
  before.mode = out.cons;
  before.inference = out.inference;
  before.metadata = out.metadata;
  const last = out.last_validation_loss === null ? null : vectorNumber(out.last_validation_loss);
  before.theirLast = last;
  if (last !== null && Number.isFinite(last)) before.ourLast = last;
}

/** A line of `service-sequences`: each step from the state the recording had before it. */
export const runServiceSequence: LineRunner = (given) => {
  const line = given as ServiceLine;
  const before: Before = {
    nowS: line.init.mono0,
    mode: { mode: false, enabled: false, last_reason: null, last_enter_s: null },
    inference: [1, 0, null],
    metadata: [1, 0, null],
    theirLast: null,
    ourLast: null,
  };
  return line.steps.flatMap((step): readonly VectorOutcome[] => {
    before.nowS += step.in.dt_s;
    const outcomes = [
      comparePacket(step),
      compareGuard(line, step),
      compareFailure(step, before),
      compareCoverage(step),
      compareRisk(line, step, before),
      compareSignature(line, step),
    ];
    carry(before, step);
    return outcomes.filter((outcome) => outcome !== undefined);
  });
};
