import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleFolder } from '@esper/registry/node';
import { makeDemoPolicy } from '@esper/tamiyo';
import { assertion, type ScenarioOutcome } from '../core/outcome.js';
import type { MarkPoint } from '../core/recording.js';
import { driveRun } from '../drive/drive-run.js';
import { runKpis } from '../drive/run-kpis.js';
import { alwaysPromised, type Watched, withHost } from '../drive/with-host.js';
import type { Scenario, ScenarioRequest } from './scenario.js';

const RUN = 'policy-swap';
const WISH = { who: 'scenario', why: 'swap under load', shadowDecisions: 3, acceptLooserMax: 1_000 } as const;

/** A bundle made with the tables of now; one byte of its model flipped when it is to be refused. */
async function bundleAt(at: Watched, version: number, broken: boolean): Promise<string> {
  const folder = join(at.dataDir, `bundle-${version}`);
  await makeDemoPolicy(at.dataDir, { folder, seed: 7 + version, policyVersion: version, keys: at.files.keys });
  if (broken) await flipByte(join(folder, 'policy.onnx'));
  return folder;
}

async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] as number) ^ 1;
  await writeFile(path, bytes);
}

interface Swap {
  readonly version: number;
  readonly code: string;
}

async function swap(at: Watched, version: number, broken: boolean): Promise<Swap> {
  const outcome = await at.host.policies.update(bundleFolder(await bundleAt(at, version, broken)), WISH);
  return { version, code: outcome.ok ? 'applied' : outcome.error.code };
}

const marksOf = (offeredAt: number, swappedAt: number, swaps: readonly Swap[]): readonly MarkPoint[] => [
  { step: 5, name: 'broken bundle offered', detail: swaps[0]?.code ?? '' },
  { step: offeredAt, name: 'good bundle offered', detail: swaps[1]?.code ?? '' },
  { step: swappedAt, name: 'policy swapped', detail: '' },
];

async function run(request: ScenarioRequest): Promise<ScenarioOutcome> {
  const { steps, seed, sabotaged } = request;
  const third = Math.floor(steps / 3);
  const pending: Promise<Swap>[] = [];
  const digests: string[] = [];
  const seen = await withHost(request, async (at) => {
    const found = await driveRun(at, {
      trainingRunId: RUN,
      seed,
      steps,
      beforeDecision: (step) => {
        const policy = at.host.policies.inForce();
        digests.push(policy.ok ? policy.value.digest : 'none');
        if (step === 5) pending.push(swap(at, 2, !sabotaged));
        if (step === third) pending.push(swap(at, 3, false));
      },
      onStep: (step) => request.progress(step, steps),
    });
    return { found, swaps: await Promise.all(pending) };
  });
  const { found, swaps } = seen.found;
  const changes = digests.filter((digest, at) => at > 0 && digest !== digests[at - 1]).length;
  const swappedAt = digests.findIndex((digest) => digest !== digests[0]) + 1;
  return {
    assertions: [
      assertion(
        'a bundle with one flipped byte is refused',
        swaps[0]?.code !== 'applied',
        swaps[0]?.code ?? 'not tried',
      ),
      assertion(
        'a good one is tried in shadow and swapped in',
        swaps[1]?.code === 'applied',
        swaps[1]?.code ?? 'not tried',
      ),
      assertion('the policy changed once, between two decisions', changes === 1, `${changes} changes`),
      assertion(
        'every step was decided throughout',
        found.commands.length === steps,
        `${found.commands.length} of ${steps}`,
      ),
      assertion(
        'the update was told as telemetry',
        seen.watch.seen('policy_update_applied') > 0,
        seen.watch.seen('policy_update_applied'),
      ),
      ...alwaysPromised([found], seen),
    ],
    kpis: { ...seen.hostKpis, ...runKpis([found], seen.seconds) },
    recordings: [
      {
        ...found.recorder.recording,
        samples: seen.samples,
        marks: marksOf(third, swappedAt, swaps),
      },
    ],
    extra: { swaps, changes },
  };
}

export const policySwap: Scenario = {
  about:
    'A new policy is offered to a host under load, a damaged one before it: the damaged one is refused, the good one tried in shadow and swapped in between two decisions.',
  sabotage: 'The first bundle is not damaged, so that nothing is refused.',
  steps: { short: 90, usual: 240 },
  run,
};
