import { type KeyAge, type KeyConcern, keyConcerns } from '@esper/command-verifier';
import { systemClock } from '@esper/std/node';
import type { Command } from 'commander';
import { openKeys } from '../adapters/keys.js';
import { rotateKeys } from './keys-rotate.js';
import { loadConfig } from './load-config.js';
import { EXIT, type Output } from './output.js';
import { type CommandContext, type Noun, withCommonOptions } from './program.js';
import { wholeNumber } from './whole-number.js';

const DAY_MS = 86_400_000;
const NOTICE_DAYS = '14';

/** `tamiyo keys list | rotate | age`. */
export const keysNoun: Noun = (program, run) => {
  const noun = program.command('keys').description('signing keys: which there are, how old they are, the next one');
  withCommonOptions(noun.command('list'))
    .description('every key of the ring, its state and its dates; never a secret')
    .option('--folder <folder>', 'the key folder; default: that of the configuration')
    .action(async (_options: unknown, command: Command) =>
      run(command, (context) => list(context, command.opts<{ folder?: string }>().folder)),
    );
  withCommonOptions(noun.command('age'))
    .description('how old each key is and how long it lasts; exit code 3 when the ring needs an operator')
    .option('--folder <folder>', 'the key folder; default: that of the configuration')
    .option('--notice-days <days>', 'a key must have a successor so many days before its end', NOTICE_DAYS)
    .action(async (_options: unknown, command: Command) =>
      run(command, (context) => age(context, command.opts<{ folder?: string; noticeDays: string }>())),
    );
  withCommonOptions(noun.command('rotate'))
    .description('the next step to a new key: stage one, or promote the staged one')
    .option('--folder <folder>', 'the key folder; default: that of the configuration')
    .option('--promote <id>', 'make this staged key the one that signs, and retire the present one')
    .option('--id <id>', 'name of the new key; default: tamiyo- and the time')
    .option('--algorithm <name>', 'ed25519 or hmac-sha256; default: that of the current key, else ed25519')
    .option('--valid-days <days>', 'how long the new key may be used', '180')
    .option('--overlap-seconds <seconds>', 'how long the retired key still verifies, at least 65', '600')
    .addHelpText('after', ROTATE_HELP)
    .action(async (_options: unknown, command: Command) =>
      run(command, (context) => rotateKeys(context, command.opts())),
    );
};

const ROTATE_HELP = `
So that no good command is refused:
  1. tamiyo keys rotate                   stages a key: it verifies, and does not sign yet
  2. load the ring again everywhere       every consumer must know the key before the first command it signs
  3. tamiyo keys rotate --promote ID      it signs from now on; the old one verifies until the overlap is over
  4. load the ring again at the issuer    consumers may follow within the overlap
The first key of a folder signs at once.`;

interface RingSeen {
  readonly source: string;
  readonly ages: readonly KeyAge[];
  /** False for a secret from the environment: nobody says when it was made. */
  readonly isDated: boolean;
}

async function seeRing(context: CommandContext, given: string | undefined): Promise<RingSeen> {
  const { values } = await loadConfig(context);
  const folder = given ?? values['seal.keyFolder'];
  const ring = await openKeys({ folder, environment: context.environment });
  const ages = ring.ages(systemClock.wallMs());
  return { source: folder === '' ? 'environment' : folder, ages, isDated: folder !== '' };
}

async function list(context: CommandContext, folder: string | undefined): Promise<number> {
  const { source, ages, isDated } = await seeRing(context, folder);
  context.output.object({ source, keys: ages.map((key) => shownKey(key, isDated)) });
  context.output.line(`${ages.length} ${ages.length === 1 ? 'key' : 'keys'} from ${source}`);
  for (const key of ages) printKey(context.output, key, isDated);
  return EXIT.ok;
}

async function age(
  context: CommandContext,
  options: { readonly folder?: string; readonly noticeDays: string },
): Promise<number> {
  const noticeMs = wholeNumber('--notice-days', options.noticeDays, { least: 0, most: 36_500 }) * DAY_MS;
  const { source, ages, isDated } = await seeRing(context, options.folder);
  const concerns = keyConcerns(ages, noticeMs);
  context.output.object({ source, keys: ages.map((key) => shownKey(key, isDated)), concerns });
  for (const key of ages) {
    const since = isDated ? `${spanText(key.ageMs)} old` : 'age unknown';
    context.output.line(`${key.keyId.padEnd(28)} ${key.state.padEnd(8)} ${since}, ${endText(key, isDated)}`);
  }
  for (const concern of concerns) context.output.note(context.output.style('yellow', concernText(concern)));
  return concerns.length === 0 ? EXIT.ok : EXIT.unsafe;
}

const shownKey = (key: KeyAge, isDated: boolean): object =>
  isDated ? key : { ...key, ageMs: null, expiresInMs: null };

function printKey(output: Output, key: KeyAge, isDated: boolean): void {
  const uses = key.signs && key.valid ? 'signs and verifies' : key.valid ? 'verifies' : 'not valid now';
  output.line(
    `  ${key.keyId.padEnd(28)} ${key.algorithm.padEnd(12)} ${key.state.padEnd(8)} ${uses}, ${endText(key, isDated)}`,
  );
}

function endText(key: KeyAge, isDated: boolean): string {
  if (!isDated) return 'no end';
  return key.expiresInMs < 0 ? `ran out ${spanText(-key.expiresInMs)} ago` : `${spanText(key.expiresInMs)} left`;
}

/** A span of time in the two largest units that matter. */
export function spanText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days > 0) return hours > 0 && days < 10 ? `${days} d ${hours} h` : `${days} d`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.floor(ms / 1000)} s`;
}

function concernText({ kind, keyId }: KeyConcern): string {
  switch (kind) {
    case 'no_signing_key':
      return 'no key can sign: nothing can be sealed. Next: tamiyo keys rotate';
    case 'not_valid':
      return `${keyId} is current but outside its dates. Next: tamiyo keys rotate`;
    case 'runs_out_soon':
      return `${keyId} runs out soon and nothing signs after it. Next: tamiyo keys rotate`;
  }
}
