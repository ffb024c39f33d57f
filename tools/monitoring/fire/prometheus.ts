import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ALERT_GROUPS } from '../alert-table.ts';
import { JOB } from '../metric-names.ts';
import { rulesFile } from '../rules-file.ts';
import { yamlText } from '../yaml-text.ts';

/** One alert that fires now. */
export interface FiringAlert {
  readonly alert: string;
  readonly rule: string;
}

/** A real Prometheus that scrapes one address, with the rules shortened. */
export interface Prometheus {
  readonly address: string;
  firing(): Promise<readonly FiringAlert[]>;
  query(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown>;
  close(): Promise<void>;
}

const READY_TRIES = 300;
const LOOK_MS = 100;

/** A TCP port of this machine that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function startPrometheus(
  folder: string,
  given: { readonly target: string; readonly scale: number; readonly scrapeMs: number },
): Promise<Prometheus> {
  const every = `${given.scrapeMs}ms`;
  const rules = Object.keys(ALERT_GROUPS);
  for (const group of rules) await writeFile(join(folder, `${group}.rules.yml`), rulesFile(group, given.scale));
  const config = {
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: rules.map((group) => `${group}.rules.yml`),
    scrape_configs: [{ job_name: JOB, static_configs: [{ targets: [given.target] }] }],
  };
  await writeFile(join(folder, 'prometheus.yml'), yamlText(config));
  const listen = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'tsdb')}`,
      `--web.listen-address=${listen}`,
      '--query.lookback-delta=2s',
      '--log.level=error',
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const address = `http://${listen}`;
  await untilReady(address, child);
  return {
    address,
    firing: async () => firingIn((await getJson(`${address}/api/v1/alerts`)) as AlertsAnswer),
    query: (path, parameters) => getJson(`${address}/api/v1/${path}?${new URLSearchParams(parameters)}`),
    close: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

interface AlertsAnswer {
  readonly data: {
    readonly alerts: readonly { readonly state: string; readonly labels: Readonly<Record<string, string>> }[];
  };
}

const firingIn = ({ data }: AlertsAnswer): readonly FiringAlert[] =>
  data.alerts
    .filter(({ state }) => state === 'firing')
    .map(({ labels }) => ({ alert: labels['alertname'] ?? '', rule: labels['rule'] ?? '' }));

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function untilReady(address: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < READY_TRIES; tries += 1) {
    if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`);
    const answer = await fetch(`${address}/-/ready`).catch(() => undefined);
    if (answer?.ok === true) return;
    await delay(LOOK_MS);
  }
  throw new Error('prometheus did not become ready');
}
