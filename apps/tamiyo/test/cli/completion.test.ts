import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { completionNoun } from '../../src/cli/completion.js';
import { configNoun } from '../../src/cli/config.js';
import type { Noun } from '../../src/cli/program.js';
import { serveNoun } from '../../src/cli/serve.js';
import { walNoun } from '../../src/cli/wal.js';
import { runNoun } from '../support/run-noun.js';

const all: Noun = (program, run) => {
  for (const noun of [serveNoun, walNoun, configNoun, completionNoun]) noun(program, run);
};

/** What bash offers for the last of the words, with the script that the command prints. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { code, stdout } = await runNoun(all, ['completion']);
  expect(code).toBe(0);
  const ask = `${stdout}
COMP_WORDS=(tamiyo "$@"); COMP_CWORD=$#; _tamiyo; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-uc', ask, 'bash', ...words], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

describe('tamiyo completion, in a real bash', () => {
  it('offers nouns, verbs and options of the place, whatever stands before it', async () => {
    expect(await offered('')).toEqual(['serve', 'wal', 'config', 'completion', '--help']);
    expect(await offered('w')).toEqual(['wal']);
    expect(await offered('wal', 're')).toEqual(['repair', 'restore']);
    expect(await offered('wal', 'repair', '--')).toEqual(
      expect.arrayContaining(['--mode', '--dry-run', '--json', '--config', '--set', '--help']),
    );
    expect(await offered('wal', 'repair', '--log', './config', '--dry')).toEqual(['--dry-run']);
    expect(await offered('config', 'explain', '--j')).toEqual(['--json']);
  });

  it('offers the choices of an option, and leaves everything else to files', async () => {
    expect(await offered('serve', '--log-level', '')).toEqual(expect.arrayContaining(['info', 'debug', 'silent']));
    expect(await offered('serve', '--log-level', 'de')).toEqual(['debug']);
    expect(await offered('wal', 'import', './field')).toEqual([]);
  });

  it('with --json the script is one object on stdout, and nothing else', async () => {
    const { stdout } = await runNoun(all, ['completion', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ shell: 'bash', script: expect.stringContaining('complete -o default') });
  });
});
