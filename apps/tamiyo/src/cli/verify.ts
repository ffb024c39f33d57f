import {
  type Audience,
  type Explanation,
  explainCommand,
  REFUSAL_REASONS,
  VERIFIER_ERRORS,
} from '@esper/command-verifier';
import { type UnixMs, unixMs } from '@esper/std';
import { systemClock } from '@esper/std/node';
import type { Command } from 'commander';
import { openKeys } from '../adapters/keys.js';
import { TamiyoError } from '../errors.js';
import { readInputFile } from './input-file.js';
import { loadConfig } from './load-config.js';
import { EXIT, type Output } from './output.js';
import { type CommandContext, type Noun, withCommonOptions } from './program.js';

/** Twice the largest envelope, for text forms, and then some. */
const FILE_BYTES_MAX = 2 ** 20;
/** Bytes of a stretch that are printed. */
const SHOWN_BYTES_MAX = 32;
const MAGIC = 'ESC1';

interface VerifyOptions {
  readonly explain?: boolean;
  readonly consumer?: string;
  readonly run: string;
  readonly at: string;
}

/** `tamiyo verify FILE [--explain]`. */
export const verifyNoun: Noun = (program, run) => {
  withCommonOptions(program.command('verify <file>'))
    .description('check a sealed command with the keys of this host; claims nothing, so replay is not judged')
    .option('--explain', 'which rule holds or fails, and which bytes it looks at')
    .option('--consumer <name>', 'whose command it must be; default: the consumer of the configuration')
    .option('--run <id>', 'which training run it must be for', 'any')
    .option('--at <time>', 'judge freshness at this time (ISO 8601 or milliseconds since 1970)', 'now')
    .addHelpText(
      'after',
      `
FILE holds the envelope as it was sent, or as text in hex or base64. Exit code 0: every rule holds; 4: refused.

Examples:
  tamiyo verify command.bin
  tamiyo verify command.hex --explain --at 2026-06-01T12:00:00Z`,
    )
    .action(async (file: string, _options: unknown, command: Command) =>
      run(command, (context) => verify(context, file, command.opts<VerifyOptions>())),
    );
};

async function verify(context: CommandContext, file: string, options: VerifyOptions): Promise<number> {
  const { values } = await loadConfig(context);
  const keyRing = await openKeys({ folder: values['seal.keyFolder'], environment: context.environment });
  const bytes = envelopeOf(await readInputFile(file, { what: 'the command', bytesMax: FILE_BYTES_MAX }));
  const audience: Audience = { trainingRunId: options.run, consumer: options.consumer ?? values['seal.consumer'] };
  const now = timeOf(options.at);
  const explanation = explainCommand(bytes, { keyRing, clock: { wallMs: () => now }, audience });
  printVerdict(context.output, explanation, { file, bytes, now });
  if (options.explain === true) printExplanation(context.output, explanation, bytes);
  return explanation.reason === 'ok' ? EXIT.ok : EXIT.verification;
}

/** The envelope in a file: as it is, or written in hex or base64. What is neither stays as it is, for the rules to refuse. */
function envelopeOf(file: Buffer): Uint8Array {
  if (file.subarray(0, MAGIC.length).toString('latin1') === MAGIC) return file;
  const text = file.toString('latin1').replace(/\s+/g, '');
  if (/^([0-9a-f]{2})+$/i.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0) return Buffer.from(text, 'base64');
  return file;
}

function timeOf(text: string): UnixMs {
  if (text === 'now') return systemClock.wallMs();
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isSafeInteger(ms) && ms >= 0) return unixMs(ms);
  throw new TamiyoError('OPTION_INVALID', `--at takes ISO 8601 or milliseconds since 1970, got ${text}`);
}

interface Checked {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly now: UnixMs;
}

function printVerdict(output: Output, { reason, rules, parts, command }: Explanation, checked: Checked): void {
  output.object({
    file: checked.file,
    bytes: checked.bytes.length,
    at: new Date(checked.now).toISOString(),
    reason,
    replay: 'not judged',
    rules,
    parts,
    ...(command === undefined ? {} : { command }),
  });
  if (reason === 'ok') {
    output.line(`${output.style('green', 'holds')}: a ${command?.commandType} for ${command?.trainingRunId}`);
    output.line('Whether it was executed before only the memory of its executor knows.');
    return;
  }
  const { means, next } = VERIFIER_ERRORS[reason];
  output.line(
    `${output.style('red', 'refused')}: ${reason} (check ${REFUSAL_REASONS.indexOf(reason) + 1} of ${REFUSAL_REASONS.length})`,
  );
  output.line(`  ${means}`);
  output.line(`  next: ${next}`);
}

function printExplanation(output: Output, { rules, parts }: Explanation, bytes: Uint8Array): void {
  output.line();
  output.line(output.style('bold', 'Rules, in order'));
  for (const { rule, verdict, span } of rules) {
    const where = span === undefined ? '' : `bytes ${span.from} to ${span.to}`;
    output.line(`  ${rule.padEnd(10)} ${verdict.padEnd(12)} ${where}`.trimEnd());
  }
  output.line();
  output.line(output.style('bold', 'What the bytes say'));
  if (parts.length === 0) output.line('  nothing: they are no envelope, or too many to look into');
  for (const { name, says, from, to } of parts) {
    output.line(`  ${name.padEnd(13)} ${says}`);
    output.line(output.style('dim', `  ${''.padEnd(13)} ${from} to ${to}: ${hexOf(bytes.subarray(from, to))}`));
  }
}

function hexOf(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, SHOWN_BYTES_MAX)).toString('hex');
  return bytes.length > SHOWN_BYTES_MAX ? `${shown}…` : shown;
}
