import { createBytesSigner } from '@esper/command-verifier';
import { systemClock } from '@esper/std/node';
import { openKeys } from '../adapters/keys.js';
import { verifiedBundle } from '../adapters/policy-bundle.js';
import { openRuntime, proveRuntime } from '../adapters/policy-runtime.js';
import { bundleFolderOf } from '../adapters/policy-store-open.js';
import { loadConfig } from './load-config.js';
import { EXIT } from './output.js';
import type { CommandContext } from './program.js';
import { asError } from './registry-exit.js';

/** `tamiyo policy inspect`: everything but the name tables, the model included. */
export async function inspectPolicy(context: CommandContext, options: { readonly bundle?: string }): Promise<number> {
  const config = await loadConfig(context);
  const keyRing = await openKeys({ folder: config.values['seal.keyFolder'], environment: context.environment });
  const folder = options.bundle ?? bundleFolderOf(config);
  const bundle = await verifiedBundle(folder, createBytesSigner({ keyRing, clock: systemClock }));
  const runtime = await openRuntime(bundle, { host: 'thread', standbyCount: 0, blend: {} });
  try {
    const proven = await proveRuntime(runtime);
    if (!proven.ok) throw asError(proven.error);
    const { manifest, digest } = bundle;
    context.output.object({ folder, digest, manifest, goldenCases: proven.value });
    const rows = {
      folder,
      digest,
      architecture: manifest.architecture,
      version: manifest.policyVersion,
      origin: JSON.stringify(manifest.origin),
      golden: `${proven.value} cases recomputed`,
    };
    for (const [name, value] of Object.entries(rows)) context.output.line(`${name.padEnd(14)} ${value}`);
    return EXIT.ok;
  } finally {
    await runtime.host.close();
  }
}
