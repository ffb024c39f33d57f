import { readFile, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { decodeMessage, parseJson, type SystemStatePacket } from '@esper/leyline';
import type { Command } from 'commander';
import { openKeys } from '../adapters/keys.js';
import { openHost } from '../compose.js';
import type { ResolvedConfig } from '../config/resolve.js';
import { DecisionError, TamiyoError, type TamiyoErrorCode } from '../errors.js';
import { outcomeLine } from '../explain/outcome-line.js';
import { makeMissing } from '../host/first-start.js';
import type { Delivered } from '../stages/stages.js';
import { loadConfig } from './load-config.js';
import { EXIT } from './output.js';
import { type CommandContext, type Noun, withCommonOptions } from './program.js';

interface DecideOptions {
  readonly data?: string;
  readonly init?: boolean;
  readonly out?: string;
}

const EXAMPLES = `Examples:
  tamiyo decide examples/packet.json --init           first of all: makes an untrained policy and example blueprints
  tamiyo decide packet.json --json | jq .commandType  what is commanded
  cat packet.json | tamiyo decide -                   from standard input
  tamiyo decide packet.json --out command.bin         keep the signed bytes, for tamiyo verify
`;
const EXITS = `
Exit codes: 0 a command was given, 1 none was (the error says why), 6 not in time.
It is a decision like any other: under the lock of the data folder, recorded before it is shown, with the run's next sequence number.
Deadlines that nobody set are wider than those of a host: nobody waits but you.`;

/** Where the configuration says nothing, one decision by hand may take its time. */
const PATIENT = {
  'deadlines.inferenceMs': 2_000,
  'deadlines.metadataMs': 2_000,
  'deadlines.decisionMs': 10_000,
} as const;
const LATE: ReadonlySet<TamiyoErrorCode> = new Set(['TIMEOUT_INFERENCE', 'TIMEOUT_URZA', 'DEADLINE_DECISION']);
const PACKET_BYTES_MAX = 16 << 20;

/** `tamiyo decide PACKET`: one decision without a server. */
export const decideNoun: Noun = (program, run) => {
  withCommonOptions(program.command('decide'))
    .description('one decision about one packet from a file or standard input, without a server, explained in a line')
    .addHelpText('before', EXAMPLES)
    .argument('<packet>', 'a SystemStatePacket, JSON or msgpack; - for standard input')
    .option('--data <folder>', 'where log, policy and catalogue lie; default: the configuration (./var/tamiyo)')
    .option('--init', 'make what a first start lacks: an untrained policy and example blueprints')
    .option('--out <file>', 'write the signed command there')
    .addHelpText('after', EXITS)
    .action((path: string, _options: unknown, command: Command) =>
      run(command, (context) => decide(context, path, command.opts<DecideOptions>())),
    );
};

async function decide(context: CommandContext, path: string, options: DecideOptions): Promise<number> {
  const packet = await readPacket(path);
  const config = await patientConfig(context, options);
  const keys = await openKeys({ folder: config.values['seal.keyFolder'], environment: context.environment });
  for (const made of options.init === true ? await makeMissing(config, keys) : []) context.output.note(`made ${made}`);
  const host = await openHost({ config, keys });
  try {
    const outcome = await host.decide(packet.trainingRunId, packet);
    if (!outcome.ok) {
      context.output.error(outcome.error);
      return LATE.has(outcome.error.code) ? EXIT.timeout : EXIT.failure;
    }
    if (options.out !== undefined) await writeFile(options.out, outcome.value.bytes);
    tell(outcome.value, context);
    return EXIT.ok;
  } finally {
    await host.close();
  }
}

async function patientConfig(context: CommandContext, { data }: DecideOptions): Promise<ResolvedConfig> {
  const own = data === undefined ? {} : { dataDir: data };
  const { sources } = await loadConfig(context, own);
  const unset = Object.entries(PATIENT).filter(([key]) => sources[key as keyof typeof PATIENT] === 'default');
  return loadConfig(context, { ...own, ...Object.fromEntries(unset) });
}

/** JSON begins with a brace; msgpack never does for a packet. Throws `PACKET_INVALID`, or what reading the file says. */
async function readPacket(path: string): Promise<SystemStatePacket> {
  const bytes = path === '-' ? await buffer(process.stdin) : await readFile(path).catch(unreadable(path));
  if (bytes.length > PACKET_BYTES_MAX) throw invalid(`${bytes.length} bytes, at most ${PACKET_BYTES_MAX}`);
  const isJson = new TextDecoder('latin1').decode(bytes.subarray(0, 64)).trimStart().startsWith('{');
  const packet = isJson ? parseJson('SystemStatePacket', bytes) : decodeMessage('SystemStatePacket', bytes);
  if (packet.ok) return packet.value;
  const { path: at, expected, found } = packet.error;
  throw invalid(`the packet is refused: ${at}: expected ${expected}, found ${found}`);
}

const invalid = (message: string): DecisionError => new DecisionError('PACKET_INVALID', message);

const unreadable =
  (path: string) =>
  (cause: unknown): never => {
    throw new TamiyoError('PACKET_INVALID', `cannot read ${path}`, { cause });
  };

function tell(delivered: Delivered, { output }: CommandContext): void {
  const { decisionId, identity, command, proposed, assessment, bytes, repeated, totalMs } = delivered;
  const line = outcomeLine(delivered);
  output.object({
    decisionId,
    trainingRunId: identity.trainingRunId,
    commandId: identity.commandId,
    sequence: identity.sequence,
    issuerEpoch: identity.issuerEpoch,
    commandType: command.commandType,
    proposedType: proposed.commandType,
    reason: assessment.reason,
    reasons: assessment.reasons,
    conservative: assessment.conservative,
    explanation: line,
    repeated,
    totalMs,
    envelope: Buffer.from(bytes).toString('base64'),
  });
  output.line(output.style('bold', line));
  output.line(
    `  run ${identity.trainingRunId}, sequence ${identity.sequence}, ${repeated ? 'as answered before' : `${totalMs.toFixed(1)} ms`}`,
  );
  output.line(`  why, at length: tamiyo explain ${decisionId}`);
}
