import type { TelemetryPacket } from '@esper/leyline';
import { coverageAnnotations, policyAnnotations } from './decision-annotations.js';
import { compileEvents, fallbackEvents } from './decision-events.js';
import type { DecisionFacts } from './decision-facts.js';
import { decisionMetrics, risenBy } from './decision-metrics.js';
import { fitPacket } from './fit-packet.js';
import { healthStatus, healthSummary } from './health.js';
import { priorityIndicator, priorityOf, worstLevel } from './priority.js';

/** The one telemetry packet of a decision (TL-01). Pure: the same facts give the same packet. */
export function buildDecisionPacket(facts: DecisionFacts): TelemetryPacket {
  const events = [...facts.events, ...compileEvents(facts), ...fallbackEvents(facts)];
  const priority = priorityOf(events);
  const reason = facts.command.decision?.risk?.reason ?? facts.command.annotations['risk_reason'];
  const health = {
    commandType: facts.command.commandType,
    ...(reason === undefined ? {} : { reason }),
    events,
    lossDelta: risenBy(facts),
    lossSpikeMax: facts.lossSpikeMax,
  };
  return fitPacket({
    version: 1,
    packetId: nonEmpty(facts.packetId) ?? 'tamiyo-telemetry',
    sourceSubsystem: 'tamiyo',
    ...(nonEmpty(facts.trainingRunId) === undefined ? {} : { trainingRunId: facts.trainingRunId }),
    timestampMs: facts.timestampMs,
    level: worstLevel(events),
    priority,
    metrics: decisionMetrics(facts),
    events,
    spans: facts.spans ?? [],
    health: {
      status: healthStatus(health),
      summary: healthSummary(health),
      indicators: {
        ...indicatorsOf(facts),
        ...(reason === undefined ? {} : { reason }),
        priority: priorityIndicator(priority),
      },
    },
  });
}

function indicatorsOf(facts: DecisionFacts): Readonly<Record<string, string>> {
  const { policy, budgetsMs, globalStep, command } = facts;
  const blend = command.decision?.blend;
  return {
    policy: policy.version.slice(0, 8),
    mode: facts.isConservative ? '1' : '0',
    policy_compile: policy.isCompiled ? '1' : '0',
    policy_arch: policy.architecture,
    timeout_budget_ms: budgetsMs.inference.toFixed(1),
    metadata_timeout_budget_ms: budgetsMs.metadata.toFixed(1),
    decision_timeout_budget_ms: budgetsMs.decision.toFixed(1),
    ...(blend === undefined ? {} : { blending_method: blend.shape }),
    ...(globalStep === 0 ? {} : { step_index: `${globalStep}` }),
    ...blueprintIndicators(facts),
    ...(facts.coverage === undefined ? {} : coverageAnnotations(facts.coverage)),
    ...policyAnnotations(policy),
  };
}

/** RT-15: what the supervisor mirrors. */
function blueprintIndicators({ blueprint }: DecisionFacts): Readonly<Record<string, string>> {
  if (blueprint === undefined) return {};
  return {
    tier: blueprint.tier,
    ...(blueprint.hazardBand === undefined ? {} : { bsds_hazard: blueprint.hazardBand }),
    ...(blueprint.provenance === undefined ? {} : { bsds_provenance: blueprint.provenance.toLowerCase() }),
  };
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
