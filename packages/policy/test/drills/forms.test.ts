import { describe, expect, it } from 'vitest';
import { FORM_SABOTAGES } from '../network/form-sabotages.js';
import { runFormsDrill } from './forms-drill.js';

/** The first graphs of `pnpm policy:forms`. */
const plan = (count: number, int8Count: number) => ({
  slowForm: int8Count > 0,
  seed: 1,
  count,
  goOn: () => true,
  int8Count: () => int8Count,
});

describe('policy:forms, short', () => {
  it('the forms agree with the plain forward pass, and choose alike', async () => {
    const { json, failures } = await runFormsDrill(plan(40, 2));
    expect(failures).toEqual([]);
    expect(json).toMatchObject({ missingSets: 1, refusedBeyondLimit: 1, int8: { graphs: 2 } });
    expect(json['graphs']).toBe(45);
  });

  it.each(Object.keys(FORM_SABOTAGES))('notices %s', async (name) => {
    const { failures } = await runFormsDrill(plan(12, 0), name);
    expect(failures).not.toEqual([]);
  });
});
