import { TAMIYO_ERRORS, type TamiyoErrorCode } from '../errors.js';
import type { DecisionRecord, FailureRecord } from '../records/record.js';
import type { ToldDecision } from './find-decision.js';

type Finding = DecisionRecord['findings'][number];

/** One paragraph of an explanation: a heading and its lines. */
export interface Paragraph {
  readonly title: string;
  readonly lines: readonly string[];
}

/** A decision as one person would tell it to another. Pure; everything in it stands in the record. */
export function explanationOf(told: ToldDecision): readonly Paragraph[] {
  const { record } = told;
  return [
    { title: 'What happened', lines: outcomeLines(told) },
    ...(record.kind === 'decision' ? commandParagraphs(record) : failureParagraphs(record)),
    ...(told.orders.length === 0
      ? []
      : [{ title: 'Orders given for this run before', lines: told.orders.map(orderLine) }]),
    {
      title: 'Where the time went',
      lines: record.spans.map(({ name, durationMs }) => `${name.padEnd(9)} ${durationMs.toFixed(2).padStart(9)} ms`),
    },
    {
      title: 'Under which rules',
      lines: [`policy ${shown(record.digests.policy)}`, `config ${shown(record.digests.config)}`],
    },
  ];
}

const shown = (digest: string): string => (digest === '' ? 'none' : digest);

function outcomeLines({ record, withheld, failure }: ToldDecision): readonly string[] {
  const when = new Date(record.atMs).toISOString();
  const about = `run ${record.trainingRunId}, step ${record.packet?.globalStep ?? 'unknown'}, packet ${record.packetId || 'unreadable'}, ${when}`;
  if (record.kind === 'failure') return [`No command left: ${record.code} at ${record.arrow}.`, about];
  const { commandId, sequence, issuerEpoch } = record.identity;
  const kept = record.proposed.commandType === record.command.commandType;
  const verdict = kept
    ? `The policy proposed ${record.proposed.commandType} and it was ${withheld ? 'sealed' : 'sent'} as proposed.`
    : `The policy proposed ${record.proposed.commandType}; risk made it ${record.command.commandType}.`;
  const late = withheld
    ? [`It was recorded and never left: ${failure?.code ?? 'its deadline had passed'}. Its sequence number is burnt.`]
    : [];
  return [verdict, ...late, `command ${commandId}, sequence ${sequence}, issuer epoch ${issuerEpoch}`, about];
}

function commandParagraphs(record: DecisionRecord): readonly Paragraph[] {
  const { findings, decidingAt, reasons, conservative } = record;
  const deciding = decidingAt < 0 ? undefined : findings[decidingAt];
  const grave = findings.filter(({ verdict }) => verdict !== 'pass');
  const passed = findings.filter(({ verdict }) => verdict === 'pass');
  const target = [record.command.targetSeedId, record.command.seedOperation?.blueprintId].filter(Boolean).join(', ');
  return [
    {
      title: 'Who decided',
      lines: [
        deciding === undefined
          ? 'Nobody objected: the proposal stands.'
          : `${deciding.evaluator}: ${comparison(deciding)}${reasonOf(deciding)}`,
        ...(reasons.length > 1 ? [`also found: ${reasons.slice(1).join(', ')}`] : []),
        ...(conservative ? ['The run was in conservative mode.'] : []),
        ...(target === '' ? [] : [`aimed at ${target}`]),
      ],
    },
    { title: 'What would have changed it', lines: counterfactuals(grave) },
    { title: 'Signals that were found bad or unknown', lines: grave.length === 0 ? ['none'] : grave.map(signalLine) },
    { title: 'Signals that passed', lines: passed.filter(({ value }) => value !== null).map(signalLine) },
    { title: 'Field report', lines: [`${record.fieldReport.reportId}: ${record.fieldReport.outcome}`] },
  ];
}

function failureParagraphs(record: FailureRecord): readonly Paragraph[] {
  const known = Object.hasOwn(TAMIYO_ERRORS, record.code) ? TAMIYO_ERRORS[record.code as TamiyoErrorCode] : undefined;
  return [
    {
      title: 'Why',
      lines: [record.message, ...(known === undefined ? [] : [known.means, `next: ${known.next}`])],
    },
    {
      title: 'Field report',
      lines: [`${record.fieldReport.reportId}: ${record.fieldReport.outcome}, ${record.fieldReport.notes}`],
    },
  ];
}

function counterfactuals(grave: readonly Finding[]): readonly string[] {
  const told = grave.flatMap(({ counterfactual }) => (typeof counterfactual === 'string' ? [counterfactual] : []));
  return told.length === 0 ? ['nothing: it is what the policy proposed'] : [...new Set(told)];
}

const reasonOf = ({ reason }: Finding): string => (reason === '' ? '' : ` (${reason})`);

/** A finding's value against its threshold, for example `loss_delta 3.6 > 0.15`. */
export function comparison({ signal, value, comparison: operator, threshold }: Finding): string {
  if (threshold === null || operator === null)
    return value === null ? `${signal} unknown` : `${signal} ${String(value)}`;
  return `${signal} ${numberText(value)} ${operator} ${numberText(threshold)}`;
}

const numberText = (value: Finding['value'] | Finding['threshold']): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value);

function signalLine(finding: Finding): string {
  const mark = finding.enforced ? '' : ' [shadow]';
  const limit = finding.threshold === null ? '' : ` against ${numberText(finding.threshold)}`;
  return `${finding.verdict.padEnd(8)}${finding.signal} ${finding.value === null ? 'not reported' : numberText(finding.value)}${limit}${reasonOf(finding)}${mark}`;
}

const orderLine = (record: ToldDecision['orders'][number]): string => {
  const { kind, order } = record.action;
  return `${new Date(record.atMs).toISOString()} ${kind} by ${order.who}: ${order.why}`;
};
