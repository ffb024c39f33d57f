import { formatPythonFloat } from '../../../packages/risk-engine/src/index.ts';
import type {
  VectorBlueprint,
  VectorBreaker,
  VectorCommand,
  VectorEvent,
  VectorInput,
  VectorMode,
} from '../../../packages/risk-engine/src/testing/vector-line.ts';

/** A float as the recordings spell it. */
export interface TypedFloat {
  readonly $f: string;
}

/** One blueprint of the prototype's library. */
export interface LibraryEntry {
  readonly descriptor: {
    readonly blueprintId: string;
    readonly tier?: string;
    readonly risk?: number;
    readonly stage?: number;
    readonly quarantineOnly?: boolean;
    readonly approvalRequired?: boolean;
  };
  readonly extras: { readonly bsds?: Readonly<Record<string, unknown>> | string };
}

export interface ServiceCommand extends VectorCommand {
  readonly commandId?: string;
  readonly issuedAt?: string;
  readonly issuedBy?: string;
  readonly seedOperation?: {
    readonly blueprintId?: string;
    readonly operation?: string;
    readonly parameters?: Readonly<Record<string, number>>;
  };
}

export interface ServiceTelemetry {
  readonly packet_id: string;
  readonly level: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly events: readonly (readonly [string, string, number, Readonly<Record<string, string>>])[];
  readonly health: readonly [number, string, Readonly<Record<string, string>>];
}

export interface ServiceStep {
  readonly in: {
    readonly dt_s: number;
    readonly fault: 'policy_timeout' | 'no_seed' | 'urza_timeout' | null;
    readonly command: ServiceCommand;
    readonly state: {
      readonly packetId?: string;
      readonly trainingRunId?: string;
      readonly validationLoss?: unknown;
      readonly trainingMetrics?: Readonly<Record<string, unknown>>;
    };
    readonly last_action: Readonly<Record<string, TypedFloat | string | boolean>>;
    readonly coverage: Readonly<Record<string, number>>;
    readonly coverage_types: Readonly<Record<string, number>>;
  };
  readonly out: {
    readonly raises?: string;
    readonly message?: string;
    readonly command?: ServiceCommand;
    readonly telemetry: readonly ServiceTelemetry[];
    readonly cons: VectorMode;
    readonly inference: VectorBreaker;
    readonly metadata: VectorBreaker;
    readonly last_validation_loss: unknown;
  };
}

export interface ServiceLine {
  readonly init: {
    readonly policy: { readonly architecture_version: string };
    readonly blueprints: Readonly<Record<string, LibraryEntry>>;
    readonly secret: string;
    readonly mono0: number;
  };
  readonly steps: readonly ServiceStep[];
}

/** The state the recording had before a step. */
export interface Before {
  nowS: number;
  mode: VectorMode;
  inference: VectorBreaker;
  metadata: VectorBreaker;
  /** The last loss as the prototype remembers it, and the last finite one. */
  theirLast: number | null;
  ourLast: number | null;
}

/** What the prototype's service adds around its risk engine, by the names of the annotations and events. */
const SERVICE_ANNOTATIONS = new Set([
  'signature',
  'coverage_map',
  'coverage_types',
  'feature_coverage',
  'policy_compile_reason',
  'training_run_id',
]);
const SERVICE_EVENTS = /^(compile_|degraded_inputs$|tamiyo_)/;

/** The annotations the risk engine saw or wrote. */
export const riskAnnotations = (annotations: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(annotations).filter(([name]) => !SERVICE_ANNOTATIONS.has(name)));

/** The events of the risk engine, without the ids that stand before them. */
export const riskEvents = (telemetry: ServiceTelemetry | undefined): readonly VectorEvent[] =>
  (telemetry?.events ?? [])
    .filter(([, name]) => !SERVICE_EVENTS.test(name))
    .map(([, name, level, attributes]) => [name, level, attributes] as const);

/** The packet of the step itself; synthesised field reports have packets of their own. */
export const stepPacket = (step: ServiceStep): ServiceTelemetry | undefined =>
  step.out.telemetry.find(({ packet_id: id }) => !id.startsWith('tamiyo-field-report'));

const numberOf = (value: TypedFloat | string | number | boolean | undefined): number =>
  typeof value === 'object' ? Number(value.$f) : Number(value ?? 0);
const fixed6 = (value: TypedFloat | string | boolean | undefined): string => numberOf(value).toFixed(6);

/** DP-06: what the service writes about the policy where the policy did not. */
function withPolicyAnnotations(step: ServiceStep, architecture: string): ServiceCommand {
  const { command, last_action: last } = step.in;
  const defaults: Record<string, string> = {
    policy_action: String(Math.trunc(numberOf(last['action']))),
    policy_param_delta: fixed6(last['param_delta']),
    policy_value_estimate: fixed6(last['value_estimate']),
    policy_risk_score: fixed6(last['risk_score']),
    policy_risk_index: String(Math.trunc(numberOf(last['risk_index']))),
    policy_version: architecture,
    ...(typeof last['blending_method'] === 'string' ? { blending_method: last['blending_method'] } : {}),
  };
  return { ...command, annotations: { ...defaults, ...command.annotations } };
}

/** The sheet; the library keeps it as a map or as JSON text. */
function sheetOf({ extras: { bsds } }: LibraryEntry): Readonly<Record<string, unknown>> | undefined {
  if (typeof bsds !== 'string') return bsds;
  const parsed = JSON.parse(bsds) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(parsed).map(([name, value]) => [
      name,
      typeof value === 'number' ? { $f: formatPythonFloat(value) } : value,
    ]),
  );
}

/** The blueprint record the prototype hands to its risk engine; `merged`: a sheet's risk in the place of its own (BM-06). */
function blueprintInfo(entry: LibraryEntry | undefined, merged: boolean): VectorBlueprint | null {
  if (entry === undefined) return null;
  const {
    tier = 'BLUEPRINT_TIER_UNSPECIFIED',
    risk = 0,
    stage = 0,
    quarantineOnly,
    approvalRequired,
  } = entry.descriptor;
  const own = Math.fround(risk);
  const sheet = sheetOf(entry);
  // A sheet without a score is one with a score of 0 there (D-23), and its score takes the place of the risk.
  const score = numberOf((sheet?.['risk_score'] ?? 0) as TypedFloat);
  const bsds = merged && sheet !== undefined ? { risk_score: { $f: '0.0' }, ...sheet } : sheet;
  return {
    tier,
    risk: { $f: String(merged && sheet !== undefined && score >= 0 ? score : own) },
    stage,
    quarantine_only: quarantineOnly === true,
    approval_required: approvalRequired === true,
    ...(bsds === undefined ? {} : { bsds }),
  };
}

/** The blueprint a command asks the library for. */
function askedBlueprint(line: ServiceLine, { in: given }: ServiceStep): LibraryEntry | undefined {
  const { commandType, seedOperation } = given.command;
  const id = seedOperation?.blueprintId ?? '';
  return commandType === 'COMMAND_SEED' && id !== '' ? line.init.blueprints[id] : undefined;
}

/** The step as the risk engine is given it. */
export function riskInput(line: ServiceLine, step: ServiceStep, merged: boolean): VectorInput {
  return {
    command: withPolicyAnnotations(step, line.init.policy.architecture_version),
    metrics: step.in.state.trainingMetrics ?? {},
    blueprint_info: blueprintInfo(askedBlueprint(line, step), merged),
  };
}
