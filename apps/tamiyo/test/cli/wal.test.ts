import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@esper/std/node';
import { tempFolder } from '@esper/testkit';
import { openWal } from '@esper/wal';
import { nodeDisk, nodeRandom } from '@esper/wal/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Output } from '../../src/cli/output.js';
import { walNoun } from '../../src/cli/wal.js';
import { verifyLog } from '../../src/cli/wal-verify.js';
import { encodeRecord } from '../../src/records/record-codec.js';
import { runNoun } from '../support/run-noun.js';

const FIRST = 1024;
const FRAME = 56;
let folder = '';
let remove = async (): Promise<void> => undefined;

beforeEach(async () => {
  const temporary = await tempFolder('cli-wal-');
  remove = temporary.remove;
  folder = temporary.path;
});
afterEach(() => remove());

const logFolder = () => join(folder, 'log');
const wal = (...argv: readonly string[]) => runNoun(walNoun, ['wal', ...argv], { TAMIYO_DATA_DIR: folder });
const lines = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const openLog = () =>
  openWal({
    disk: nodeDisk(),
    directory: logFolder(),
    clock: systemClock,
    random: nodeRandom,
    options: { reserveBytes: 0 },
  });

/** A closed log of records `r1`, `r2`, … */
async function made(count: number): Promise<string> {
  const log = await openLog();
  for (let at = 1; at <= count; at += 1)
    await log.append(new TextEncoder().encode(`r${at}`), { issuedAtMs: 1_700_000_000_000 + at });
  await log.close();
  const [segment] = (await readdir(logFolder())).filter((name) => name.endsWith('.wal'));
  return join(logFolder(), segment as string);
}

async function flip(path: string, offset: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[offset] = (bytes[offset] as number) ^ 1;
  await writeFile(path, bytes);
}

describe('tamiyo wal verify', () => {
  it('CLI-03: says what a log is, takes no lock, and changes nothing', async () => {
    const path = await made(3);
    const before = await readFile(path);
    const holder = await openLog();
    const whole = await wal('verify');
    expect(whole).toMatchObject({ code: 0, stdout: expect.stringMatching(/^whole: 3 records, 1 to 3, in 1 segment/) });
    await holder.close();
    await appendFile(path, 'torn');
    const torn = await wal('verify', '--log', logFolder());
    expect(torn).toMatchObject({ code: 3, stdout: expect.stringContaining('a write that never finished: 4 bytes') });
    await flip(path, FIRST + FRAME + 48);
    const damaged = await wal('verify', '--json');
    expect(damaged.code).toBe(5);
    expect(lines(damaged.stdout)).toMatchObject([
      {
        verdict: 'damaged',
        lostAcknowledged: 1,
        damages: [{ cause: 'payload', firstSequence: 2, lastSequence: 2 }, {}],
      },
    ]);
    expect((await readFile(path)).length).toBe(before.length + 4);
  });

  it('draws a bar on a terminal, on stderr, and none in JSON mode', async () => {
    await made(3);
    const shown: string[] = [];
    const terminal = { isTTY: true, columns: 80, write: (text: string) => void shown.push(text) };
    for (const json of [false, true]) {
      const output = new Output({ stdout: { write: () => undefined }, stderr: terminal }, { json, color: false });
      const context = { output, environment: {}, settings: {}, configFile: undefined };
      expect(await verifyLog(context, { log: logFolder() })).toBe(0);
      expect(shown.join('').includes('checking [')).toBe(!json);
      shown.length = 0;
    }
  });

  it('a folder that is not there is a failure with a code and a next step', async () => {
    expect(await wal('verify')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/error WAL_ABSENT.*next: /s),
    });
  });
});

describe('tamiyo wal dump', () => {
  it('prints each record with its time and what it is about, and tells of damage on stderr', async () => {
    const path = await made(4);
    const log = await openLog();
    await log.append(encodeRecord({ kind: 'note', stream: 'names', bytes: new Uint8Array(2) }));
    await log.close();
    const some = await wal('dump', '--from', '2', '--limit', '2');
    expect(some.stdout.trim().split('\n')).toHaveLength(2);
    expect(some.stdout).toMatch(/^ +2 {2}2023-11-14T22:13:20.002Z +2 {2}opaque\n/);
    expect((await wal('dump')).stdout).toMatch(/5 {2}no issue time +\d+ {2}note for names\n$/);
    await flip(path, FIRST + 48);
    const rotten = await wal('dump', '--json');
    expect(rotten).toMatchObject({ code: 5, stderr: expect.stringContaining('payload: record 1, acknowledged') });
    const printed = lines(rotten.stdout);
    expect(printed.slice(0, -1).map(({ sequence }) => sequence)).toEqual([2, 3, 4, 5]);
    expect(printed[0]).toMatchObject({ payload: Buffer.from('r2').toString('base64') });
    expect(printed.at(-1)).toMatchObject({ records: 4, damages: [{ firstSequence: 1 }] });
  });

  it('refuses a range that is none', async () => {
    expect(await wal('dump', '--from', '0')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--from takes'),
    });
    expect(await wal('dump', '--limit', 'x')).toMatchObject({ code: 1, stderr: expect.stringContaining('--limit') });
  });
});

describe('tamiyo wal repair', () => {
  it('--dry-run says what would be done and does nothing; without it the tail is cut and a copy kept', async () => {
    const path = await made(3);
    await appendFile(path, 'torn');
    const before = await readFile(path);
    const dry = await wal('repair', '--dry-run');
    expect(dry).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('would cut off the write that never finished'),
    });
    expect(await readFile(path)).toEqual(before);
    const done = await wal('repair', '--json');
    expect(done.code).toBe(0);
    const [{ applied, repairs }] = lines(done.stdout) as [{ applied: boolean; repairs: { savedAs: string }[] }];
    expect(applied).toBe(true);
    expect(await readFile(join(logFolder(), repairs[0]?.savedAs ?? ''), 'utf8')).toBe('torn');
    expect((await wal('verify')).code).toBe(0);
    expect(await wal('repair')).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing to repair') });
  });

  it('WA-10: a damaged record is refused by the milder modes and noted by salvage', async () => {
    const path = await made(3);
    await flip(path, FIRST + FRAME + 48);
    for (const mode of ['strict', 'tail'])
      expect(await wal('repair', '--mode', mode)).toMatchObject({
        code: 5,
        stdout: expect.stringContaining('would refuse'),
      });
    expect(await wal('repair', '--mode', 'salvage')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('done: noted'),
    });
    expect(await wal('verify')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('noted by an earlier repair'),
    });
    expect(await wal('repair', '--mode', 'hard')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--mode is one of'),
    });
  });

  it('a log that a process holds is left alone, and the process is named', async () => {
    const path = await made(1);
    const holder = await openLog();
    await appendFile(path, 'torn');
    const held = await wal('repair');
    expect(held).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(new RegExp(`WAL_LOCKED.*"pid":${process.pid}`, 's')),
    });
    await holder.close();
  });
});

describe('tamiyo wal backup and restore', () => {
  it('CLI-01: copies a log that is being written, reads it back, and puts it in place whole', async () => {
    await made(3);
    const holder = await openLog();
    await holder.append(new Uint8Array(9));
    const [first, second] = [await wal('backup', '--json'), await wal('backup', '--json')];
    await holder.close();
    const [{ to, records }] = lines(first.stdout) as [{ to: string; records: number }];
    expect([first.code, second.code, records]).toEqual([0, 0, 4]);
    expect(await readdir(join(folder, 'backups'))).toHaveLength(2);

    const back = await wal('restore', to, '--to', join(folder, 'again'));
    expect(back).toMatchObject({ code: 0, stdout: expect.stringContaining('4 records, 1 to 4') });
    expect((await wal('verify', '--log', join(folder, 'again'))).code).toBe(0);
    expect(await wal('restore', to)).toMatchObject({ code: 3, stderr: expect.stringContaining('WAL_NOT_EMPTY') });
  });

  it('D-38: a damaged log is not backed up, and a damaged backup is not restored', async () => {
    const path = await made(3);
    expect((await wal('backup', '--to', join(folder, 'copy'))).code).toBe(0);
    await flip(path, FIRST + 48);
    expect(await wal('backup', '--to', join(folder, 'copy-2'))).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('WAL_CORRUPT'),
    });
    const [segment] = (await readdir(join(folder, 'copy'))).filter((name) => name.endsWith('.wal'));
    await flip(join(folder, 'copy', segment as string), FIRST + 48);
    expect((await wal('restore', join(folder, 'copy'), '--to', join(folder, 'new'))).code).toBe(5);
    expect(await readdir(folder)).not.toContain('new');
  });
});

describe('tamiyo wal soak', () => {
  it('CLI-02: counts what it wrote, read back and tore on purpose, and leaves nothing behind', async () => {
    const soaked = await wal('soak', '--budget', '300ms', '--inject-every', '1', '--json');
    expect(soaked.code, soaked.stderr).toBe(0);
    const [report] = lines(soaked.stdout) as [Record<string, number>];
    expect(report).toMatchObject({ sound: true, mismatches: 0, verified: report['appended'] });
    expect(report['injections']).toBeGreaterThan(0);
    expect(report['repaired']).toBe(report['injections']);
    expect(await readdir(join(folder, 'soak'))).toEqual([]);
    expect(await wal('soak', '--budget', 'soon')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--budget takes'),
    });
  });
});

/** One report of the prototype: version, id, run, issue time; and its length before it. */
function legacyReport(id: string, seconds: number | undefined): Buffer {
  const text = (field: number, value: string) => [field * 8 + 2, value.length, ...Buffer.from(value)];
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
  const stamp = seconds === undefined ? [] : [8, ...varint(seconds)];
  const time = seconds === undefined ? [] : [10 * 8 + 2, stamp.length, ...stamp];
  const body = Buffer.from([8, 1, ...text(2, id), ...text(4, 'run-1'), ...time]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
}

describe('tamiyo wal import', () => {
  it('takes over a log of the prototype byte for byte', async () => {
    const file = join(folder, 'field_reports.log');
    const reports = ['a', 'b', 'c'].map((id) => legacyReport(id, 1_700_000_000));
    await writeFile(file, Buffer.concat(reports));
    expect(await wal('import', file)).toMatchObject({ code: 0, stdout: expect.stringContaining('3 reports imported') });
    const dumped = lines((await wal('dump', '--log', join(folder, 'imported'), '--json')).stdout);
    expect(dumped.slice(0, 3)).toMatchObject(
      reports.map((report) => ({ payload: report.subarray(4).toString('base64'), issuedAtMs: 1_700_000_000_000 })),
    );
    expect(await wal('import', file)).toMatchObject({ code: 3, stderr: expect.stringContaining('WAL_NOT_EMPTY') });
    expect((await readdir(folder)).sort()).toEqual(['field_reports.log', 'imported']);
  });

  it('D-08: names what cannot be trusted, and imports whatever can be read', async () => {
    const file = join(folder, 'field_reports.log');
    const good = legacyReport('a', 1_700_000_000);
    await writeFile(
      file,
      Buffer.concat([Buffer.from([200, 0, 0, 0, 1]), good, legacyReport('b', undefined), good.subarray(0, 9)]),
    );
    const imported = await wal('import', file, '--json');
    expect(imported.code).toBe(5);
    expect(lines(imported.stdout)).toMatchObject([
      { imported: 2, undated: 1, byKind: { issue_time_absent: 1, truncated: 2 } },
    ]);
    expect((await wal('import', file, '--to', join(folder, 'two'))).stdout).toMatch(
      /3 things that could not be trusted: .*\n {2}byte 0, /s,
    );
    await mkdir(join(folder, 'as-file'));
    expect(await wal('import', join(folder, 'as-file'), '--to', join(folder, 'three'))).toMatchObject({ code: 1 });
  });
});
