import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@esper/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WatermarkStep } from '../../src/index.js';
import { openWatermarkFile } from '../../src/node.js';

const step = (n: number, trainingRunId = 'run-1'): WatermarkStep => ({
  issuedBeforeMs: 1000 * n,
  trainingRunId,
  issuerEpoch: 1,
  sequenceBelow: n,
});
let path = '';
let remove = async (): Promise<void> => undefined;

beforeEach(async () => {
  const folder = await tempFolder('watermark-');
  remove = folder.remove;
  path = join(folder.path, 'mark');
});
afterEach(() => remove());

async function stepsAfterReopening(): Promise<readonly WatermarkStep[]> {
  const file = await openWatermarkFile(path);
  await file.close();
  return [...file.steps];
}

describe('a watermark file', () => {
  it.each(['durable', 'written'] as const)('keeps what was appended (%s)', async (durability) => {
    const file = await openWatermarkFile(path, { durability });
    expect([...file.steps]).toEqual([]);
    for (const each of [step(1), step(2, 'run "2"\n'), step(3)]) await file.journal.append(each);
    await file.close();
    expect(await stepsAfterReopening()).toEqual([{ ...step(2, 'run "2"\n'), issuedBeforeMs: 3000 }, step(3)]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is readable after every cut: a torn last line is no step', async () => {
    const file = await openWatermarkFile(path);
    await file.journal.append(step(1));
    await file.journal.append(step(2));
    await file.close();
    const whole = await readFile(path);
    const firstLine = whole.indexOf(10) + 1;
    for (let length = 0; length <= whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      const expected = length === whole.length ? [step(2)] : length >= firstLine ? [step(1)] : [];
      expect(await stepsAfterReopening(), `${length} bytes`).toEqual(expected);
    }
  });

  it('goes on after a torn line', async () => {
    const first = await openWatermarkFile(path);
    await first.journal.append(step(1));
    await first.close();
    await appendFile(path, '0123');
    const second = await openWatermarkFile(path);
    await second.journal.append(step(2));
    await second.close();
    expect(await stepsAfterReopening()).toEqual([step(2)]);
  });

  it('refuses damage before the end, bit by bit, and repairs nothing', async () => {
    const file = await openWatermarkFile(path);
    await file.journal.append(step(1));
    await file.journal.append(step(2));
    await file.close();
    const whole = await readFile(path);
    const firstLine = whole.indexOf(10);
    for (let bit = 0; bit < 8 * firstLine; bit++) {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await writeFile(path, damaged);
      await expect(openWatermarkFile(path), `bit ${bit}`).rejects.toMatchObject({ code: 'JOURNAL_UNREADABLE' });
      expect(await readFile(path)).toEqual(damaged);
    }
  });

  it('stays small: it is rewritten with the fewest lines', async () => {
    const file = await openWatermarkFile(path, { durability: 'written' });
    const longRun = 'r'.repeat(1000);
    for (let n = 1; n <= 2500; n++) await file.journal.append(step(n, longRun));
    await file.close();
    expect((await stat(path)).size).toBeLessThan(1.1 * 2 ** 20);
    expect(await stepsAfterReopening()).toEqual([step(2500, longRun)]);
  });

  it('after a failed write nothing more is promised', async () => {
    const file = await openWatermarkFile(path);
    await file.close();
    await file.close();
    await expect(file.journal.append(step(1))).rejects.toMatchObject({ code: 'JOURNAL_POISONED' });
  });

  it('a folder that is not there is an error, not an empty journal', async () => {
    await expect(openWatermarkFile(join(path, 'x', 'y'))).rejects.toMatchObject({ code: 'JOURNAL_UNREADABLE' });
  });
});
