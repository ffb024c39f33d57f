import { compiledInputs, compiledOutputs, DEFAULT_DIMS, PROTOTYPE_DIMS } from '@esper/policy';
import { describe, expect, it } from 'vitest';
import {
  checkGoldenCases,
  goldenLatencyMs,
  readGoldenCases,
  recordGoldenCases,
} from '../../src/adapters/golden-cases.js';
import { checkShape } from '../../src/adapters/policy-runtime.js';
import { FakeInference } from '../support/fake-inference.js';

const INFO = {
  inputNames: compiledInputs(DEFAULT_DIMS).map(({ name }) => name),
  outputNames: compiledOutputs(DEFAULT_DIMS).map(({ name }) => name),
};

async function recorded() {
  const bytes = await recordGoldenCases(new FakeInference(), DEFAULT_DIMS);
  const cases = readGoldenCases(bytes);
  if (!cases.ok) throw new Error(cases.error.message);
  return { bytes, text: new TextDecoder().decode(bytes), cases: cases.value };
}

describe('golden cases', () => {
  it('what was recorded is met by the same network, and one other number is named', async () => {
    const { cases } = await recorded();
    const inference = new FakeInference();
    expect(await checkGoldenCases(inference, cases)).toEqual({ ok: true, value: 2 });
    inference.answer = { action: 3 };
    expect(await checkGoldenCases(inference, cases)).toMatchObject({
      error: {
        code: 'POLICY_GOLDEN_MISMATCH',
        message: expect.stringMatching(/seeds-1 is not met: heads\[0\] is 0, recorded 5/),
      },
    });
    inference.hanging = true;
    expect(await checkGoldenCases(inference, cases)).toMatchObject({
      error: { message: expect.stringContaining('not answered') },
    });
    await expect(goldenLatencyMs(inference, cases)).rejects.toThrow('a run failed');
  });

  it.each([
    ['no cases at all', () => '{"format":1,"cases":[]}'],
    ['another format', (text: string) => text.replace('"format":1', '"format":2')],
    ['no JSON', (text: string) => text.slice(0, -10)],
    [
      'a fraction for a whole number',
      (text: string) => text.replace(/("type":"int64","dims":\[\d+\],"data":\[)"/, '$1"0.5","'),
    ],
    ['a text for a number', (text: string) => text.replace(/("type":"float32","dims":\[[\d,]+\],"data":\[)/, '$1"1",')],
    ['a field more', (text: string) => text.replace('"format":1', '"format":1,"more":1')],
  ])('a golden file with %s is refused', async (_what, spoil) => {
    const { text } = await recorded();
    const spoiled = spoil(text);
    expect(spoiled).not.toBe(text);
    expect(readGoldenCases(new TextEncoder().encode(spoiled))).toMatchObject({
      error: { code: 'POLICY_GOLDEN_MISMATCH' },
    });
  });
});

describe('the shape of a model', () => {
  it('fits when inputs and outputs are those of the sizes that the manifest states', async () => {
    expect(checkShape(INFO, DEFAULT_DIMS, (await recorded()).cases)).toEqual({ ok: true, value: true });
  });

  it('RG-13: missing and misshaped inputs and outputs are all listed', async () => {
    const { cases } = await recorded();
    const fewer = { ...INFO, inputNames: INFO.inputNames.filter((name) => name !== 'x_seed' && name !== 'sage_adj') };
    expect(checkShape(fewer, DEFAULT_DIMS, cases)).toMatchObject({
      error: { code: 'POLICY_SHAPE_MISMATCH', message: 'missing=[x_seed, sage_adj], mismatched=[]' },
    });
    const other = checkShape(INFO, { ...PROTOTYPE_DIMS, seedInputWidth: 15, policyClassCount: 33 }, cases);
    expect(other.ok ? '' : other.error.message).toMatch(
      /missing=\[\], mismatched=\[x_seed \[1,14\] for \[n_seed,15\], heads /,
    );
  });
});
