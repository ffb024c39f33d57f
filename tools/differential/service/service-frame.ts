import { createHmac } from 'node:crypto';
import {
  type CommandDraft,
  type SystemStatePacket,
  TELEMETRY_LEVELS,
  type TelemetryPacket,
  validateMessage,
} from '../../../packages/leyline/src/index.ts';
import { encodeCommand } from '../../../packages/leyline/src/protobuf.ts';
import { guard } from '../../../packages/policy/src/index.ts';
import {
  assess,
  DEFAULT_RISK_CONFIG,
  type FailureKind,
  initialRiskState,
  onFailure,
  resolveRiskConfig,
} from '../../../packages/risk-engine/src/index.ts';
import { calmInput } from '../../../packages/risk-engine/src/testing/builders.ts';
import { equalData } from '../../../packages/risk-engine/src/testing/compare.ts';
import { draftOf } from '../../../packages/risk-engine/src/testing/product-draft.ts';
import { breakerFrom } from '../../../packages/risk-engine/src/testing/product-run.ts';
import type { MonoMs, UnixMs } from '../../../packages/std/src/index.ts';
import { buildFailurePacket } from '../../../packages/telemetry/src/index.ts';
import type { VectorOutcome } from '../outcome.ts';
import type { ServiceRule } from './deviations.ts';
import { type Before, type ServiceCommand, type ServiceLine, type ServiceStep, stepPacket } from './service-line.ts';

const explained = (...rules: readonly ServiceRule[]): VectorOutcome => ({
  kind: 'explained',
  deviation: rules.join('+'),
});
const unexplained = (what: string, wanted: unknown, got: unknown): VectorOutcome => ({
  kind: 'unexplained',
  detail: `${what}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`,
});
const EQUAL: VectorOutcome = { kind: 'equal' };

const packetOf = ({ in: given }: ServiceStep): Partial<SystemStatePacket> => ({
  version: 1,
  sourceSubsystem: 'tolaria',
  currentEpoch: 0,
  globalStep: 0,
  trainingMetrics: {},
  ...(given.state.packetId === undefined ? {} : { packetId: given.state.packetId }),
  ...(given.state.trainingRunId === undefined ? {} : { trainingRunId: given.state.trainingRunId }),
  // The recordings are made without seeds; the guard then has one for the command to name.
  seedStates:
    (given.command.targetSeedId ?? '') === ''
      ? []
      : [
          {
            seedId: given.command.targetSeedId ?? '',
            stage: 'DORMANT',
            layerDepth: 0,
            learningRate: 0,
            gradientNorm: 0,
            riskScore: 0,
            ageEpochs: 0,
            metrics: {},
          },
        ],
});

/** Whether the packet says whose it is. */
export function comparePacket(step: ServiceStep): VectorOutcome {
  const { packetId, trainingRunId } = step.in.state;
  const refusal = validateMessage('SystemStatePacket', packetOf(step));
  const complete = packetId !== undefined && trainingRunId !== undefined;
  if (refusal.ok !== complete) return unexplained('packet', complete, refusal);
  return complete ? EQUAL : explained('DEV-SV-03');
}

const PLACEHOLDERS = new Set(['bp-demo', 'bp-unknown']);
const draftFor = (command: ServiceCommand): CommandDraft => {
  const draft = draftOf({ command, type: command.commandType ?? 'COMMAND_UNKNOWN' });
  // What the executing side needs besides is not in the recordings.
  return { ...draft, annotations: { ...draft.annotations, mesh_host_layers: '["fc.weight"]' } };
};

/** What a SEED lacks, first things first. */
function lackOf({ seedOperation, targetSeedId = '' }: ServiceCommand): string | null {
  if (seedOperation === undefined) return 'seed command missing seed_operation';
  if (targetSeedId.trim() === '') return 'seed command missing target_seed_id';
  return (seedOperation.blueprintId ?? '').trim() === '' ? 'seed operation missing blueprint_id' : null;
}

function expectedViolation(line: ServiceLine, command: ServiceCommand): string | null {
  if (command.commandType !== 'COMMAND_SEED') return null;
  const lack = lackOf(command);
  if (lack !== null) return lack;
  const id = command.seedOperation?.blueprintId ?? '';
  if (PLACEHOLDERS.has(id)) return 'seed operation names a placeholder blueprint_id';
  return Object.hasOwn(line.init.blueprints, id) ? null : `missing blueprint ${id}`;
}

const PREFIX = 'tamiyo dependency violation: ';

/** Steps that never got as far as the guard. */
const unjudged = ({ in: given, out }: ServiceStep): boolean =>
  given.fault === 'policy_timeout' || given.fault === 'no_seed' || out.raises === 'TamiyoTimeoutError';

/** What the prototype's guard says, which judges the final command. */
function prototypeViolation({ in: given, out }: ServiceStep): string | null {
  const final = out.command;
  return final !== undefined && final.commandType !== 'COMMAND_SEED' ? null : lackOf(final ?? given.command);
}

function ourViolation(line: ServiceLine, step: ServiceStep): string | null {
  const ours = guard(draftFor(step.in.command), {
    packet: { ...packetOf(step), packetId: 'pkt', trainingRunId: 'run' } as SystemStatePacket,
    knownBlueprintIds: new Set(Object.keys(line.init.blueprints)),
  });
  return ours.ok ? null : ours.error.reason;
}

/** What the guard says of the proposal. */
export function compareGuard(line: ServiceLine, step: ServiceStep): VectorOutcome | undefined {
  if (unjudged(step)) return undefined;
  const { command } = step.in;
  const recorded = step.out.raises === undefined ? null : (step.out.message ?? '').slice(PREFIX.length);
  const theirs = prototypeViolation(step);
  if (command.commandType === 'COMMAND_SEED' && recorded !== theirs) {
    return unexplained('guard, not the prototype', theirs, recorded);
  }
  const reason = ourViolation(line, step);
  const wanted = expectedViolation(line, command);
  if (reason !== wanted) return unexplained('guard', wanted, reason);
  if (reason === recorded) return reason === null ? EQUAL : explained('DEV-SV-07');
  return explained(lackOf(command) === null ? 'DEV-SV-02' : 'DEV-SV-01');
}

interface FailureFacts {
  readonly reason: string;
  readonly kind: FailureKind;
  readonly code: string;
  readonly component?: 'inference' | 'metadata';
}

const FAILURES: Readonly<Record<string, FailureFacts>> = {
  policy_timeout: {
    reason: 'timeout_inference',
    kind: 'timeout_inference',
    code: 'TIMEOUT_INFERENCE',
    component: 'inference',
  },
  urza_timeout: { reason: 'timeout_urza', kind: 'timeout_urza', code: 'TIMEOUT_URZA', component: 'metadata' },
  no_seed: { reason: 'no_seed_candidates', kind: 'dependency', code: 'DEPENDENCY_VIOLATION' },
};

const COOL_DOWN = { cooldownMs: 0.1 };
const IN_SECONDS = resolveRiskConfig({ breakers: { inference: COOL_DOWN, metadata: COOL_DOWN } });

/** The packet of a failure as recorded and as ours. */
export function compareFailure(step: ServiceStep, before: Before): VectorOutcome | undefined {
  const { fault, state } = step.in;
  const facts = fault === null ? undefined : FAILURES[fault];
  const recorded = stepPacket(step);
  if (facts === undefined || step.out.raises === undefined || recorded === undefined) return undefined;
  // As the recordings count: in seconds. The engine only adds and compares times.
  const at = { wallMs: before.nowS as UnixMs, monoMs: before.nowS as MonoMs };
  const risk = {
    ...initialRiskState(IN_SECONDS),
    clock: { elapsedMs: before.nowS, monoMs: before.nowS, offsetMs: 0 },
    breakers: { inference: breakerFrom(before.inference), metadata: breakerFrom(before.metadata) },
  };
  const felt = onFailure(risk, { kind: facts.kind, code: facts.code, at }, IN_SECONDS);
  const ours = buildFailurePacket({
    reason: facts.reason,
    packetId: state.packetId ?? '',
    trainingRunId: state.trainingRunId ?? '',
    timestampMs: 1,
    attributes: { code: facts.code },
    ...(facts.component === undefined ? {} : { budgetMs: 0 }),
    consequences: felt.events,
  });
  return judgeFailure(ours, { recorded, facts, before });
}

/** The event of the breaker that counts a failure: it opens at the third, or when a probe after its rest fails. */
function countedBy([state, failures, untilS]: Before['inference'], facts: FailureFacts, nowS: number): unknown {
  const opens = state === 1 ? failures + 1 >= 3 : nowS >= (untilS ?? Number.NEGATIVE_INFINITY);
  const { component, kind } = facts;
  return [
    'breaker_event',
    { component, reason: kind, failures: String(failures + 1), action: opens ? 'open' : 'count' },
  ];
}

function judgeFailure(
  ours: TelemetryPacket,
  {
    recorded,
    facts,
    before,
  }: {
    readonly recorded: NonNullable<ReturnType<typeof stepPacket>>;
    readonly facts: FailureFacts;
    readonly before: Before;
  },
): VectorOutcome {
  const [, name, level, attributes] = recorded.events[0] ?? ['', '', 0, {}];
  const { blueprint_id: blueprint, ...rest } = attributes as Readonly<Record<string, string>> & {
    blueprint_id?: string;
  };
  const counted = facts.component === undefined ? [] : [countedBy(before[facts.component], facts, before.nowS)];
  const wanted = {
    packetId: recorded.packet_id,
    first: [name, level, { ...rest, reason: facts.reason, code: facts.code }],
    next: counted,
    health: ['DEGRADED', facts.reason, recorded.health[2]['priority']],
  };
  const got = {
    packetId: ours.packetId,
    first: ours.events
      .slice(0, 1)
      .flatMap((event) => [event.description, TELEMETRY_LEVELS[event.level], event.attributes]),
    next: ours.events
      .slice(1)
      .filter((event) => event.description === 'breaker_event')
      .map((event) => [event.description, event.attributes]),
    health: [ours.health.status, ours.health.summary, ours.health.indicators['priority']],
  };
  if (recorded.health[1] !== facts.reason)
    return unexplained('failure, not the prototype', facts.reason, recorded.health);
  if (!equalData(wanted, got)) return unexplained('failure', wanted, got);
  return explained(...(['DEV-SV-04', ...(blueprint === undefined ? [] : ['DEV-SV-05'])] as readonly ServiceRule[]));
}

type Degraded = readonly [level: number, average: string, missing: string] | null;

const band = (average: number, lower: number): number | null => (average <= 0.1 ? 4 : average < 0.3 ? lower : null);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What the prototype says: only inputs that are there count. */
function prototypeCoverage(values: readonly number[], missing: number): Degraded {
  const there = values.filter((value) => value > 0);
  return expectedCoverage(there.length === 0 ? null : mean(there), 1, missing);
}

function recordedCoverage(step: ServiceStep): Degraded {
  const event = stepPacket(step)?.events.find(([, name]) => name === 'degraded_inputs');
  if (event === undefined) return null;
  const [, , level, attributes] = event;
  return [level, attributes['coverage_avg'] ?? '', attributes['missing_features'] ?? ''];
}

function ourCoverage(ratio: number, missing: number): Degraded {
  const input = { ...calmInput(), coverage: { ratio, byType: {}, missing } };
  const { events } = assess(initialRiskState(DEFAULT_RISK_CONFIG), input, DEFAULT_RISK_CONFIG);
  const told = events.find(({ description }) => description === 'degraded_inputs');
  if (told === undefined) return null;
  const { coverage_avg: average = '', missing_features: count = '' } = told.attributes;
  return [TELEMETRY_LEVELS[told.level], average, count];
}

/** What is said about a poor set of inputs. */
export function compareCoverage(step: ServiceStep): VectorOutcome | undefined {
  const values = Object.values(step.in.coverage);
  if (step.out.command === undefined || values.length === 0) return undefined;
  const missing = values.filter((value) => value === 0).length;
  const recorded = recordedCoverage(step);
  const theirs = prototypeCoverage(values, missing);
  if (!equalData(theirs, recorded)) return unexplained('coverage, not the prototype', theirs, recorded);
  const ours = ourCoverage(mean(values), missing);
  const wanted = expectedCoverage(mean(values), 2, missing);
  if (!equalData(wanted, ours)) return unexplained('coverage', wanted, ours);
  return equalData(ours, recorded) ? EQUAL : explained('DEV-SV-06');
}

function expectedCoverage(average: number | null, lower: number, missing: number): Degraded {
  const level = average === null ? null : band(average, lower);
  return level === null || average === null ? null : [level, average.toFixed(3), String(missing)];
}

/** The recorded command through our codec: the same bytes, so the same signature. */
export function compareSignature(line: ServiceLine, step: ServiceStep): VectorOutcome | undefined {
  const { command } = step.out;
  if (command === undefined || command.rollbackPayload !== undefined) return undefined;
  const { signature = '', ...annotations } = command.annotations ?? {};
  const draft = draftOf({ command: { ...command, annotations }, type: command.commandType ?? 'COMMAND_UNKNOWN' });
  const parameters = command.seedOperation?.parameters ?? {};
  const seeded =
    draft.seedOperation === undefined ? draft : { ...draft, seedOperation: { ...draft.seedOperation, parameters } };
  const bytes = encodeCommand(seeded, {
    commandId: command.commandId ?? '',
    issuedAtMs: Date.parse(command.issuedAt ?? ''),
  });
  const ours = createHmac('sha256', line.init.secret).update(bytes).digest('base64');
  return ours === signature ? EQUAL : unexplained('signature', signature, ours);
}
