import { expect, it } from 'vitest';
// By path: the testkit depends on this package, so this package cannot depend on the testkit.
import { runReadmeExample } from '../../testkit/src/readme-example.js';

it('the example in the README runs as printed', async () => {
  const { exitCode, stdout } = await runReadmeExample(new URL('..', import.meta.url));
  expect(stdout).toBe(
    '{"metrics":{"alpha":0.25},"seedId":"seed-1","stage":"BLENDING"}\nLEYLINE_TRUNCATED byte 9 another value the end\n',
  );
  expect(exitCode).toBe(0);
});
