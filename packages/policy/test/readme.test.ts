import { runReadmeExample } from '@esper/testkit';
import { expect, it } from 'vitest';

it('the example of the README runs', async () => {
  const run = await runReadmeExample(new URL('../', import.meta.url));
  expect(run, run.stderr).toMatchObject({ exitCode: 0, stdout: '1 11\n' });
}, 120_000);
