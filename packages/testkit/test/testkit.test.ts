import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeMessage, encodeMessage } from '@esper/leyline';
import { describe, expect, it } from 'vitest';
import {
  buildBlueprint,
  buildCommand,
  buildDraft,
  buildPacket,
  buildReport,
  buildSeed,
  FakeClock,
  FakeTimers,
  SeededRandom,
  settle,
  tempFolder,
} from '../src/index.js';

describe('builders', () => {
  it('give messages that the contract accepts', () => {
    expect(decodeMessage('SeedState', encodeMessage('SeedState', buildSeed()))).toEqual({
      ok: true,
      value: buildSeed(),
    });
    expect(() => encodeMessage('SystemStatePacket', buildPacket())).not.toThrow();
    expect(() => encodeMessage('BlueprintDescriptor', buildBlueprint())).not.toThrow();
    expect(() => encodeMessage('CommandDraft', buildDraft())).not.toThrow();
    expect(() => encodeMessage('AdaptationCommand', buildCommand())).not.toThrow();
    expect(() => encodeMessage('FieldReport', buildReport())).not.toThrow();
  });

  it('take overrides and share nothing', () => {
    expect(buildPacket({ globalStep: 7 }).globalStep).toBe(7);
    expect(buildPacket().trainingMetrics).not.toBe(buildPacket().trainingMetrics);
  });
});

describe('FakeClock', () => {
  it('advances both clocks, and steps the date alone', () => {
    const clock = new FakeClock(1000);
    clock.advance(2.5);
    expect([clock.wallMs(), clock.monoMs()]).toEqual([1002, 2.5]);
    clock.jumpWall(-900);
    expect([clock.wallMs(), clock.monoMs()]).toEqual([102, 2.5]);
  });
});

describe('FakeTimers', () => {
  it('fire in order of their moment, then of their setting', async () => {
    const clock = new FakeClock();
    const timers = new FakeTimers(clock);
    const fired: string[] = [];
    timers.after(20, () => fired.push(`late ${clock.monoMs()}`));
    timers.after(10, () => fired.push(`first ${clock.monoMs()}`));
    timers.after(10, () => fired.push('second'));
    const cancel = timers.after(15, () => fired.push('never'));
    cancel();
    await timers.advance(19);
    expect(fired).toEqual(['first 10', 'second']);
    expect(timers.pending).toBe(1);
    await timers.advance(1);
    expect(fired).toEqual(['first 10', 'second', 'late 20']);
  });

  it('a timer set by a timer fires in the same advance when it is due', async () => {
    const timers = new FakeTimers(new FakeClock());
    let fired = 0;
    const again = (): void => {
      fired += 1;
      if (fired < 5) timers.after(2, again);
    };
    timers.after(2, again);
    await timers.advance(9);
    expect(fired).toBe(4);
    await timers.advanceUntil(() => fired === 5);
    await expect(timers.advanceUntil(() => false, 1, 3)).rejects.toThrow('still not true after 3 steps of 1 ms');
  });

  it('settle lets promise chains finish', async () => {
    let done = false;
    const chain = async (): Promise<void> => {
      for (let i = 0; i < 50; i += 1) await Promise.resolve();
      done = true;
    };
    const running = chain();
    await settle();
    expect(done).toBe(true);
    await running;
  });
});

describe('SeededRandom', () => {
  it('repeats itself exactly', () => {
    const draw = (seed: number) => {
      const random = new SeededRandom(seed);
      return [
        random.uint32(),
        random.fraction(),
        random.int(3, 9),
        random.chance(0.5),
        random.normal(),
        ...random.bytes(4),
      ];
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(new SeededRandom(1).uint32()).toBe(2_527_132_011);
  });

  it('covers its ranges and nothing else', () => {
    const random = new SeededRandom(3);
    const drawn = Array.from({ length: 2000 }, () => random.int(-2, 2));
    expect(new Set(drawn)).toEqual(new Set([-2, -1, 0, 1, 2]));
    const normal = Array.from({ length: 20_000 }, () => random.normal());
    const mean = normal.reduce((sum, value) => sum + value, 0) / normal.length;
    const variance = normal.reduce((sum, value) => sum + (value - mean) ** 2, 0) / normal.length;
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
    expect(['a', 'b']).toContain(random.pick(['a', 'b']));
  });
});

describe('tempFolder', () => {
  it('is there, and goes with everything in it', async () => {
    const folder = await tempFolder('testkit-');
    await writeFile(join(folder.path, 'file'), 'x');
    expect(existsSync(folder.path)).toBe(true);
    await folder.remove();
    expect(existsSync(folder.path)).toBe(false);
  });
});
