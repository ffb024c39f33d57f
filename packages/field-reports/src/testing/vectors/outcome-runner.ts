import type { AdaptationCommand, CommandType, ScheduleShape, Signal } from '@esper/leyline';
import { buildDecisionReport } from '../../core/build-report.js';
import { compared, pythonFloat, same, type VectorOutcome, vectorNumber } from './vector-values.js';

interface OutcomeLine {
  readonly in: {
    readonly command: {
      readonly commandId?: string;
      readonly commandType?: string;
      readonly targetSeedId?: string;
      readonly issuedAt?: string;
      readonly seedOperation?: { readonly blueprintId?: string };
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly timed_out: boolean;
    readonly events: readonly (readonly [string, number, unknown])[];
    readonly last_action: Readonly<Record<string, unknown>>;
    readonly metrics: Readonly<Record<string, unknown>>;
    readonly training_run_id: string;
    readonly loss_delta: unknown;
  };
  readonly out: {
    readonly outcome: string;
    readonly notes: string;
    readonly metrics: Readonly<Record<string, unknown>>;
    readonly report: { readonly reportId: string; readonly seedId?: string; readonly blueprintId?: string };
  };
}

const ACTION_METRICS = [
  'param_delta',
  'value_estimate',
  'risk_index',
  'blending_index',
  'risk_score',
  'selected_seed_score',
  'blending_schedule_start',
  'blending_schedule_end',
] as const;
const PACKET_METRICS = ['tamiyo_latency_ms', 'hook_latency_ms'] as const;
const PREFIX = 'FIELD_REPORT_OUTCOME_';

const commandTypeOf = (line: OutcomeLine): CommandType =>
  (line.in.command.commandType?.replace('COMMAND_', '') ?? 'UNKNOWN') as CommandType;

/** The values of the line by metric name, before anything is done to them. */
function rawMetrics({ in: input }: OutcomeLine): Readonly<Record<string, number>> {
  const raw: Record<string, number> = { loss_delta: vectorNumber(input.loss_delta) };
  for (const name of ACTION_METRICS) if (name in input.last_action) raw[name] = vectorNumber(input.last_action[name]);
  for (const name of PACKET_METRICS) if (name in input.metrics) raw[name] = vectorNumber(input.metrics[name]);
  const risk = pythonFloat(input.command.annotations?.['blueprint_risk'] ?? '');
  if (risk !== undefined) raw['blueprint_risk'] = risk;
  return raw;
}

function commandOf(line: OutcomeLine): AdaptationCommand {
  const { command, training_run_id: run, last_action: action } = line.in;
  const reason = command.annotations?.['risk_reason'];
  const shape = action['blending_method'] as ScheduleShape | undefined;
  return {
    version: 1,
    commandType: commandTypeOf(line),
    issuedBy: 'tamiyo',
    annotations: reason === undefined ? {} : { risk_reason: reason },
    commandId: command.commandId ?? '',
    trainingRunId: run,
    issuerEpoch: 1,
    sequence: 1,
    issuedAtMs: command.issuedAt === undefined ? 0 : Date.parse(command.issuedAt),
    expiresAtMs: 1,
    ...(command.targetSeedId === undefined ? {} : { targetSeedId: command.targetSeedId }),
    ...(command.seedOperation === undefined
      ? {}
      : {
          seedOperation: {
            operation: 'GERMINATE',
            blueprintId: command.seedOperation.blueprintId ?? '',
            parameters: {},
          },
        }),
    ...(shape === undefined ? {} : { decision: { blend: { shape, scheduleStart: 0, scheduleEnd: 0 } } }),
  };
}

function build(line: OutcomeLine, command: AdaptationCommand) {
  const {
    blueprint_risk: risk,
    loss_delta: lossDelta,
    tamiyo_latency_ms: tamiyo,
    hook_latency_ms: hook,
    ...others
  } = rawMetrics(line);
  const optional = (name: string, value: Signal | undefined) => (value === undefined ? {} : { [name]: value });
  const measured = {
    ...optional('lossDelta', lossDelta),
    ...optional('tamiyoLatencyMs', tamiyo),
    ...optional('hookLatencyMs', hook),
    ...optional('blueprintRisk', risk),
    others,
  };
  const events = line.in.events.map(([description]) => ({ description, level: 'INFO', attributes: {} }) as const);
  return buildDecisionReport({
    command,
    policyVersion: 'tamiyo_gnn_v1',
    events,
    measured,
    timedOut: line.in.timed_out,
  });
}

/** Outcome and notes as the prototype's rules give them; the recording must say the same. */
function prototypeRules(line: OutcomeLine): { readonly outcome: string; readonly notes: string } {
  const { events, last_action: action } = line.in;
  const timeout = events.find(([description]) => description.startsWith('timeout'));
  const blending = action['blending_method'];
  const last = timeout ?? events.at(-1);
  const notes = last?.[0] ?? (blending === undefined ? '' : `blending:${String(blending)}`);
  return { outcome: prototypeOutcome(line), notes };
}

function prototypeOutcome(line: OutcomeLine): string {
  const reason = line.in.command.annotations?.['risk_reason'] ?? '';
  if (line.in.timed_out || ['timeout_inference', 'timeout_urza'].includes(reason)) return 'NEUTRAL';
  if (['bp_quarantine', 'loss_spike', 'isolation_violation', 'hook_budget'].includes(reason)) return 'REGRESSION';
  const idle = commandTypeOf(line) === 'PAUSE' && ['conservative_mode', 'policy', ''].includes(reason);
  return idle ? 'NEUTRAL' : 'SUCCESS';
}

/** Ours, computed from what was recorded and the rules of the deviations. */
function expectedContent(line: OutcomeLine): { readonly content: object; readonly ids: readonly string[] } {
  const recorded = line.out.outcome.replace(PREFIX, '');
  const reason = line.in.command.annotations?.['risk_reason'] ?? '';
  const type = commandTypeOf(line);
  const hindered = type === 'PAUSE' || type === 'UNKNOWN' || !['', 'policy'].includes(reason);
  const outcome = recorded === 'SUCCESS' && hindered ? 'NEUTRAL' : recorded;
  const raw = rawMetrics(line);
  const bad = Object.entries(raw).filter(([, value]) => !Number.isFinite(value));
  const metrics = Object.fromEntries(Object.entries(raw).filter(([, value]) => Number.isFinite(value)));
  const unknownLoss = bad.some(([name]) => name === 'loss_delta');
  const content = {
    outcome,
    notes: line.out.notes,
    metrics: {
      ...asFloat32(metrics),
      ...(unknownLoss ? { loss_delta: 0, loss_delta_known: 0 } : {}),
      ...(bad.length > 0 ? { non_finite: bad.length } : {}),
    },
    seedId: line.out.report.seedId,
    blueprintId: line.out.report.blueprintId,
  };
  return { content, ids: [...(outcome === recorded ? [] : ['DEV-FR-03']), ...(bad.length > 0 ? ['DEV-FR-04'] : [])] };
}

/** The prototype's metrics are 32-bit floats; ours are compared as such. */
const asFloat32 = (metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, Math.fround(value)]));

/** One line of `field-report-outcome`: first what the report says, then what it is called. */
export function runOutcomeLine(raw: unknown): readonly VectorOutcome[] {
  const line = raw as OutcomeLine;
  const rules = prototypeRules(line);
  const said = { outcome: line.out.outcome.replace(PREFIX, ''), notes: line.out.notes };
  if (!same(rules, said))
    return [{ kind: 'unexplained', detail: `not what the prototype's rules give: ${JSON.stringify(said)}` }];
  return [compareContent(line), compareIdentity(line)];
}

function compareContent(line: OutcomeLine): VectorOutcome {
  const command = commandOf(line);
  const { commandId, trainingRunId, issuedAtMs } = command;
  const whole = { commandId: commandId || 'c', trainingRunId: trainingRunId || 'r', issuedAtMs: issuedAtMs || 1 };
  const { decision: _, ...unblended } = { ...command, ...whole };
  // The values of the action are given as they are; how it is blended only shows in the note.
  const built = { ...build(line, unblended), notes: build(line, { ...command, ...whole }).notes };
  const { content, ids } = expectedContent(line);
  const recordedMetrics = Object.fromEntries(
    Object.entries(line.out.metrics).map(([name, value]) => [name, vectorNumber(value)]),
  );
  const recorded = {
    outcome: line.out.outcome.replace(PREFIX, ''),
    notes: line.out.notes,
    metrics: recordedMetrics,
    seedId: line.out.report.seedId,
    blueprintId: line.out.report.blueprintId,
  };
  const { outcome, notes, metrics, seedId, blueprintId } = built;
  return compared(
    { ours: { outcome, notes, metrics: asFloat32(metrics), seedId, blueprintId }, expected: content, recorded },
    ids,
  );
}

function compareIdentity(line: OutcomeLine): VectorOutcome {
  const command = commandOf(line);
  const incomplete = command.commandId === '' || command.trainingRunId === '' || command.issuedAtMs === 0;
  const expected = incomplete ? 'FIELD_REPORT_INVALID' : `fr-${command.commandId}`;
  let ours: string;
  try {
    ours = build(line, command).reportId;
  } catch (error) {
    ours = (error as { code?: string }).code ?? String(error);
  }
  return compared({ ours, expected, recorded: line.out.report.reportId }, [incomplete ? 'DEV-FR-02' : 'DEV-FR-01']);
}
