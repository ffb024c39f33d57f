import type { FieldReports } from '@esper/field-reports';
import type { TelemetryEvent, TelemetryPacket } from '@esper/leyline';
import { circuitStateOf } from '@esper/risk-engine';
import type { MonoClock, WallClock } from '@esper/std';
import {
  buildDecisionPacket,
  buildFailurePacket,
  buildNoticePacket,
  type DecisionFacts,
  type Telemetry,
} from '@esper/telemetry';
import type { FeatureFlags } from '../config/flags.js';
import type { Config } from '../config/knobs.js';
import type { DecisionError } from '../errors.js';
import type { HostEvents } from '../host/host-events.js';
import type { OperatorRecord } from '../records/record.js';
import type { DecisionReporter, ReportContext } from '../stages/parts.js';
import type { Recorded } from '../stages/stages.js';
import { evaluationOf } from './field-reporting.js';
import { flagged } from './flagged-packet.js';
import { RefusalCount } from './refusal-count.js';
import { VerifierFailures } from './verifier-failures.js';

export interface ReporterParts {
  readonly config: Config;
  readonly telemetry: Pick<Telemetry, 'emit'>;
  readonly fieldReports: Pick<FieldReports, 'decided'>;
  readonly clock: WallClock & MonoClock;
  readonly flags: FeatureFlags;
  readonly events: HostEvents;
}

/** Turns what happened to a decision into telemetry packets. Never throws into a decision: building is pure, sending queues. */
export function hostReporter(parts: ReporterParts): DecisionReporter {
  const timeouts = { inference: 0, metadata: 0, decision: 0 };
  const verifiers = new VerifierFailures();
  const emit = (packet: TelemetryPacket): void => {
    parts.telemetry.emit(flagged(packet, parts.flags.active(packet.timestampMs)));
  };
  const refusals = new RefusalCount(parts.clock, (notice) => emit(notice));
  return {
    delivered: (decision, context) => {
      countTimeoutsIn(context.events, timeouts);
      verifiers.saw(decision.packet);
      const totals = { timeouts, verifierFailures: verifiers.total };
      emit(buildDecisionPacket(decisionFacts(decision, context, { parts, totals })));
      parts.events.delivered(decision, context);
    },
    failed: (error, context) => {
      countTimeout(error.facts.kind, timeouts);
      emit(failurePacket(error, context));
      parts.events.failed(error, context);
    },
    recorded: (record) => parts.fieldReports.decided(record.fieldReport, evaluationOf(record)),
    refused: (error, trainingRunId) => refusals.count(error, trainingRunId),
    ordered: (record) => {
      emit(orderPacket(record));
      parts.events.ordered(record);
    },
    recordLost: (what, cause) => emit(lostPacket(what, cause, parts.clock)),
  };
}

type Totals = NonNullable<DecisionFacts['totals']>;
type TimeoutTotals = { inference: number; metadata: number; decision: number };

const TIMEOUT_OF: Readonly<Record<string, keyof TimeoutTotals>> = {
  timeout_inference: 'inference',
  timeout_urza: 'metadata',
  deadline_decision: 'decision',
};

function countTimeout(kind: string, timeouts: TimeoutTotals): void {
  const name = TIMEOUT_OF[kind];
  if (name !== undefined) timeouts[name] += 1;
}

/** A pause that stands in for a timeout (FF-01) is a timeout all the same. */
function countTimeoutsIn(events: readonly TelemetryEvent[], timeouts: TimeoutTotals): void {
  for (const { description } of events) countTimeout(description, timeouts);
}

function decisionFacts(
  decision: Recorded,
  context: ReportContext,
  host: { readonly parts: ReporterParts; readonly totals: Totals },
): DecisionFacts {
  const { assessment, packet, identity } = decision;
  const { config } = host.parts;
  const breaker = (name: 'inference' | 'metadata') => {
    const state = context.stateAfter.risk.breakers[name];
    return {
      state: state === undefined ? ('UNKNOWN' as const) : circuitStateOf(state),
      failures: state?.failures ?? 0,
    };
  };
  const lossDelta = assessment.findings.find((finding) => finding.signal === 'loss_delta')?.value;
  return {
    packetId: packet.packetId,
    trainingRunId: packet.trainingRunId,
    globalStep: packet.globalStep,
    timestampMs: context.atMs,
    ...(packet.validationLoss === undefined ? {} : { validationLoss: packet.validationLoss }),
    lossDelta: typeof lossDelta === 'number' || typeof lossDelta === 'string' ? lossDelta : 0,
    lossSpikeMax: config['risk.lossSpikeMax'],
    isConservative: assessment.conservative,
    command: assessment.command,
    commandId: identity.commandId,
    events: [...context.events, assessment.decisionEvent],
    breakers: { inference: breaker('inference'), metadata: breaker('metadata') },
    budgetsMs: {
      inference: config['deadlines.inferenceMs'],
      metadata: config['deadlines.metadataMs'],
      decision: config['deadlines.decisionMs'],
    },
    inferenceMs: decision.inference.totalMs,
    decisionMs: context.arrows.deadline.elapsedMs(),
    policy: { version: decision.policy.digest, architecture: decision.policy.version, isCompiled: true },
    ...(assessment.command.decision?.coverage === undefined ? {} : { coverage: assessment.command.decision.coverage }),
    ...(decision.blueprint.kind === 'known' ? { blueprint: blueprintFacts(decision.blueprint.descriptor) } : {}),
    totals: host.totals,
    spans: context.arrows.spans,
  };
}

function blueprintFacts({
  blueprintId,
  tier,
  risk,
  sheet,
}: Extract<Recorded['blueprint'], { kind: 'known' }>['descriptor']): NonNullable<DecisionFacts['blueprint']> {
  return {
    blueprintId,
    tier,
    risk,
    ...(sheet?.hazardBand === undefined ? {} : { hazardBand: sheet.hazardBand }),
    ...(sheet?.provenance === undefined ? {} : { provenance: sheet.provenance }),
  };
}

function failurePacket(error: DecisionError, context: ReportContext): TelemetryPacket {
  const { reason, attributes } = error.facts;
  const budget = attributes['budget_ms'];
  return buildFailurePacket({
    reason,
    packetId: context.packetId,
    trainingRunId: context.trainingRunId,
    timestampMs: context.atMs,
    attributes: { ...attributes, code: error.code },
    ...(budget === undefined ? {} : { budgetMs: Number(budget) }),
    consequences: context.events,
  });
}

/** An order is told with who and why, and with what it changed. */
function orderPacket({ trainingRunId, atMs, action, events }: OperatorRecord): TelemetryPacket {
  const { who, why, untilMs } = action.order;
  const order: TelemetryEvent = {
    description: 'operator_order',
    level: 'WARNING',
    attributes: {
      action: action.kind,
      who,
      why,
      ...('breaker' in action ? { component: action.breaker } : {}),
      ...(untilMs === undefined ? {} : { until_ms: String(untilMs) }),
    },
  };
  return buildNoticePacket({
    packetId: `tamiyo-order-${action.kind}-${trainingRunId}-${atMs}`,
    trainingRunId,
    timestampMs: atMs,
    events: [order, ...events],
  });
}

/** A record that had to be written was not: whoever watches must know, since the log will not tell. */
function lostPacket(what: string, cause: unknown, clock: WallClock): TelemetryPacket {
  const timestampMs = clock.wallMs();
  const detail = cause instanceof Error ? cause.message.slice(0, 200) : 'unknown';
  return buildNoticePacket({
    packetId: `tamiyo-record-lost-${timestampMs}`,
    timestampMs,
    events: [{ description: 'record_lost', level: 'CRITICAL', attributes: { what, detail } }],
  });
}
