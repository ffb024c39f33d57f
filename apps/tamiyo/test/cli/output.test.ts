import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CodedError } from '@esper/std';
import { describe, expect, it } from 'vitest';
import { describeError, Output, progressText } from '../../src/cli/output.js';

class LogError extends CodedError<'LOG_LOCKED'> {
  constructor(cause?: unknown) {
    super('LOG_LOCKED', 'the log is locked', { means: 'Locked.', next: 'Stop the other host.' }, { cause });
  }
}

function capture(json: boolean, color = false, tty = false) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY: tty,
    columns: 60,
    write: (text: string) => {
      written[name] += text;
    },
  });
  return { written, output: new Output({ stdout: stream('stdout'), stderr: stream('stderr') }, { json, color }) };
}

describe('output', () => {
  it('in JSON mode stdout is NDJSON and nothing else', () => {
    const { output, written } = capture(true, false, true);
    output.line('for people');
    output.progress(1, 2, 'x');
    output.note('beside');
    output.object({ big: 2n ** 60n, bad: Number.NaN });
    output.error(new LogError(new Error('pid 12')));
    const lines = written.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      { big: '1152921504606846976', bad: 'NaN' },
      { error: { code: 'LOG_LOCKED', message: 'the log is locked', cause: 'pid 12', next: 'Stop the other host.' } },
    ]);
    expect(written.stderr).toContain('beside');
  });

  it('an error shows code, cause and next step; one without a code calls itself a bug', () => {
    const { output, written } = capture(false);
    output.error(new LogError(new Error('pid 12')));
    expect(written.stderr).toBe(
      'error LOG_LOCKED: the log is locked\n  because: pid 12\n  next: Stop the other host.\n',
    );
    expect(describeError(new TypeError('x is undefined'))).toMatchObject({
      code: 'INTERNAL',
      next: expect.stringContaining('bug'),
    });
  });

  it('what the system refuses is no bug of ours, and the path is told', async () => {
    const refused = await mkdir(join(fileURLToPath(import.meta.url), 'data')).catch((error: Error) => error);
    expect(describeError(refused)).toMatchObject({
      code: 'PATH_UNUSABLE',
      message: expect.stringMatching(/^ENOTDIR.*output\.test\.ts/),
      next: expect.stringContaining('folder'),
    });
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    expect(describeError(full)).toMatchObject({ code: 'PATH_UNUSABLE', next: expect.stringContaining('room') });
  });

  it('colour is an option, and the bar is drawn only on a terminal', () => {
    expect(capture(false, true).output.style('red', 'x')).toBe('\u001b[31mx\u001b[0m');
    expect(capture(false, false).output.style('red', 'x')).toBe('x');
    const plain = capture(false);
    plain.output.progress(1, 2, 'x');
    expect(plain.written.stderr).toBe('');
    const tty = capture(false, false, true);
    tty.output.progress(1, 2, 'x');
    tty.output.line('event');
    expect(tty.written.stderr).toContain('50 % 1/2');
    expect(tty.written.stderr.endsWith('\r\u001b[2K')).toBe(true);
  });

  it('the bar fits its terminal and survives a total of zero', () => {
    for (const columns of [20, 40, 200])
      expect(progressText(3, 9, { label: 'training', columns }).length).toBeLessThan(columns);
    expect(progressText(0, 0, { label: 'x', columns: 80 })).toContain('  0 % 0/0');
  });
});
