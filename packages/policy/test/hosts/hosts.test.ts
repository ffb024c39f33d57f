import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { TensorMap } from '../../src/core/network/feeds.js';
import { type Cells, NO_CELLS, ScatteredTensor } from '../../src/core/network/scattered-tensor.js';
import { createProcessHost, createThreadHost, type ObservedInferenceHost } from '../../src/node.js';
import { childrenOf, HAS_PROC, isAlive, until } from './child-processes.js';
import { FOR_EVER, LOOP_MODEL, LOOP_MODEL_SHA256, loopInputs, WIDTH } from './loop-model.js';

const open: ObservedInferenceHost[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((host) => host.close()));
});
const keep = (host: ObservedInferenceHost): ObservedInferenceHost => {
  open.push(host);
  return host;
};

describe.each([
  ['process', createProcessHost],
  ['thread', createThreadHost],
] as const)('the %s host', (kind, create) => {
  it('computes what the model says, call after call, with inputs of changing shape, and of one shape with other numbers', async () => {
    const host = keep(await create({ model: LOOP_MODEL, modelSha256: LOOP_MODEL_SHA256, standbyCount: 0 }));
    expect(host.info).toMatchObject({ inputNames: ['x', 'trips'], outputNames: ['y', 'z'] });
    expect(host.info.runtime).toMatch(/^onnxruntime-node \d/);
    for (const [call, rows] of [1, 3, 3, 200, 0, 2, 2].entries()) {
      const data = Float32Array.from({ length: rows * WIDTH }, (_, i) => call + i / 64);
      const inputs: TensorMap = { ...loopInputs(3n), x: { type: 'float32', dims: [rows, WIDTH], data } };
      const reply = await host.infer(inputs, 20_000);
      if (!reply.ok) throw new Error(JSON.stringify(reply.error));
      expect(reply.value.outputs['y']).toEqual({ type: 'float32', dims: [rows, WIDTH], data });
      const logs = reply.value.outputs['z']?.data as Float32Array;
      expect(logs.every((log, i) => Math.abs(log - Math.log((data[i] ?? 0) + 1)) < 1e-5)).toBe(true);
      expect(reply.value.totalMs).toBeGreaterThanOrEqual(reply.value.runMs);
    }
    expect(host.stats()).toMatchObject({ calls: 7, timeouts: 0, unorderedDeaths: 0 });
  });

  it('sends cells that tensors share once, and again after a failed run or in a new runtime, with the same results', async () => {
    const host = keep(await create({ model: LOOP_MODEL, standbyCount: 1 }));
    const cellsOf = (...values: number[]): Cells => ({
      cells: Int32Array.from(values, (_, at) => at),
      values: Float32Array.from(values),
    });
    const [first, second] = [cellsOf(1, 2, 3), cellsOf(4, 5)];
    const asked = async (shared: Cells, rows: number, width = WIDTH): Promise<unknown> => {
      const own = { cells: Int32Array.of(1, width - 1), values: Float32Array.of(rows, 9) };
      const x = new ScatteredTensor({ dims: [rows, width], pattern: Float32Array.of(0.5), shared, own });
      const reply = await host.infer({ ...loopInputs(1n), x }, 20_000);
      if (!reply.ok) return reply.error.code;
      expect(reply.value.outputs['y']?.data).toEqual(x.data);
      return 'answered';
    };
    for (const shared of [first, first, second, first, NO_CELLS, first, first]) {
      expect(await asked(shared, 2)).toBe('answered');
    }
    expect(await asked(second, 1, WIDTH + 1)).toBe('inference_failed');
    expect(await asked(second, 2)).toBe('answered');
    // More than a frame may ask the other side to lay out: refused where it is read, before anything of it is kept.
    expect(await asked(first, 2 ** 20)).toBe('inference_failed');
    expect(await asked(first, 2)).toBe('answered');
    await until('both runtimes are back', () => host.readyCount() === 2);
    const hung = host.infer(loopInputs(kind === 'process' ? FOR_EVER : 30_000n), 20);
    expect(await asked(second, 2)).toBe('answered');
    expect(await hung).toMatchObject({ ok: false });
    expect(await asked(second, 3)).toBe('answered');
  });

  it('refuses bytes that are not those of the manifest, bytes that are no model, and outputs that are not finite', async () => {
    await expect(create({ model: LOOP_MODEL, modelSha256: '0'.repeat(64) })).rejects.toMatchObject({
      code: 'inference_model_mismatch',
    });
    await expect(create({ model: new Uint8Array(100).fill(7) })).rejects.toMatchObject({
      code: 'inference_host_unstartable',
    });
    await expect(create({ model: LOOP_MODEL, warmUpRuns: -1 })).rejects.toThrow('warmUpRuns must be a whole number');
    const host = keep(await create({ model: LOOP_MODEL, standbyCount: 0 }));
    expect(await host.infer(loopInputs(1n, -2), 20_000)).toEqual({
      ok: false,
      error: { code: 'nonfinite_output', tensor: 'z' },
    });
    const wide: TensorMap = { ...loopInputs(1n), x: { type: 'float32', dims: [1, 2], data: new Float32Array(2) } };
    expect(await host.infer(wide, 20_000)).toMatchObject({ error: { code: 'inference_failed' } });
    for (const odd of [
      { type: 'float64', dims: [1], data: new Float64Array(1) },
      { type: 'float32', dims: [1], data: new Float64Array(1) },
      { type: 'int64', dims: [1], data: new Float32Array(1) },
      { type: 'float32', dims: [-1, -1], data: new Float32Array(1) },
      { type: 'float32', dims: [0.5, 2], data: new Float32Array(1) },
      { type: 'float32', dims: [3, WIDTH], data: new Float32Array(1) },
      { type: 'float32', data: new Float32Array(1) },
      { type: 'float32', dims: [1] },
    ]) {
      const inputs = { ...loopInputs(1n), x: odd as never };
      expect(await host.infer(inputs, 20_000)).toMatchObject({ error: { code: 'inference_failed' } });
    }
    expect(host.readyCount()).toBe(1);
    expect(host.stats()).toMatchObject({ started: 1, unorderedDeaths: 0 });
  });

  it('TM-14: gives up a run at its deadline while the event loop stays free, and the standby serves the next call', async () => {
    const host = keep(await create({ model: LOOP_MODEL }));
    let turns = 0;
    const turning = setInterval(() => {
      turns += 1;
    }, 1);
    // A run of about a second or two: a thread has to see it through before it can be closed.
    const missed = await host.infer(loopInputs(kind === 'process' ? FOR_EVER : 300_000n), 50);
    clearInterval(turning);
    expect(missed).toMatchObject({ ok: false, error: { code: 'inference_timeout', deadlineMs: 50 } });
    expect(turns).toBeGreaterThan(3);
    expect(await host.infer(loopInputs(1n), 20_000)).toMatchObject({ ok: true });
    await until('both runtimes are back', () => host.readyCount() === 2);
    expect(host.stats()).toMatchObject(
      kind === 'process'
        ? { killedOverdue: 1, unorderedDeaths: 0, lateDropped: 0, started: 3 }
        : { killedOverdue: 0, unorderedDeaths: 0, lateDropped: 1, started: 2 },
    );
  });

  it('closing answers the call under way at once and leaves nothing behind', async () => {
    const host = await create({ model: LOOP_MODEL, standbyCount: 0 });
    const running = host.infer(loopInputs(kind === 'process' ? FOR_EVER : 100_000n), 0);
    const closing = host.close();
    expect(await running).toMatchObject({ error: { code: 'inference_unavailable' } });
    await closing;
    expect(await host.infer(loopInputs(1n), 50)).toMatchObject({ error: { code: 'inference_unavailable' } });
    expect(host.stats()).toMatchObject({ ready: 0, busy: 0, starting: 0, unorderedDeaths: 0 });
  });

  it('does not keep an idle process alive', async () => {
    const parent = startParent('idle', kind);
    const [output] = (await once(parent.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    expect(output.toString().trim()).toBe('2');
    if (parent.exitCode === null) await once(parent, 'exit');
    expect(parent.exitCode).toBe(0);
  });
});

describe.skipIf(!HAS_PROC)('child processes', () => {
  it('a killed child is counted as a death nobody ordered, its call fails, and a new one comes', async () => {
    const before = new Set(childrenOf(process.pid));
    const host = keep(await createProcessHost({ model: LOOP_MODEL, standbyCount: 0, restartDelayMs: 10 }));
    const [pid = 0] = childrenOf(process.pid).filter((child) => !before.has(child));
    const running = host.infer(loopInputs(FOR_EVER), 0);
    process.kill(pid, 'SIGKILL');
    expect(await running).toMatchObject({
      error: { code: 'inference_failed', reason: 'the runtime died during the run: signal SIGKILL' },
    });
    await until('a replacement is ready', () => host.readyCount() === 1);
    expect(host.stats()).toMatchObject({ unorderedDeaths: 1, started: 2 });
    expect(await host.infer(loopInputs(1n), 20_000)).toMatchObject({ ok: true });
  });

  it('a killed run leaves no process behind, and a child dies with its parent, also in mid-run', async () => {
    const before = new Set(childrenOf(process.pid));
    const host = keep(await createProcessHost({ model: LOOP_MODEL, standbyCount: 0 }));
    const [mine = 0] = childrenOf(process.pid).filter((child) => !before.has(child));
    await host.infer(loopInputs(FOR_EVER), 20);
    await until('the overdue child is gone', () => !isAlive(mine));

    const parent = startParent('hang');
    await once(parent.stdout as NodeJS.ReadableStream, 'data');
    const orphans = childrenOf(parent.pid ?? 0);
    expect(orphans.length).toBeGreaterThan(0);
    parent.kill('SIGKILL');
    await until('the orphans are gone', () => orphans.every((pid) => !isAlive(pid)));
  });
});

describe('worker threads', () => {
  it('hosts that come and go leave no exit listener behind', async () => {
    const before = process.listenerCount('exit');
    for (let round = 0; round < 2; round += 1) {
      const host = await createThreadHost({ model: LOOP_MODEL });
      expect(process.listenerCount('exit')).toBe(before + 1);
      await host.close();
      expect(process.listenerCount('exit')).toBe(before);
    }
  });

  it('process.exit during a run waits for the run and does not abort the process', async () => {
    const parent = startParent('exit');
    const [code, signal] = (await once(parent, 'exit')) as [number | null, string | null];
    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });
});

function startParent(...args: string[]): ChildProcess {
  const program = fileURLToPath(new URL('./parent-program.ts', import.meta.url));
  return spawn(process.execPath, ['--import', 'tsx', '--conditions=@esper/source', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
