import { type Assessment, assess, DEFAULT_RISK_CONFIG, type Finding, initialRiskState } from '../../src/index.js';
import { calmInput } from '../../src/testing.js';
import { SCENARIOS, type Scenario } from './scenarios.js';

const outcomeOf = ({ input, state, config = DEFAULT_RISK_CONFIG }: Scenario): Assessment =>
  assess(state?.(config) ?? initialRiskState(config), input, config);

const CALM = assess(initialRiskState(DEFAULT_RISK_CONFIG), calmInput(), DEFAULT_RISK_CONFIG);
const CALM_FINDINGS = new Set(CALM.findings.map((finding) => JSON.stringify(finding)));

const unusual = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter((finding) => !CALM_FINDINGS.has(JSON.stringify(finding)));

/** An assessment as the golden file has it: of the calm one everything, of others the findings that differ from it. */
function frozen(scenario: Scenario): unknown {
  const outcome = outcomeOf(scenario);
  const { findings, state, deciding, ...rest } = outcome;
  return {
    ...rest,
    deciding: deciding === undefined ? null : findings.indexOf(deciding),
    findings: scenario.name === 'calm' ? findings : unusual(findings),
    state:
      scenario.name === 'calm'
        ? state
        : { mode: state.mode, adaptations: state.adaptations, rollbacks: state.rollbacks },
  };
}

/** Name → assessment of every scenario, as plain JSON. */
export const frozenAssessments = (): Readonly<Record<string, unknown>> =>
  JSON.parse(JSON.stringify(Object.fromEntries(SCENARIOS.map((scenario) => [scenario.name, frozen(scenario)]))));
