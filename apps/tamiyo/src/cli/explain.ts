import { dumpWal } from '@esper/wal';
import type { Command } from 'commander';
import { TamiyoError } from '../errors.js';
import { explanationOf } from '../explain/explanation.js';
import { DecisionFinder, PREFIX_LEAST, type ToldDecision } from '../explain/find-decision.js';
import { decodeRecord } from '../records/record-codec.js';
import { EXIT } from './output.js';
import { type CommandContext, type Noun, withCommonOptions } from './program.js';
import { barOf, folderOf, walWorld } from './wal-folder.js';

const EXAMPLES = `
Examples:
  tamiyo explain last --data ./var/tamiyo-demo     the last decision of a demo
  tamiyo explain 0190f3a2                          by the beginning of a decision, command, packet or report id
  tamiyo explain last --json | jq .record.findings everything that stands in the record
`;

/** `tamiyo explain ID`: a decision as a person would tell it, read from the log; a host may be writing to it. */
export const explainNoun: Noun = (program, run) => {
  withCommonOptions(program.command('explain'))
    .description(
      'why a decision came out as it did: signals against thresholds, who decided, what would have changed it',
    )
    .argument(
      '<id>',
      `a decision, command, packet or report id, its first ${PREFIX_LEAST} characters or more, or: last`,
    )
    .option('--data <folder>', 'the data folder of the host')
    .addHelpText('after', EXAMPLES)
    .action((id: string, _options: unknown, command: Command) =>
      run(command, async (context) => explain(context, id, command.opts<{ data?: string }>().data)),
    );
};

async function explain(context: CommandContext, id: string, data: string | undefined): Promise<number> {
  const directory = await folderOf(context, data === undefined ? undefined : `${data}/log`, 'log');
  const { told, others } = await search(context, directory, id);
  if (told === undefined) {
    throw new TamiyoError('DECISION_UNKNOWN', `no decision in ${directory} has the id ${id}`);
  }
  if (others.length > 0) context.output.note(`${others.length} more begin with ${id}; this is the latest`);
  const { record, withheld, failure } = told;
  context.output.object({
    record: withoutBytes(record),
    withheld,
    failure: failure?.code ?? null,
    explanation: explanationOf(told),
  });
  printExplanation(context, told);
  return EXIT.ok;
}

async function search(context: CommandContext, directory: string, id: string) {
  const finder = new DecisionFinder(id);
  const bar = barOf(context, 'reading the log');
  let read = 0;
  for await (const { payload } of dumpWal(
    { ...walWorld(), directory },
    { fromSequence: 1, onDamage: () => undefined },
  )) {
    read += 1;
    if (read % 1_000 === 0) bar(read, read);
    finder.take(decodeRecord(payload));
  }
  return finder.result();
}

function printExplanation({ output }: CommandContext, told: ToldDecision): void {
  output.line(output.style('bold', `Decision ${told.record.decisionId}`));
  for (const { title, lines } of explanationOf(told)) {
    output.line();
    output.line(output.style('cyan', title));
    for (const line of lines) output.line(`  ${line}`);
  }
}

/** The record without the sealed bytes: they are for the trainer, and say nothing that the rest does not. */
function withoutBytes(record: ToldDecision['record']): object {
  if (record.kind === 'failure') return record;
  const { bytes, ...rest } = record;
  return { ...rest, sealedBytes: bytes.length };
}
