import { createHash } from 'node:crypto';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { systemClock } from '@esper/std/node';
import type { HardwareSample, TrainerPorts } from '../ports.js';

const GIB = 2 ** 30;

/** Samples the machine; the share of the processors is over the time since the last sample. */
function hardwareSampler(): () => HardwareSample {
  let before: { readonly atMs: number; readonly usedMs: number } | undefined;
  return () => {
    const { user, system } = process.cpuUsage();
    const now = { atMs: systemClock.monoMs() as number, usedMs: (user + system) / 1000 };
    const last = before;
    before = now;
    const hardware = { deviceType: 'cpu', totalMemoryGb: totalmem() / GIB, availableMemoryGb: freemem() / GIB };
    if (last === undefined || now.atMs <= last.atMs) return { hardware };
    const share = (now.usedMs - last.usedMs) / ((now.atMs - last.atMs) * availableParallelism());
    const cpuUtilPercent = Math.min(100, Math.max(0, 100 * share));
    return { hardware: { ...hardware, utilizationPercent: cpuUtilPercent }, cpuUtilPercent };
  };
}

/** The real clocks, timers, digests and hardware. What is left for the caller: gate, decisions, checkpoints, events. */
export const machinePorts = (): Pick<TrainerPorts, 'clock' | 'startTimer' | 'digest' | 'sampleHardware'> => ({
  clock: systemClock,
  startTimer: (ms, fire) => {
    const timer = setTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
  digest: (bytes) => createHash('sha256').update(bytes).digest('hex'),
  sampleHardware: hardwareSampler(),
});
