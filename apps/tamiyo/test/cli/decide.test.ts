import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@esper/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideNoun } from '../../src/cli/decide.js';
import { explainNoun } from '../../src/cli/explain.js';
import { runNoun } from '../support/run-noun.js';

const EXAMPLE = fileURLToPath(new URL('../../../../examples/packet.json', import.meta.url));
const ENVIRONMENT = { ESPER_LEYLINE_SECRET: 'a secret of at least thirty-two bytes, for tests' };
// What is tested is one decision, not how fast a busy machine is.
const SETTINGS = { 'inference.host': 'thread', 'deadlines.inferenceMs': '30000', 'deadlines.decisionMs': '60000' };

let folder = { path: '', remove: async (): Promise<void> => undefined };
beforeAll(async () => {
  folder = await tempFolder('cli-decide-');
});
afterAll(() => folder.remove());

const decide = (path: string, ...argv: readonly string[]) =>
  runNoun(decideNoun, ['decide', path, '--data', join(folder.path, 'data'), ...argv], ENVIRONMENT, undefined, SETTINGS);

describe('tamiyo decide', () => {
  it('on a first start makes what is missing, gives one recorded command, and explains it in a line', async () => {
    const out = join(folder.path, 'command.bin');
    const first = await decide(EXAMPLE, '--init', '--json', '--out', out);
    expect(first.code, first.stderr).toBe(0);
    const answer = JSON.parse(first.stdout) as Record<string, unknown>;
    expect(answer).toMatchObject({ trainingRunId: 'example', sequence: 1, repeated: false });
    expect(answer['explanation']).toMatch(/^(OPTIMIZER|PAUSE) (as proposed: nobody objected|.*found .* [<>=]+ )/);
    expect((await readFile(out)).toString('base64')).toBe(answer['envelope']);
    const told = await runNoun(explainNoun, ['explain', 'last', '--data', join(folder.path, 'data'), '--json']);
    expect(JSON.parse(told.stdout)).toMatchObject({ record: { decisionId: answer['decisionId'] } });
    // The same packet again is the same command; another one has the next number.
    expect(await decide(EXAMPLE)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('sequence 1, as answered before'),
    });
  });

  it('a packet that is none is an error that says where, and nothing is decided', async () => {
    const broken = join(folder.path, 'broken.json');
    await writeFile(broken, (await readFile(EXAMPLE, 'utf8')).replace('"globalStep": 42', '"globalStep": "42"'));
    const { code, stdout, stderr } = await decide(broken, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'PACKET_INVALID', message: expect.stringContaining('globalStep') },
    });
    expect(stderr).toContain('next: ');
    expect((await decide(join(folder.path, 'nowhere.json'))).stderr).toContain('cannot read');
  });
});
