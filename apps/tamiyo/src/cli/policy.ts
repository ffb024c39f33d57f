import type { Command } from 'commander';
import { promotePolicy, rollBack, stagePolicy } from './policy-change.js';
import { compilePolicy, compileVerb } from './policy-compile.js';
import { showHistory } from './policy-history.js';
import { DEFAULT_PRIOR, initPolicy } from './policy-init.js';
import { inspectPolicy } from './policy-inspect.js';
import { verifyPolicy } from './policy-verify.js';
import type { CommandContext, Noun, RunCommand } from './program.js';
import { withCommonOptions } from './program.js';
import { withRegistryExit } from './registry-exit.js';

const BUNDLE = '--bundle <folder>';
const BUNDLE_HELP = 'the bundle; default: the policy folder of the configuration';

/** A verb whose body gets its options, with the exit codes of the registry. */
function verb<T>(
  run: RunCommand,
  command: Command,
  body: (context: CommandContext, options: T, argument: string | undefined) => Promise<number>,
): void {
  command.action(async (...given: unknown[]) => {
    const argument = typeof given[0] === 'string' ? given[0] : undefined;
    await run(command, (context) =>
      withRegistryExit(context, () => body(context, command.opts<T & object>(), argument)),
    );
  });
}

const changing = (command: Command): Command =>
  withCommonOptions(command)
    .option('--why <text>', 'why, for the history')
    .option('--who <name>', 'who, for the history; default: the user')
    .option('--url <url>', 'ask the running host that answers here; default with --token-file: the configuration')
    .option(
      '--token-file <file>',
      'the token it is asked with; default with --url: the operator token of the data folder',
    );

/** `tamiyo policy init | compile | inspect | verify | stage | promote | rollback | history`. */
export const policyNoun: Noun = (program, run) => {
  const noun = program.command('policy').description('policy bundles: make one, check one, put one in force, go back');
  lookingVerbs(noun, run);
  changingVerbs(noun, run);
};

function lookingVerbs(noun: Command, run: RunCommand): void {
  const init = withCommonOptions(noun.command('init'))
    .description('make an untrained, structurally complete policy bundle, signed with the current key')
    .option('--seed <number>', 'seed of its weights, 0 to 4294967295', '1')
    .option('--action-prior <mix>', 'what it proposes: probabilities that sum to 1', DEFAULT_PRIOR)
    .option('--policy-version <number>', 'version; default: one above every version that was in force')
    .option('--valid-days <days>', 'days until it expires and becomes a risk signal; default: never')
    .option('--out <folder>', 'where to write it; default: the policy folder of the configuration')
    .addHelpText(
      'after',
      '\nExamples:\n  tamiyo policy init --seed 1 --action-prior seed=0.2,optimizer=0.5,pause=0.3\n',
    );
  verb(run, init, initPolicy);
  verb(run, compileVerb(noun), compilePolicy);
  const inspect = withCommonOptions(noun.command('inspect'))
    .description('verify the bundle, load it, recompute its golden decisions, and say what it is')
    .option(BUNDLE, BUNDLE_HELP);
  verb(run, inspect, inspectPolicy);
  const verify = withCommonOptions(noun.command('verify'))
    .description('check every byte, the signature and the name tables, without loading the model; exit code 4: refused')
    .option(BUNDLE, BUNDLE_HELP)
    .option('--oms <file>', 'an OpenSSF model signature that must cover exactly the files of the bundle')
    .option('--oms-key <pem>', 'the public key it must be signed with')
    .option('--oms-root <pem>', 'the root certificate its signer must lead to')
    .addHelpText(
      'after',
      '\nExamples:\n  tamiyo policy verify --bundle ./policy\n  tamiyo policy verify --oms model.sig --oms-key maker.pem\n',
    );
  verb(run, verify, verifyPolicy);
  const history = withCommonOptions(noun.command('history'))
    .description('what was done with policies, by whom and why; every link of the chain is checked. Reads only')
    .option('--last <count>', 'show only the last so many entries');
  verb(run, history, showHistory);
}

function changingVerbs(noun: Command, run: RunCommand): void {
  const stage = changing(noun.command('stage'))
    .description('verify a bundle and keep it in the store, to be promoted later')
    .option(BUNDLE, BUNDLE_HELP);
  verb(run, stage, stagePolicy);
  const promote = changing(noun.command('promote [digest]'))
    .description('take a staged policy, or a bundle, through every gate and put it in force')
    .option(BUNDLE, 'a bundle that is not staged yet')
    .option('--accept-looser <count>', 'looser decisions in shadow that you answer for', '0')
    .option('--shadow-decisions <count>', 'live decisions to compare first; default: the configuration')
    .option('--downgrade', 'sign with the current key that an older version may come back')
    .addHelpText('after', PROMOTE_HELP);
  verb(run, promote, promotePolicy);
  const rollback = changing(noun.command('rollback')).description(
    'go back to the last known good policy; the present one is rejected',
  );
  verb(run, rollback, rollBack);
}

const PROMOTE_HELP = `
With --url or --token-file a running host is asked: the candidate also sees live packets in shadow, is in force for the
next packet, and a health gate watches its first decisions. A running host takes updates from the stream oona.policy as
well. Without them, for a data folder that no host runs on: signature, digests, name tables, loading, golden decisions
and latency are checked, and the policy is in force at the next start.

Examples:
  tamiyo policy stage --bundle ./candidate --why "run 41"
  tamiyo policy promote 3f2a --why "run 41: 2 % better" --who ada
  tamiyo policy promote --bundle ./candidate --why "run 41" --accept-looser 3
  tamiyo policy promote 3f2a --why "run 41" --url http://127.0.0.1:8690 --token-file var/tamiyo/tokens/operator`;
