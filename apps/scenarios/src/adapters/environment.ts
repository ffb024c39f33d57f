import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';
import type { ScenarioReport } from '../report/scenario-report.js';

/** What the figures depend on. Names no host, no user and no path. */
export function environmentNow(): ScenarioReport['environment'] {
  const processors = cpus();
  return {
    node: process.version,
    platform: platform(),
    arch: arch(),
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    versions: { tamiyo: versionOf('@esper/tamiyo'), harness: versionOf('@esper/harness') },
    loadAverage: loadavg()[0] ?? 0,
  };
}

function versionOf(name: string): string {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return String((JSON.parse(readFileSync(path, 'utf8')) as { version?: unknown }).version);
}
