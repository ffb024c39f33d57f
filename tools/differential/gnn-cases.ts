import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type GnnVectorRunner, gnnVectorRunners, type LoadModel } from '../../packages/policy/src/testing.ts';
import { ROOT } from '../cli/workspace.ts';
import type { FolderRunner, VectorFolder, VectorOutcome } from './outcome.ts';

/** The part of onnxruntime-node used here. It is a dependency of the policy package, and resolved from there. */
interface Runtime {
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: object,
    ): Promise<{ run(feeds: object): Promise<object>; release(): Promise<void> }>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => unknown;
}

function loader(): LoadModel {
  const runtime = createRequire(join(ROOT, 'packages', 'policy', 'package.json'))('onnxruntime-node') as Runtime;
  return async (model) => {
    const session = await runtime.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
    return {
      async run(feeds) {
        const inputs = Object.entries(feeds).map(([name, { type, data, dims }]) => [
          name,
          new runtime.Tensor(type, data, dims),
        ]);
        return (await session.run(Object.fromEntries(inputs))) as Awaited<
          ReturnType<Awaited<ReturnType<LoadModel>>['run']>
        >;
      },
      release: () => session.release(),
    };
  };
}

type Compared = Awaited<ReturnType<GnnVectorRunner>>[number];

function outcomeOf({ id, form, verdict, rule, detail }: Compared): VectorOutcome {
  if (verdict === 'equal') return { kind: 'equal' };
  if (verdict === 'explained' && rule !== undefined) return { kind: 'explained', deviation: rule };
  return { kind: 'unexplained', detail: `case ${id}, ${form}: ${detail ?? 'no detail'}` };
}

const textOf = (folder: VectorFolder, path: string): string => {
  const bytes = folder.read(path);
  if (bytes === undefined) throw new Error(`${path} is not there`);
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
};

async function compareWeights(
  folder: VectorFolder,
  name: string,
  run: GnnVectorRunner,
): Promise<readonly VectorOutcome[]> {
  const weights = folder.read(`weights-${name}.safetensors`);
  if (weights === undefined) throw new Error(`weights-${name}.safetensors is not there`);
  const config = JSON.parse(textOf(folder, `config-${name}.json`));
  const outcomes: VectorOutcome[] = [];
  for (const line of textOf(folder, `gnn-cases-${name}.jsonl`).split('\n')) {
    if (line.trim() === '') continue;
    outcomes.push(...(await run(JSON.parse(line), weights, config)).map(outcomeOf));
  }
  return outcomes;
}

/** `gnn-cases`: each weights file of the folder with its cases, each case computed in three forms. */
export const runGnnCases: FolderRunner = async (folder) => {
  const names = folder.files.flatMap((file) => /^gnn-cases-(.+)\.jsonl$/.exec(file)?.[1] ?? []);
  const run = gnnVectorRunners(loader())['gnn-cases'];
  const all: VectorOutcome[] = [];
  for (const name of names) all.push(...(await compareWeights(folder, name, run)));
  return all;
};
