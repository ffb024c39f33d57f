import { LEVEL_MITIGATION, type RiskVector, riskVector } from '../beyond/multi-signal.js';
import { RISK_DIMENSIONS } from '../config.js';
import type { RiskContext } from '../context.js';
import { type Evaluation, finding, passing, type RawFinding } from '../finding.js';
import { formatFixed } from '../format/python-number.js';
import type { Mitigation } from '../severity.js';
import type { Evaluator } from './evaluator.js';

/** Downgrading means something for a SEED only. */
function mitigationOf(vector: RiskVector, seed: boolean): Mitigation {
  const asked = LEVEL_MITIGATION[vector.level];
  return asked === 'downgrade' && !seed ? 'none' : asked;
}

function attributesOf(vector: RiskVector): Readonly<Record<string, string>> {
  const attributes: Record<string, string> = { level: vector.level, combined: formatFixed(vector.combined, 3) };
  for (const name of RISK_DIMENSIONS) {
    const score = vector.scores[name];
    if (score !== null) attributes[name] = formatFixed(score, 3);
  }
  return attributes;
}

function judge(context: RiskContext): RawFinding {
  const vector = riskVector(context.readings, context.config, context.state.adaptive);
  if (vector.level === 'GREEN')
    return passing('risk_combined', vector.combined, {
      threshold: context.config.multiSignal.levels.yellow,
      comparison: '>=',
    });
  const mitigation = mitigationOf(vector, context.seed);
  return finding({
    signal: 'risk_combined',
    value: vector.combined,
    verdict: mitigation === 'none' ? 'warn' : 'fail',
    mitigation,
    reason: `risk_level_${vector.level.toLowerCase()}`,
    level: vector.level === 'YELLOW' ? 'WARNING' : 'CRITICAL',
    attributes: attributesOf(vector),
    entersMode: vector.level === 'CRITICAL' || vector.level === 'RED',
    event: 'risk_level',
  });
}

/** The design's five-signal score with its levels GREEN to CRITICAL (G-01 to G-03, G-08). */
export const multiSignal: Evaluator = {
  name: 'multi_signal',
  worst: { mitigation: 'emergency', entersMode: true },
  evaluate: (context): Evaluation => ({ facts: [], findings: [judge(context)] }),
};
