import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unixMs } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { hasRedis, startRedis, tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/doctor/checks.js';
import { loadInChild } from '../../src/doctor/load-in-child.js';
import { systemPorts } from '../../src/doctor/system-ports.js';
import { contentOf, flip, replaceKeys, replacePolicy, segmentOf } from '../support/doctor-plants.js';
import { closed, examine, listen, sharedInstallation, steadyMachine } from '../support/doctor-site.js';
import { SECRET, serve, tamiyo } from '../support/served.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MIB = 2 ** 20;

const { site, beside } = sharedInstallation();

describe('tamiyo doctor', () => {
  it('finds nothing on a healthy install, changes nothing, and says of each check what it saw', async () => {
    const at = await site();
    const before = await contentOf(at.data);
    const { code, findings, checks, summary, stderr } = await examine(at);
    expect(findings).toEqual([]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(checks.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id));
    expect(summary).toMatchObject({ pass: 23, warn: 0, fail: 0, skipped: 3 });
    // What was not looked at is no pass, and says why.
    const unseen = checks.filter(({ verdict }) => verdict === 'skipped');
    expect(unseen.map(({ id, saw }) => `${id}: ${saw}`)).toEqual([
      'config.file: no configuration file is given',
      'net.socket: there is no socket path',
      'bus.redis: no REDIS_URL is set: the bus lies in the data folder',
    ]);
    expect(await contentOf(at.data)).toEqual(before);
    await at.remove();
  });

  it('finds nothing before the first start, and says that there is no log to look at', async () => {
    const at = await site();
    for (const name of ['log', 'bus', 'telemetry', 'policies']) await rm(join(at.data, name), { recursive: true });
    const { findings, checks } = await examine(at);
    expect(findings).toEqual([]);
    expect(checks.find(({ id }) => id === 'log.whole')).toMatchObject({ verdict: 'skipped' });
    expect(checks.find(({ id }) => id === 'clock.forward')?.saw).toMatch(/^after the policy, 20/);
    await at.remove();
  });

  it('a host that was killed in a write is a warning; a clock that jumps meanwhile fails', async () => {
    const at = await site();
    await appendFile(await segmentOf(at), 'torn');
    const { clock, disk } = steadyMachine();
    let asked = 0;
    // The first reading is before the step, every later one behind it.
    const wallMs = () => unixMs(clock.wallMs() + (asked++ === 0 ? 0 : HOUR_MS));
    at.ports = { clock: { ...clock, wallMs }, disk };
    const { findings } = await examine(at);
    expect(findings).toMatchObject([
      { id: 'log.whole', verdict: 'warn', saw: 'log: 4 bytes of a write never finished' },
      { id: 'clock.forward', verdict: 'fail', saw: 'the clock jumped by 3600.0 s while the doctor looked' },
    ]);
    await at.remove();
  });

  it('an unreadable configuration file and values that do not fit are told, and the rest is looked at', async () => {
    const at = await site();
    Object.assign(at.environment, { TAMIYO_STEP_TIMEOUT_MS: 'soon', TAMIYO_GUARD_RELAXED: 'on' });
    const { findings, checks } = await examine(at, join(at.data, 'no-such.json'));
    expect(findings).toMatchObject([
      { id: 'config.file', verdict: 'fail', saw: expect.stringContaining('cannot read the configuration file') },
      { id: 'config.values', verdict: 'fail', saw: expect.stringContaining('"soon"') },
      { id: 'config.flags', verdict: 'warn', saw: expect.stringContaining('FF-05 (flags.guardRelaxed)') },
    ]);
    expect(checks).toHaveLength(CHECKS.length);
    await at.remove();
  });

  it('takes no lock and changes nothing on an install that has several faults, and tells them all at once', async () => {
    const at = await site();
    await flip(await segmentOf(at), (await readFile(await segmentOf(at))).indexOf('second record'));
    await writeFile(join(at.data, 'tables', 'seed_registry.json'), 'no table');
    at.environment['TAMIYO_PAUSE_FALLBACK'] = 'on';
    const before = await contentOf(at.data);
    const { code, findings } = await examine(at);
    expect(findings.map(({ id }) => id)).toEqual(['config.production', 'log.whole', 'registry.tables']);
    expect(code).toBe(1);
    expect(await contentOf(at.data)).toEqual(before);
    await at.remove();
  });

  it('warns before a key ends, before a policy ends and before the disk is full', async () => {
    const at = await site();
    await replacePolicy(at, { expiresAtMs: systemClock.wallMs() + 3 * DAY_MS });
    at.ports = { space: async () => ({ freeBytes: 500 * MIB, totalBytes: 4_096 * MIB }) };
    const disk = await examine(at);
    expect(disk.findings.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['data.space', 'warn'],
      ['policy.expiry', 'warn'],
    ]);
    expect(disk.code).toBe(0);
    for (const [ageDays, validDays, words] of [
      [170, 180, 'ends within 14 days'],
      [400, 3_650, 'aged is 400 days old'],
    ] as const) {
      const other = await site();
      await replaceKeys(other, ageDays, validDays);
      const { findings } = await examine(other);
      expect(findings.find(({ id }) => id === 'keys.age')).toMatchObject({
        verdict: 'warn',
        saw: expect.stringContaining(words),
      });
      await other.remove();
    }
    await at.remove();
  });

  it('a catalogue that is missing, then one that is damaged; a policy that is missing', async () => {
    const at = await site();
    for (const name of ['catalogue.json', 'policy', 'policies']) await rm(join(at.data, name), { recursive: true });
    expect((await examine(at)).findings).toMatchObject([
      { id: 'data.catalogue', verdict: 'fail', next: expect.stringContaining('tamiyo serve --init') },
      { id: 'policy.digest', verdict: 'fail', next: expect.stringContaining('tamiyo policy init') },
    ]);
    await writeFile(join(at.data, 'catalogue.json'), '{}');
    expect((await examine(at)).findings[0]).toMatchObject({
      id: 'data.catalogue',
      saw: expect.stringContaining('CATALOGUE_INVALID'),
    });
    await at.remove();
  });

  it('a check that fails in an unforeseen way is a finding of its own, and the others go on', async () => {
    const at = await site();
    at.ports = { space: async () => Promise.reject(new Error('statfs is not there')) };
    const { findings, checks } = await examine(at);
    expect(findings).toMatchObject([{ id: 'data.space', verdict: 'fail', saw: 'INTERNAL: statfs is not there' }]);
    expect(checks).toHaveLength(CHECKS.length);
    await at.remove();
  });

  it('the probe file goes even when the disk fails while it is written', async () => {
    const at = await site();
    const { disk, clock } = steadyMachine();
    const failing: typeof disk.open = async (path, how) => {
      const file = await disk.open(path, how);
      return how === 'create'
        ? { ...file, write: async () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })) }
        : file;
    };
    at.ports = { clock, disk: { ...disk, open: failing } };
    const before = await contentOf(at.data);
    const { findings } = await examine(at);
    expect(findings).toMatchObject([{ id: 'data.writable', next: 'Free space on that disk.' }]);
    expect(await contentOf(at.data)).toEqual(before);
    await at.remove();
  });
});

describe('what the doctor measures on this machine', () => {
  it('a port that is taken, a socket nobody answers on, a Redis that says nothing', async () => {
    const ports = systemPorts();
    const server = await listen(0);
    const { port } = server.address() as { readonly port: number };
    await expect(ports.tryListening({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(ports.redisLosses(`redis://u:a-password@127.0.0.1:${port}`)).rejects.toThrow(
      /^no answer within 3000 ms$/,
    );
    await closed(server);
    await ports.tryListening({ host: '127.0.0.1', port });
    await ports.tryListening({ path: beside('no.sock') });
    const { freeBytes, totalBytes } = await ports.space(beside('.'));
    expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
  }, 60_000);

  it.skipIf(!hasRedis())(
    'RT-19: a Redis that may lose what it has answered is warned of',
    async () => {
      for (const [fsync, verdict] of [
        ['everysec', 'warn'],
        ['always', 'pass'],
      ] as const) {
        const server = await startRedis({ fsync });
        const at = await site();
        at.environment['REDIS_URL'] = server.url;
        const { checks } = await examine(at);
        expect(checks.find(({ id }) => id === 'bus.redis')?.verdict, fsync).toBe(verdict);
        await at.remove();
        await server.stop();
      }
    },
    60_000,
  );

  it('a runtime that takes its process down harms nobody', async () => {
    const entry = beside('crashing.mjs');
    await writeFile(
      entry,
      "process.kill(process.pid, 'SIGSEGV'); await new Promise(() => setInterval(() => {}, 1000));",
    );
    await expect(loadInChild(pathToFileURL(entry).href)).rejects.toThrow(/ended with SIGSEGV/);
    expect(await systemPorts().loadRuntime()).toMatch(/^onnxruntime-node \d+\.\d+/);
  }, 120_000);

  it('an install that tamiyo serve --init has made, while the host runs and after it', async () => {
    const data = await tempFolder('doctor-served-');
    const served = await serve(data.path, ['--init']);
    const port = new URL(served.address).port;
    const doctor = async () => {
      const { code, stdout } = await tamiyo(['doctor', '--json', '--data', data.path, '--set', `http.port=${port}`], {
        ESPER_LEYLINE_SECRET: SECRET,
      });
      const told = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { readonly id?: string; readonly verdict?: string });
      // How fast and how full this machine's disk is, is not for a test to say.
      const found = told.filter(
        ({ id, verdict }) =>
          !['data.sync', 'data.space', undefined].includes(id) && ['warn', 'fail'].includes(verdict ?? ''),
      );
      return { code, found: found.map(({ id, verdict }) => `${verdict} ${id}`) };
    };
    expect((await doctor()).found).toEqual(['warn log.lock', 'warn net.port']);
    await served.stop('SIGTERM');
    expect((await doctor()).found).toEqual([]);
    await data.remove();
  }, 240_000);
});
