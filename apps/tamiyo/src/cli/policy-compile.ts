import { writeFile } from 'node:fs/promises';
import { createBytesSigner } from '@esper/command-verifier';
import { compileOpByOp } from '@esper/policy';
import { readNameTables, readPolicyHistory } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import type { Command } from 'commander';
import { type Checkpoint, compileCheckpoint, openCheckpoint } from '../adapters/checkpoint-bundle.js';
import { openKeys } from '../adapters/keys.js';
import { bundleFolderOf, storeFolderOf, tablesFolderOf } from '../adapters/policy-store-open.js';
import { TamiyoError } from '../errors.js';
import { loadConfig } from './load-config.js';
import { EXIT } from './output.js';
import { policyVersionOf } from './policy-version.js';
import { type CommandContext, withCommonOptions } from './program.js';

export interface CompileOptions {
  readonly id?: string;
  readonly policyVersion?: string;
  readonly weights: string;
  readonly opByOp?: string;
  readonly out?: string;
}

/** The verb without its body. */
export const compileVerb = (noun: Command): Command =>
  withCommonOptions(noun.command('compile <checkpoint>'))
    .description('compile a checkpoint (safetensors, never pickle) into a policy bundle, signed with the current key')
    .option('--id <name>', 'name of the policy; default: from the digest of the checkpoint')
    .option('--policy-version <number>', 'version; default: one above every version that was in force')
    .option('--weights <format>', 'float32, or int8: smaller and faster, with an error that is measured', 'float32')
    .option('--op-by-op <file>', 'also write the slow ONNX form for checking, relation by relation')
    .option('--out <folder>', 'where to write the bundle; default: the policy folder of the configuration')
    .addHelpText('after', COMPILE_HELP);

const COMPILE_HELP = `
The names of the tensors are those of the PyTorch module's state dict (docs/formats/policy-weights-v1.md). In Python:
  safetensors.torch.save_file(model.state_dict(), "policy.safetensors")

Examples:
  tamiyo policy compile policy.safetensors --id run-41 --out ./candidate
  tamiyo policy compile policy.safetensors --weights int8 --out ./candidate-int8`;

/** `tamiyo policy compile`: the bundle is not in force; promote it. */
export async function compilePolicy(
  context: CommandContext,
  options: CompileOptions,
  file: string | undefined,
): Promise<number> {
  if (file === undefined) throw new TamiyoError('OPTION_INVALID', 'give the checkpoint to compile');
  const { weights: format } = options;
  if (format !== 'float32' && format !== 'int8')
    throw new TamiyoError('OPTION_INVALID', `--weights takes float32 or int8, got ${format}`);
  const config = await loadConfig(context);
  const keyRing = await openKeys({ folder: config.values['seal.keyFolder'], environment: context.environment });
  const checkpoint = await openCheckpoint(file);
  const { state } = await readPolicyHistory(storeFolderOf(config));
  const policyVersion = policyVersionOf(options.policyVersion, state);
  const folder = options.out ?? bundleFolderOf(config);
  const policyId = options.id ?? `checkpoint-${checkpoint.source.slice(-64, -52)}`;
  const made = await compileCheckpoint({
    folder,
    checkpoint,
    policyId,
    policyVersion,
    format,
    tables: await readNameTables(tablesFolderOf(config)),
    signer: createBytesSigner({ keyRing, clock: systemClock }),
    clock: systemClock,
  });
  if (options.opByOp !== undefined) await writeOpByOp(options.opByOp, checkpoint);
  const { source, weights } = checkpoint;
  context.output.object({ folder, policyId, policyVersion, source, format, dims: weights.dims, ...made });
  const rows = {
    policy: `${policyId}, version ${policyVersion}, ${format}, ${made.modelBytes} bytes`,
    folder,
    digest: made.digest,
    from: source,
    ...(made.error === undefined ? {} : { error: errorText(made.error) }),
  };
  for (const [name, value] of Object.entries(rows)) context.output.line(`${name.padEnd(8)} ${value}`);
  return EXIT.ok;
}

async function writeOpByOp(file: string, { weights }: Checkpoint): Promise<void> {
  const model = compileOpByOp(weights);
  if (!model.ok) throw new TamiyoError('CHECKPOINT_REFUSED', JSON.stringify(model.error));
  await writeFile(file, model.value);
}

const errorText = (error: { graphs: number; relativeRms: number; choices: number; agreementRate: number }): string =>
  `relative RMS ${error.relativeRms.toFixed(4)}, chooses alike in ${(100 * error.agreementRate).toFixed(1)} % of ` +
  `${error.choices} clear choices on ${error.graphs} graphs`;
