import { join } from 'node:path';
import type { Command } from 'commander';
import { FolderReplayWorld } from '../adapters/replay-world.js';
import { TamiyoError } from '../errors.js';
import type { DecisionRecord } from '../records/record.js';
import type { SceneRuntime } from '../records/scene.js';
import { ReplayCount, type ReplayTally } from '../replay/replay-tally.js';
import { type PartDiffers, UNREPLAYABLE, type Unreplayable } from '../replay/replayed.js';
import { type Replayed, Replayer } from '../replay/replayer.js';
import { loadConfig } from './load-config.js';
import { logRecords, sceneNotesOf } from './log-records.js';
import { EXIT, type Output } from './output.js';
import { type CommandContext, type Noun, withCommonOptions } from './program.js';

interface ReplayOptions {
  readonly data?: string;
  readonly run?: string;
  readonly strict?: boolean;
}

const EXAMPLES = `Examples:
  tamiyo replay --data ./var/tamiyo-demo            make every decision of a demo again, and say what differs
  tamiyo replay 0190f3a2 --data ./var/tamiyo-demo   one decision, by the beginning of its id
  tamiyo replay --run run-7 --strict                one run; what cannot be made again fails too
  tamiyo replay --json | tail -1 | jq .identical    one line a decision that is not identical, the tally last
`;
const EXITS = `
Exit codes: 0 all that could be made again are identical, 4 one differs (with --strict: or cannot be made again), 1 none could.
The bits of the network are promised on the runtime and processor they were recorded on; elsewhere everything but the network is
held against the record, and said so.`;

/** `tamiyo replay`: makes recorded decisions again, to the bit. */
export const replayNoun: Noun = (program, run) => {
  withCommonOptions(program.command('replay'))
    .description('make recorded decisions again, bit for bit: graph, inference, risk, sealed payload; say what differs')
    .addHelpText('before', EXAMPLES)
    .argument('[id]', 'only the decisions whose decision, command or packet id begins so')
    .option('--data <folder>', 'the data folder of the host; default: the configuration')
    .option('--run <id>', 'only the decisions of this run')
    .option('--strict', 'fail as well when a decision cannot be made again')
    .addHelpText('after', EXITS)
    .action((id: string | undefined, _options: unknown, command: Command) =>
      run(command, (context) => replay(context, id, command.opts<ReplayOptions>())),
    );
};

async function replay(context: CommandContext, id: string | undefined, options: ReplayOptions): Promise<number> {
  const config = await loadConfig(context, options.data === undefined ? {} : { dataDir: options.data });
  const directory = join(config.values.dataDir, 'log');
  const world = await FolderReplayWorld.open({ config, notes: () => sceneNotesOf(context, directory) });
  const count = new ReplayCount();
  try {
    const replayer = new Replayer(world);
    const wanted = wantedBy(id, options.run);
    for await (const { record } of logRecords(context, { directory, label: 'replaying' })) {
      world.take(record);
      const replayed = await replayer.take(record, wanted);
      if (replayed === undefined) continue;
      count.add(replayed);
      tell(replayed, context.output);
    }
    return conclude(count.result(), { here: world.runtime(), directory, options, output: context.output });
  } finally {
    await world.close();
  }
}

const wantedBy =
  (id: string | undefined, run: string | undefined) =>
  ({ decisionId, packetId, identity, trainingRunId }: DecisionRecord): boolean =>
    (run === undefined || run === trainingRunId) &&
    (id === undefined || [decisionId, packetId, identity.commandId].some((one) => one.startsWith(id)));

function tell({ record, outcome, recordedOn }: Replayed, output: Output): void {
  if (outcome.kind === 'identical') return;
  const { decisionId, trainingRunId, packetId } = record;
  output.object({
    type: 'decision',
    decisionId,
    trainingRunId,
    packetId,
    outcome,
    ...(recordedOn === undefined ? {} : { recordedOn }),
  });
  if (outcome.kind === 'unreplayable') return;
  const style = outcome.kind === 'elsewhere' ? 'yellow' : 'red';
  output.line(`${output.style(style, outcome.kind.padEnd(9))} ${decisionId}  run ${trainingRunId}, packet ${packetId}`);
  if (outcome.kind === 'refused') output.line(`  made again it gives no command: ${outcome.code}: ${outcome.message}`);
  for (const differs of outcome.differs) for (const line of partLines(differs)) output.line(`  ${line}`);
}

function partLines({ part, differences, flip }: PartDiffers): readonly string[] {
  if (part === 'input') {
    if (flip === undefined) return ['input: not what was decided on, in more than one bit'];
    return [
      `input: ${flip.path}: ${flip.bit} is flipped: ${text(flip.recorded)} is recorded, ${text(flip.decidedOn)} was decided on`,
    ];
  }
  return differences.map(({ path, recorded, now }) => `${part}: ${path}: recorded ${text(recorded)}, now ${text(now)}`);
}

const text = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(value));

interface Ending {
  readonly here: SceneRuntime;
  readonly directory: string;
  readonly options: ReplayOptions;
  readonly output: Output;
}

function conclude(tally: ReplayTally, { here, directory, options, output }: Ending): number {
  const left = Object.values(tally.unreplayable).reduce((sum, count) => sum + count, 0);
  output.object({ type: 'summary', ...tally, here });
  if (tally.decisions === left) {
    const why = tally.decisions === 0 ? 'it holds none that were asked for' : reasonsOf(tally).join('; ');
    throw new TamiyoError('REPLAY_NOTHING', `no decision of ${directory} could be made again: ${why}`);
  }
  output.line(
    `${tally.decisions - left} of ${tally.decisions} decisions made again: ${tally.identical} identical, ${tally.differing} not${tally.elsewhere === 0 ? '' : `, ${tally.elsewhere} but for the network`}`,
  );
  for (const reason of reasonsOf(tally)) output.line(`  not made again: ${reason}`);
  output.line(`  network on ${runtimeText(here)}: its bits are promised only there`);
  for (const there of tally.recordedOn) output.line(`  recorded on ${runtimeText(there)}`);
  if (tally.differing > 0) return EXIT.verification;
  return options.strict === true && left > 0 ? EXIT.verification : EXIT.ok;
}

const reasonsOf = ({ unreplayable }: ReplayTally): readonly string[] =>
  Object.entries(unreplayable).map(([why, count]) => `${count}: ${UNREPLAYABLE[why as Unreplayable]}`);

const runtimeText = ({ inference, node, cpu }: SceneRuntime): string => `${inference}, node ${node}, ${cpu}`;
