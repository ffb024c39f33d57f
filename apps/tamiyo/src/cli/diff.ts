import { join } from 'node:path';
import type { Command } from 'commander';
import { CandidatePolicy, FolderReplayWorld } from '../adapters/replay-world.js';
import { type Alternative, Differ } from '../diff/differ.js';
import { DiffFindings, type DiffTally } from '../diff/findings.js';
import type { Flip } from '../diff/flip.js';
import { OtherSettings } from '../diff/other-settings.js';
import { TamiyoError } from '../errors.js';
import type { DecisionRecord } from '../records/record.js';
import { decideAgain } from '../replay/decide-again.js';
import type { Difference } from '../replay/differences.js';
import { UNREPLAYABLE, type Unreplayable } from '../replay/replayed.js';
import { loadConfig } from './load-config.js';
import { logRecords, sceneNotesOf } from './log-records.js';
import { EXIT, type Output } from './output.js';
import { type CommandContext, type Noun, withCommonOptions } from './program.js';
import { wholeNumber } from './whole-number.js';

interface DiffOptions {
  readonly data?: string;
  readonly policy?: string;
  readonly run?: string;
  readonly limit: string;
}

const LIMIT_MAX = 1_000_000;
const EXAMPLES = `Examples:
  tamiyo diff --set risk.lossSpikeMax=1          only this setting is another one
  tamiyo diff --config next.json                 under the whole configuration of a file, before it is put in force
  tamiyo diff --policy ./var/candidate           with another policy, through its network
  tamiyo diff --config next.json --json | jq -r 'select(.direction=="looser").packetId'
`;
const EXITS = `
Exit codes: 0 nothing looser, 3 at least one decision would be looser (for CI), 1 none could be compared, 2 nothing to compare with.
Each decision is judged in the state it was made in; what training would have made of another command is nobody's to say.`;

/** `tamiyo diff`: which past decisions another configuration or policy would have made differently. */
export const diffNoun: Noun = (program, run) => {
  withCommonOptions(program.command('diff'))
    .description('which past decisions would change under another configuration or policy, looser ones first')
    .addHelpText('before', EXAMPLES)
    .option('--policy <folder>', 'a policy bundle; without it the recorded proposals are judged again')
    .option('--data <folder>', 'the data folder of the host; default: the configuration')
    .option('--run <id>', 'only the decisions of this run')
    .option('--limit <count>', 'decisions listed of each direction; all are counted', '1000')
    .addHelpText('after', EXITS)
    .action((_options: unknown, command: Command) =>
      run(command, (context) => diff(context, command.opts<DiffOptions>())),
    );
};

async function diff(context: CommandContext, options: DiffOptions): Promise<number> {
  if (options.policy === undefined && context.configFile === undefined && Object.keys(context.settings).length === 0) {
    context.output.error(
      new TamiyoError('OPTION_INVALID', 'diff needs something to compare with: --config, --set or --policy'),
    );
    return EXIT.usage;
  }
  const limit = wholeNumber('--limit', options.limit, { least: 1, most: LIMIT_MAX });
  const config = await loadConfig(context, options.data === undefined ? {} : { dataDir: options.data });
  const directory = join(config.values.dataDir, 'log');
  const notes = () => sceneNotesOf(context, directory);
  const other = new OtherSettings(context.configFile === undefined ? undefined : config, context.settings);
  const world = await FolderReplayWorld.open({ config, notes });
  const candidate = options.policy === undefined ? undefined : await CandidatePolicy.open(options.policy);
  const findings = new DiffFindings(limit);
  try {
    const differ = new Differ(world, alternativeOf(world, other, candidate));
    const wanted = ({ trainingRunId }: DecisionRecord) => options.run === undefined || options.run === trainingRunId;
    for await (const { record } of logRecords(context, { directory, label: 'comparing' })) {
      world.take(record);
      const outcome = await differ.take(record, wanted);
      if (outcome !== undefined) findings.add(outcome);
    }
    return conclude(findings, { directory, output: context.output, changes: other.changes() });
  } finally {
    await world.close();
    await candidate?.close();
  }
}

/** The recorded proposals are judged again; the network is only asked where it, or how seeds are blended, is another one. */
function alternativeOf(
  world: FolderReplayWorld,
  other: OtherSettings,
  candidate: CandidatePolicy | undefined,
): Alternative {
  return {
    risk: (scene) => other.of(scene).risk,
    decide: async (decision, risk) => {
      const { blend, isOtherBlend } = other.of(decision.scene);
      if (candidate === undefined && !isOtherBlend) return undefined;
      const { digests, vocabularySizes } = decision.record;
      const policy = await (candidate?.with(blend) ?? world.policy(digests.policy, { blend }));
      const vocabularies = world.vocabularies(vocabularySizes);
      if (policy === undefined) throw new TamiyoError('POLICY_MISSING', `the policy ${digests.policy} is not kept`);
      if (vocabularies === undefined)
        throw new TamiyoError('RECORD_DAMAGED', 'the name tables hold fewer names than it knew');
      return decideAgain({ ...decision, scene: { ...decision.scene, blend }, policy, vocabularies }, risk);
    },
  };
}

interface Ending {
  readonly directory: string;
  readonly output: Output;
  readonly changes: readonly Difference[];
}

function conclude(findings: DiffFindings, { directory, output, changes }: Ending): number {
  const tally = findings.tally();
  const { decisions, same, flips, failing, uncompared } = tally;
  const left = sumOf(uncompared);
  const listed = findings.flips();
  for (const flip of listed) {
    output.object({ type: 'flip', ...flip });
    output.line(flipLine(flip, output));
  }
  output.object({ type: 'summary', ...tally, listed: listed.length, changes });
  if (decisions === left) {
    const why = decisions === 0 ? 'it holds none' : reasonsOf(uncompared).join('; ');
    throw new TamiyoError('REPLAY_NOTHING', `no decision of ${directory} could be compared: ${why}`);
  }
  output.line(
    `${decisions - left} of ${decisions} decisions compared: ${same} the same, ${flips.looser} looser, ${flips.tighter} tighter, ${flips.other} as careful and different`,
  );
  if (listed.length < flips.looser + flips.tighter + flips.other)
    output.line(`  ${listed.length} of them are listed (--limit)`);
  for (const [code, count] of Object.entries(failing)) output.line(`  ${count} would get no command: ${code}`);
  for (const reason of reasonsOf(uncompared)) output.line(`  not compared: ${reason}`);
  for (const { path, recorded, now } of changes) output.line(`  ${path}: ${String(recorded)} → ${String(now)}`);
  return flips.looser > 0 ? EXIT.unsafe : EXIT.ok;
}

const STYLES = { looser: 'red', other: 'yellow', tighter: 'green' } as const;

function flipLine({ direction, trainingRunId, step, packetId, was, would, decisionId }: Flip, output: Output): string {
  const change = `${was.type} (${was.reason}) → ${would.type} (${would.reason})`;
  return `${output.style(STYLES[direction], direction.padEnd(7))} ${change}  run ${trainingRunId}, step ${step}, packet ${packetId}, ${decisionId}`;
}

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

const reasonsOf = (uncompared: DiffTally['uncompared']): readonly string[] =>
  Object.entries(uncompared).map(([why, count]) => `${count}: ${UNREPLAYABLE[why as Unreplayable]}`);
