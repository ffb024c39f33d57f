import { ok } from '@esper/std';
import { describe, expect, it } from 'vitest';
import { RunLanes } from '../../src/runs/run-lanes.js';

/** A task that ends when told to. */
function gate() {
  let open = (): void => undefined;
  const wait = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, wait };
}

describe('run lanes', () => {
  it('DP-20: calls of one run go one at a time and in order; another run does not wait', async () => {
    const lanes = new RunLanes({ queueMax: 8, countMax: 8 });
    const seen: string[] = [];
    const first = gate();
    const a1 = lanes.enter('a', async () => {
      await first.wait;
      seen.push('a1');
      return ok(1);
    });
    const a2 = lanes.enter('a', async () => {
      seen.push('a2');
      return ok(2);
    });
    await lanes.enter('b', async () => {
      seen.push('b1');
      return ok(3);
    });
    expect(seen).toEqual(['b1']);
    first.open();
    expect([await a1, await a2]).toEqual([ok(1), ok(2)]);
    expect(seen).toEqual(['b1', 'a1', 'a2']);
    expect(lanes.activeRunCount).toBe(0);
  });

  it('a full lane and too many runs refuse at once, by name, and take calls again later', async () => {
    const lanes = new RunLanes({ queueMax: 1, countMax: 1 });
    const held = gate();
    const running = lanes.enter('a', async () => {
      await held.wait;
      return ok('done');
    });
    expect(await lanes.enter('a', async () => ok('no'))).toEqual({ ok: false, error: 'run_queue_full' });
    expect(await lanes.enter('b', async () => ok('no'))).toEqual({ ok: false, error: 'too_many_runs' });
    held.open();
    await running;
    expect(await lanes.enter('b', async () => ok('yes'))).toEqual(ok('yes'));
  });

  it('a task that throws does not block its lane', async () => {
    const lanes = new RunLanes({ queueMax: 8, countMax: 8 });
    const broken = lanes.enter('a', async () => {
      throw new Error('bug');
    });
    const next = lanes.enter('a', async () => ok('fine'));
    await expect(broken).rejects.toThrow('bug');
    expect(await next).toEqual(ok('fine'));
  });

  it('closing waits for what is under way and refuses the rest', async () => {
    const lanes = new RunLanes({ queueMax: 8, countMax: 8 });
    const held = gate();
    const running = lanes.enter('a', async () => {
      await held.wait;
      return ok('done');
    });
    const closed = lanes.close();
    expect(await lanes.enter('a', async () => ok('no'))).toEqual({ ok: false, error: 'shutting_down' });
    held.open();
    await closed;
    expect(await running).toEqual(ok('done'));
  });
});
