import type { RiskConfig } from '@esper/risk-engine';
import { ok } from '@esper/std';
import type { Verdict } from '../diff/judge-again.js';
import { createStages } from '../stages/create-stages.js';
import { type ReplayInputs, replayParts, replaySession } from './replay-parts.js';

/** What would be commanded through the network of `inputs.policy` and under another risk configuration. Nothing is kept. */
export async function decideAgain(inputs: ReplayInputs, riskConfig: RiskConfig): Promise<Verdict> {
  const parts = { ...replayParts(inputs), riskConfig, policy: () => ok(inputs.policy) };
  const stages = createStages(replaySession(inputs), parts);
  const resolved = await stages.resolve({ packet: inputs.record.packet });
  const inferred = await stages.infer(await stages.observe(resolved));
  const { assessment } = stages.assess(stages.guard(stages.decode(inferred)));
  return { command: assessment.command, reason: assessment.reason };
}
