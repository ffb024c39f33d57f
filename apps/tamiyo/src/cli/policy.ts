import { join } from 'node:path';
import { createBytesSigner } from '@esper/command-verifier';
import { parseActionPrior } from '@esper/policy';
import { systemClock } from '@esper/std/node';
import type { Command } from 'commander';
import { openKeys } from '../adapters/keys.js';
import { initPolicyBundle, openPolicyBundle } from '../adapters/policy-bundle.js';
import { TamiyoError } from '../errors.js';
import { loadConfig } from './load-config.js';
import { EXIT } from './output.js';
import { type CommandContext, type Noun, withCommonOptions } from './program.js';

const DEFAULT_PRIOR = 'seed=0.1,optimizer=0.3,pause=0.6';

/** `tamiyo policy init | inspect`. */
export const policyNoun: Noun = (program, run) => {
  const noun = program.command('policy').description('policy bundles: make an untrained one, look at one');
  withCommonOptions(noun.command('init'))
    .description('make an untrained, structurally complete policy bundle, signed with the current key')
    .option('--seed <number>', 'seed of its weights, 0 to 4294967295', '1')
    .option('--action-prior <mix>', 'what it proposes: probabilities that sum to 1', DEFAULT_PRIOR)
    .option('--out <folder>', 'where to write it; default: the policy folder of the configuration')
    .addHelpText(
      'after',
      '\nExamples:\n  tamiyo policy init --seed 1 --action-prior seed=0.2,optimizer=0.5,pause=0.3\n',
    )
    .action(async (_options: unknown, command: Command) =>
      run(command, (context) => init(context, command.opts<{ seed: string; actionPrior: string; out?: string }>())),
    );
  withCommonOptions(noun.command('inspect'))
    .description('verify the bundle, load it, recompute its golden decisions, and say what it is')
    .option('--bundle <folder>', 'the bundle; default: the policy folder of the configuration')
    .action(async (_options: unknown, command: Command) =>
      run(command, (context) => inspect(context, command.opts<{ bundle?: string }>().bundle)),
    );
};

async function opened(context: CommandContext, folder: string | undefined) {
  const { values } = await loadConfig(context);
  const keyRing = await openKeys({ folder: values['seal.keyFolder'], environment: context.environment });
  const fallback = values.policyDir === '' ? join(values.dataDir, 'policy') : values.policyDir;
  return { folder: folder ?? fallback, signer: createBytesSigner({ keyRing, clock: systemClock }) };
}

async function init(
  context: CommandContext,
  options: { readonly seed: string; readonly actionPrior: string; readonly out?: string },
): Promise<number> {
  const seed = Number(options.seed);
  if (!Number.isInteger(seed) || seed !== seed >>> 0)
    throw new TamiyoError('CONFIG_INVALID', `--seed takes a whole number from 0 to 4294967295, got ${options.seed}`);
  const actionPrior = parseActionPrior(options.actionPrior);
  if (!actionPrior.ok) throw new TamiyoError('CONFIG_INVALID', `--action-prior: ${actionPrior.error.reason}`);
  const { folder, signer } = await opened(context, options.out);
  const digest = await initPolicyBundle({ folder, seed, actionPrior: actionPrior.value, signer, clock: systemClock });
  context.output.object({ folder, digest, seed, actionPrior: actionPrior.value, untrained: true });
  context.output.line(`untrained policy written to ${folder}`);
  context.output.line(`digest ${digest}`);
  context.output.line(`proposes a draw from: ${options.actionPrior}`);
  return EXIT.ok;
}

async function inspect(context: CommandContext, bundle: string | undefined): Promise<number> {
  const { folder, signer } = await opened(context, bundle);
  const policy = await openPolicyBundle({ folder, signer, host: 'thread', standbyCount: 0, blend: {} });
  try {
    const { manifest, digest } = policy.bundle;
    context.output.object({ folder, digest, manifest, goldenCases: policy.goldenCases });
    const rows = {
      folder,
      digest,
      architecture: manifest.architecture,
      version: manifest.policyVersion,
      origin: JSON.stringify(manifest.origin),
      golden: `${policy.goldenCases} cases recomputed`,
    };
    for (const [name, value] of Object.entries(rows)) context.output.line(`${name.padEnd(14)} ${value}`);
    return EXIT.ok;
  } finally {
    await policy.host.close();
  }
}
