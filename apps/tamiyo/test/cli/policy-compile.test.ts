import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_DIMS, initWeights, parseActionPrior, weightShapes, writeSafetensors } from '@esper/policy';
import { tempFolder } from '@esper/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { policyNoun } from '../../src/cli/policy.js';
import { runNoun } from '../support/run-noun.js';

let folder = '';
let remove = async (): Promise<void> => undefined;
let checkpoint = '';

beforeEach(async () => {
  const temporary = await tempFolder('cli-compile-');
  remove = temporary.remove;
  folder = temporary.path;
  checkpoint = join(folder, 'policy.safetensors');
  await writeFile(checkpoint, writeSafetensors(small().set));
});
afterEach(() => remove());

const DIMS = { ...DEFAULT_DIMS, sageHiddenWidth: 8, gatHiddenWidth: 4, attentionHeadCount: 2 };

/** What a trainer would export: the state dict of a small network. */
function small() {
  const actionPrior = parseActionPrior('seed=0.2,optimizer=0.5,pause=0.3');
  if (!actionPrior.ok) throw new Error('a prior that sums to 1');
  const weights = initWeights({ dims: DIMS, seed: 3, actionPrior: actionPrior.value });
  if (!weights.ok) throw new Error('sizes that fit');
  return weights.value;
}

const policy = async (...argv: readonly string[]) => {
  const environment = { TAMIYO_DATA_DIR: join(folder, 'data'), ESPER_LEYLINE_SECRET: 's'.repeat(40) };
  const outcome = await runNoun(policyNoun, ['policy', ...argv, '--json'], environment);
  const last = outcome.stdout.trim().split('\n').at(-1) ?? '{}';
  return { code: outcome.code, value: JSON.parse(last) as Record<string, unknown> };
};

describe('tamiyo policy compile', () => {
  it('PB-19: makes a signed bundle of the sizes in the checkpoint, which loads, proves itself and says where it comes from', async () => {
    const out = join(folder, 'bundle');
    const made = await policy('compile', checkpoint, '--id', 'run-41', '--out', out);
    expect(made).toMatchObject({
      code: 0,
      value: { policyId: 'run-41', policyVersion: 1, dims: DIMS, format: 'float32' },
    });
    const seen = await policy('inspect', '--bundle', out);
    expect(seen).toMatchObject({
      code: 0,
      value: {
        digest: made.value['digest'],
        goldenCases: 2,
        manifest: { actionChoice: 'argmax', origin: { kind: 'trained', source: made.value['source'] } },
      },
    });
    expect(made.value['source']).toMatch(/^policy\.safetensors sha256:[0-9a-f]{64}$/);
  });

  it('int8 is smaller and states its error; the slow form is written beside it when asked for', async () => {
    const exact = await policy(
      'compile',
      checkpoint,
      '--out',
      join(folder, 'a'),
      '--op-by-op',
      join(folder, 'slow.onnx'),
    );
    const rounded = await policy('compile', checkpoint, '--out', join(folder, 'b'), '--weights', 'int8');
    expect(rounded.code).toBe(0);
    expect(exact.value['error']).toBeUndefined();
    expect(rounded.value['error']).toMatchObject({ graphs: 100 });
    const { relativeRms, agreementRate } = rounded.value['error'] as Record<string, number>;
    expect(relativeRms).toBeGreaterThan(0);
    expect(relativeRms).toBeLessThan(0.2);
    expect(agreementRate).toBeGreaterThan(0.8);
    expect((await readFile(join(folder, 'slow.onnx'))).byteLength).toBeGreaterThan(exact.value['modelBytes'] as number);
  });

  it('P-D40: refuses a pickle, a missing tensor and a stranger by name, and writes nothing', async () => {
    const { set } = small();
    const [name = ''] = weightShapes(DIMS).keys();
    const without = new Map([...set.tensors].filter(([tensor]) => tensor !== '_value_head.bias'));
    const more = new Map([...set.tensors, ['_dropout.mask', { shape: [1], data: new Float32Array(1) }]]);
    const cases: readonly [Uint8Array, string][] = [
      [Uint8Array.from([0x80, 0x02, 0x7d, 0x71, 0x00, 0x2e, 0, 0, 0]), 'safetensors_'],
      [writeSafetensors({ ...set, tensors: without }), '_value_head.bias'],
      [writeSafetensors({ ...set, tensors: more }), '_dropout.mask'],
      [
        writeSafetensors({ ...set, tensors: new Map([[name, { shape: [1], data: new Float32Array(1) }]]) }),
        'network_dims_invalid',
      ],
    ];
    for (const [bytes, reason] of cases) {
      await writeFile(checkpoint, bytes);
      const refused = await policy('compile', checkpoint, '--out', join(folder, 'none'));
      expect(refused.code).not.toBe(0);
      expect(refused.value).toMatchObject({ error: { code: 'CHECKPOINT_REFUSED' } });
      expect(JSON.stringify(refused.value)).toContain(reason);
    }
    expect((await policy('inspect', '--bundle', join(folder, 'none'))).value).toMatchObject({
      error: { code: 'POLICY_MISSING' },
    });
  });

  it('refuses a format it does not know, and a file that is not there', async () => {
    expect((await policy('compile', checkpoint, '--weights', 'int4')).value).toMatchObject({
      error: { code: 'OPTION_INVALID' },
    });
    expect((await policy('compile', join(folder, 'absent'))).value).toMatchObject({
      error: { code: 'CHECKPOINT_REFUSED' },
    });
  });
});
