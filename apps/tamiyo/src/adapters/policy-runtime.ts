import { cpus } from 'node:os';
import {
  type BlendConfig,
  compiledInputs,
  compiledOutputs,
  DEFAULT_GRAPH_LIMITS,
  type NetworkDims,
  type OnnxPort,
  rememberRelations,
  resolveDecodeConfig,
  resolveObserveLimits,
  type TensorMap,
} from '@esper/policy';
import { createProcessHost, createThreadHost, type ObservedInferenceHost } from '@esper/policy/node';
import { GOLDEN_FILE, MODEL_FILE, RegistryError, type RegistryRefusal, type VerifiedBundle } from '@esper/registry';
import { err, ok, type Result } from '@esper/std';
import type { SceneRuntime } from '../records/scene.js';
import type { ActivePolicy } from '../stages/parts.js';
import { checkGoldenCases, type GoldenCase, readGoldenCases } from './golden-cases.js';

/** Where and how a policy runs. */
export interface RuntimeSettings {
  readonly host: 'process' | 'thread';
  readonly standbyCount: number;
  /** How long a run that is overdue may go on before its process is killed, in milliseconds; the package's own default when absent. */
  readonly overdueMsMax?: number;
  /** How long an answer that was ready in time may lie unread, in milliseconds; 0 when absent. */
  readonly unreadMsMax?: number;
  readonly blend: Partial<BlendConfig>;
}

/** A verified bundle in a runtime of its own, warm. It has not yet been tried on its golden cases. */
export interface PolicyRuntime {
  readonly active: ActivePolicy;
  readonly bundle: VerifiedBundle;
  readonly host: ObservedInferenceHost;
  readonly golden: readonly GoldenCase[];
}

/** What the bits of a network depend on, beside the network. */
export const runtimeOf = (runtime: Pick<PolicyRuntime, 'host'> | undefined): SceneRuntime => ({
  inference: runtime?.host.info.runtime ?? 'none',
  node: process.versions.node,
  cpu: `${process.arch} ${cpus()[0]?.model.trim() ?? 'unknown'}`,
});

/** Loads a bundle's model from its verified bytes. Rejects with what does not fit; then nothing is left running. */
export async function openRuntime(bundle: VerifiedBundle, settings: RuntimeSettings): Promise<PolicyRuntime> {
  const model = bundle.files.get(MODEL_FILE);
  if (model === undefined) throw new RegistryError('BUNDLE_MODEL_MISSING', `the bundle names no ${MODEL_FILE}`);
  const golden = readGoldenCases(bundle.files.get(GOLDEN_FILE) ?? new Uint8Array());
  if (!golden.ok) throw new RegistryError(golden.error.code, golden.error.message);
  const modelSha256 = bundle.manifest.files[MODEL_FILE]?.sha256 ?? '';
  const { standbyCount, overdueMsMax, unreadMsMax } = settings;
  const options = {
    model,
    modelSha256,
    standbyCount,
    ...(overdueMsMax === undefined ? {} : { overdueMsMax }),
    ...(unreadMsMax === undefined ? {} : { unreadMsMax }),
  };
  const host = await (settings.host === 'process' ? createProcessHost(options) : createThreadHost(options));
  return { active: activePolicy(bundle, host, settings.blend), bundle, host, golden: golden.value };
}

/** Compares the model with the sizes its manifest states, and recomputes its golden cases; gives their number. */
export async function proveRuntime({ active, host, golden }: PolicyRuntime): Promise<Result<number, RegistryRefusal>> {
  const shape = checkShape(host.info, active.dims, golden);
  return shape.ok ? checkGoldenCases(host, golden) : shape;
}

/** Rejects with the refusal of {@link proveRuntime}, and closes the runtime then. */
export async function provenRuntime(bundle: VerifiedBundle, settings: RuntimeSettings): Promise<PolicyRuntime> {
  const runtime = await openRuntime(bundle, settings);
  const proven = await proveRuntime(runtime);
  if (proven.ok) return runtime;
  await runtime.host.close();
  throw new RegistryError(proven.error.code, proven.error.message);
}

/** Inputs and outputs that are missing, and those whose fixed sizes are not the manifest's, all of them (RG-13). */
export function checkShape(
  info: Pick<ObservedInferenceHost['info'], 'inputNames' | 'outputNames'>,
  dims: NetworkDims,
  golden: readonly GoldenCase[],
): Result<true, RegistryRefusal> {
  const [inputs, outputs] = [compiledInputs(dims), compiledOutputs(dims)];
  const names = new Set([...info.inputNames, ...info.outputNames]);
  const missing = [...inputs, ...outputs].filter(({ name }) => !names.has(name)).map(({ name }) => name);
  const mismatched = golden.flatMap((one) => [...misfits(inputs, one.inputs), ...misfits(outputs, one.outputs)]);
  if (missing.length + mismatched.length === 0) return ok(true);
  const list = (items: readonly string[]): string => `[${[...new Set(items)].slice(0, 24).join(', ')}]`;
  return err({
    code: 'POLICY_SHAPE_MISMATCH',
    message: `missing=${list(missing)}, mismatched=${list(mismatched)}`,
  });
}

/** Ports whose fixed dimensions a tensor does not have; open ones are named, not numbered. */
function misfits(ports: readonly OnnxPort[], tensors: TensorMap): readonly string[] {
  return ports.flatMap(({ name, dims }) => {
    const found = tensors[name]?.dims;
    const fits =
      found?.length === dims.length && dims.every((size, at) => typeof size === 'string' || size === found[at]);
    return fits ? [] : [`${name} ${found === undefined ? 'absent' : `[${found.join(',')}]`} for [${dims.join(',')}]`];
  });
}

function activePolicy(bundle: VerifiedBundle, host: ObservedInferenceHost, blend: Partial<BlendConfig>): ActivePolicy {
  const { manifest, digest } = bundle;
  const dims = manifest.dims as unknown as NetworkDims;
  return {
    host,
    dims,
    observeLimits: resolveObserveLimits({ widths: dims }),
    graphLimits: DEFAULT_GRAPH_LIMITS,
    relations: rememberRelations(),
    decode: resolveDecodeConfig({ bundleDigest: digest, policyVersion: manifest.architecture, dims, blend }),
    digest,
    version: manifest.architecture,
    samplesActions: manifest.actionChoice === 'sampled',
    expired: (atMs) => manifest.expiresAtMs !== undefined && atMs > manifest.expiresAtMs,
  };
}
