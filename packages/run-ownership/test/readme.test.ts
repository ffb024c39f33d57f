import { runReadmeExample } from '@esper/testkit';
import { expect, it } from 'vitest';

it('the example in the README runs as printed', async () => {
  const { exitCode, stdout, stderr } = await runReadmeExample(new URL('..', import.meta.url));
  expect(stderr).toBe('');
  expect(stdout).toBe('granted held\naccepted\nanswered\n');
  expect(exitCode).toBe(0);
});
