import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../cli/workspace.ts';

/** What figures depend on. Names no host, no user and no path. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly platform: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** How quiet the machine was: the same fixed work, again and again. */
export interface Quiet {
  /** Load average of the last minute. */
  readonly load: number;
  /** Slowest tenth over the median of 200 runs of the same work: 1 is silence. */
  readonly noise: number;
  readonly medianUs: number;
  /** Time of a processor over wall time while it worked: 1 is a core to itself. Absent in older recordings. */
  readonly cpuShare?: number;
}

const { resolve } = createRequire(join(ROOT, 'benchmarks/package.json'));

function versionOf(name: string): string {
  const from = resolve(name);
  const folder = from.slice(0, from.lastIndexOf(`/${name}/`) + name.length + 2);
  return String((JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: unknown }).version);
}

/** The machine and the versions that decide. */
export function machineNow(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    versions: { node: process.version, 'onnxruntime-node': versionOf('onnxruntime-node') },
  };
}

const WORK = new Uint8Array(256 * 1024);
const RUNS = 200;
const SHARE_MS = 500;

/** Below this share of a core nothing is judged. */
const QUIET_SHARE_MIN = 0.9;

/** False when something else took the processors while this was measured. */
export const wasQuiet = ({ load, cpuShare }: Quiet, cores: number): boolean =>
  cpuShare === undefined ? load <= cores / 2 : cpuShare >= QUIET_SHARE_MIN;

/** The share of a core that half a second of work gets. */
function cpuShareNow(): number {
  const cpuBefore = process.cpuUsage();
  const from = performance.now();
  while (performance.now() - from < SHARE_MS) createHash('sha256').update(WORK).digest();
  const wallMs = performance.now() - from;
  const { user, system } = process.cpuUsage(cpuBefore);
  return (user + system) / 1000 / wallMs;
}

/** Hashes a quarter of a MiB over and over. About half a second. */
export function measureQuiet(): Quiet {
  const taken: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const from = performance.now();
    createHash('sha256').update(WORK).digest();
    taken.push((performance.now() - from) * 1000);
  }
  taken.sort((a, b) => a - b);
  const at = (share: number): number => taken[Math.floor(share * RUNS)] ?? Number.NaN;
  return {
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
    noise: Number((at(0.9) / at(0.5)).toFixed(3)),
    medianUs: Math.round(at(0.5)),
    cpuShare: Number(Math.min(1, cpuShareNow()).toFixed(3)),
  };
}
