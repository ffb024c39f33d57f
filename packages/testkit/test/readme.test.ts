import { expect, it } from 'vitest';
import { runReadmeExample } from '../src/index.js';

it('the example in the README runs as printed', async () => {
  const { exitCode, stdout } = await runReadmeExample(new URL('..', import.meta.url));
  expect(stdout).toBe('deadline at 250\nrun-1-step-42\n');
  expect(exitCode).toBe(0);
});
